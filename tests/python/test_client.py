import copy
import pickle
import warnings
from unittest import mock

import pytest
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialConfigError, CredentialException
from aliyun_cred.models import Config, CredentialModel

from support import WATCHDOG_SECONDS

STS = {"type": "sts", "access_key_id": "id", "access_key_secret": "secret", "security_token": "token"}


class Derived(Client):
    """At module level, as pickle wants it."""

    def __init__(self, config=None):
        super().__init__(config)
        self.extra = ["extra"]

    def get_credential(self, timeout=None):
        return CredentialModel(access_key_id="derived " + super().get_credential(timeout).access_key_id)


def test_a_static_client_gives_what_it_was_given():
    model = Client(Config(**STS)).get_credential()
    assert isinstance(model, CredentialModel)
    assert model.to_map() == {
        "accessKeyId": "id",
        "accessKeySecret": "secret",
        "securityToken": "token",
        "type": "sts",
        "providerName": "static_sts",
    }
    assert model.expiration is None


def test_the_default_chain_reads_the_environment(monkeypatch):
    client = Client()
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
    model = client.get_credential()
    assert (model.access_key_id, model.type, model.provider_name) == ("id", "default", "default/env")


def test_a_model_is_made_once_per_credential(sts, role):
    client = Client(role)
    first = client.get_credential()
    assert client.get_credential() is first
    assert client.get_credential(timeout=1) is first
    client.invalidate()
    second = client.get_credential()
    assert (first.access_key_id, second.access_key_id, sts.requests) == ("STS.1", "STS.2", 2)
    assert second.expiration > 1_700_000_000


@pytest.mark.parametrize("value", ["3600", 3600.0, None.__class__, [1], True])
def test_a_value_of_the_wrong_type_is_a_type_error(value):
    with pytest.raises(TypeError, match="role_session_expiration"):
        Client(Config(type="ram_role_arn", role_session_expiration=value))


IGNORED = {"duration_seconds": 1, "enable_imds_v2": True, "metadata_token_duration": 1, "host": "h"}


def test_options_without_effect_are_accepted():
    assert Client(Config(**STS, **IGNORED)).get_credential().provider_name == "static_sts"


@pytest.mark.parametrize("name", IGNORED)
def test_options_without_effect_are_checked_like_the_others(name):
    wrong = 1 if name == "host" else "canary"
    with pytest.raises(TypeError, match=f"'{name}' must be ") as caught:
        Client(Config(**STS, **{name: wrong}))
    assert "canary" not in str(caught.value)
    with pytest.raises(CredentialConfigError, match=f"'{name}' contains a NUL"):
        Client(Config(**STS, **{name: "cana\0ry"}))


@pytest.mark.parametrize("config", [dict(STS), "sts", 1, Config])
def test_only_a_config_configures(config):
    with pytest.raises(TypeError, match="config must be"):
        Client(config)


@pytest.mark.parametrize("value, error", [("cana\0ry", CredentialConfigError), ("cana\udcffry", ValueError)])
def test_text_that_cannot_be_is_refused_without_being_shown(value, error):
    with pytest.raises(error, match="access_key_secret") as caught:
        Client(Config(type="access_key", access_key_id="id", access_key_secret=value))
    assert "cana" not in repr(vars(caught.value)) + repr(caught.value), "a secret shows"


def test_a_number_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="timeout"):
        Client(Config(**STS, timeout=2**63))


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf")])
def test_a_deadline_that_cannot_be_is_refused(timeout):
    with pytest.raises(ValueError, match="timeout"):
        Client(Config(**STS)).get_credential(timeout=timeout)
    with pytest.raises(TypeError):
        Client(Config(**STS)).get_credential(timeout="1")


def test_a_deadline_ends_the_wait_and_not_the_refresh(sts, role):
    client = Client(role)
    sts.hold()
    with pytest.raises(CredentialException) as caught:
        client.get_credential(timeout=0.01)
    assert caught.value.kind == "timeout"
    assert sts.asked.wait(WATCHDOG_SECONDS)
    sts.may_answer.set()
    assert client.get_credential().access_key_id == "STS.1"
    assert sts.requests == 1


def duplicates():
    yield "deepcopy", copy.deepcopy
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"protocol {protocol}", lambda client, protocol=protocol: pickle.loads(pickle.dumps(client, protocol))


@pytest.mark.parametrize("duplicate", [pytest.param(function, id=name) for name, function in duplicates()])
def test_a_duplicate_has_the_configuration_and_no_fetched_credential(sts, role, duplicate):
    client = Client(role)
    assert client.get_credential().access_key_id == "STS.1"
    assert b"STS.1" not in pickle.dumps(client)
    again = duplicate(client)
    assert repr(again) == repr(client)
    assert again.get_credential().access_key_id == "STS.2"
    assert client.get_credential().access_key_id == "STS.1"


def test_a_duplicate_of_the_default_chain_is_one():
    assert repr(pickle.loads(pickle.dumps(Client()))) == "Client(type='default')"


def test_a_client_does_not_follow_its_config():
    config = Config(**STS)
    client = Client(config)
    config.access_key_id = "changed"
    assert client.get_credential().access_key_id == "id"
    assert copy.deepcopy(client).get_credential().access_key_id == "id"


def test_a_subclass_overrides_extends_and_is_pickled():
    client = Derived(Config(**STS))
    for derived in (client, copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
        assert type(derived) is Derived
        assert derived.extra == ["extra"]
        assert derived.get_credential().access_key_id == "derived id"


def test_methods_can_be_patched():
    client = Client(Config(**STS))
    with mock.patch("aliyun_cred.client.Client.get_credential", autospec=True) as patched:
        patched.return_value = CredentialModel(access_key_id="patched")
        assert client.get_credential().access_key_id == "patched"
        patched.assert_called_once_with(client)
    with mock.patch.object(client, "get_credential", return_value=CredentialModel(access_key_id="patched")):
        assert client.get_credential().access_key_id == "patched"
    assert client.get_credential().access_key_id == "id"


OLD = {
    "get_access_key_id": ("get_credential().access_key_id", "id"),
    "get_access_key_secret": ("get_credential().access_key_secret", "secret"),
    "get_security_token": ("get_credential().security_token", "token"),
    "get_access_key_id_async": ("get_credential_async().access_key_id", "id"),
    "get_access_key_secret_async": ("get_credential_async().access_key_secret", "secret"),
    "get_security_token_async": ("get_credential_async().security_token", "token"),
    "get_type": ("get_credential().type", "sts"),
    "get_bearer_token": ("get_credential().bearer_token", None),
}


def run(coroutine):
    with pytest.raises(StopIteration) as returned:
        coroutine.send(None)
    return returned.value.value


@pytest.mark.parametrize("name", OLD)
def test_older_getters_warn_where_they_are_called(name):
    replacement, value = OLD[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = getattr(Client(Config(**STS)), name)()
    # The asynchronous ones warn before they are awaited.
    assert [(w.category, str(w.message), w.filename) for w in caught] == [
        (DeprecationWarning, f"Call to deprecated function {name}. Use '{replacement}' instead", __file__)
    ]
    assert (run(result) if name.endswith("_async") else result) == value, "differs"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_type_and_bearer_token_are_answered_without_a_request(sts, role):
    client = Client(role)
    assert (client.get_type(), client.get_bearer_token(), sts.requests) == ("ram_role_arn", None, 0)
    assert Client(Config(type="bearer", bearer_token="token")).get_bearer_token() == "token"
