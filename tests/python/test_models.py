import copy
import inspect
import pickle

import pytest
from aliyun_cred import _native
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.models import _TYPES as TYPES
from aliyun_cred.models import Config, CredentialModel

from support import BEARER_TOKEN, OIDC_TOKEN, SECRET, TOKEN

VALUES = {
    "type": "sts",
    "access_key_id": "LTAItest",
    "access_key_secret": SECRET,
    "security_token": TOKEN,
    "bearer_token": BEARER_TOKEN,
}


def full_config():
    return Config(**{name: f"value of {name}" for name in Config._FIELDS})


def test_config_has_the_options_of_the_core_and_no_others():
    options = list(inspect.signature(Config).parameters)
    assert sorted(options) == sorted(_native.OPTIONS)
    assert list(Config._FIELDS) == options
    assert vars(Config()) == dict.fromkeys(options)


def test_config_takes_keywords_only():
    with pytest.raises(TypeError):
        Config("access_key")
    with pytest.raises(TypeError):
        Config(polciy="x")


def test_config_goes_through_its_map():
    config = full_config()
    again = Config().from_map(config.to_map())
    assert vars(again) == vars(config)
    for key in ("accessKeyId", "credentialsUri", "timeout", "enableIMDSv2", "disableIMDSv1", "oidcTokenFilePath"):
        assert key in config.to_map()


def test_map_keeps_falsy_values_and_drops_none():
    assert Config(type="", timeout=0, enable_vpc=False, policy=None).to_map() == {
        "type": "",
        "timeout": 0,
        "enableVpc": False,
    }


def test_from_map_ignores_unknown_keys_and_none_and_returns_itself():
    config = Config(policy="kept")
    assert config.from_map({"policy": None, "role_arn": "snake case", "noSuchKey": 1}) is config
    assert vars(config) == {**vars(Config()), "policy": "kept"}
    assert config.from_map(None) is config
    assert Config().from_map({"credentialsURI": "http://x"}).credentials_uri == "http://x"


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_texts_mask_secrets(show):
    may_hold_one = ("proxy", "credentials_uri", "process_command", "access_token", "refresh_token")
    config = Config(**VALUES, **dict.fromkeys(may_hold_one, SECRET))
    model = CredentialModel("LTAItest", SECRET, TOKEN, BEARER_TOKEN, "sts", "static_sts")
    client = Client(Config(**VALUES))
    for shown in map(show, (config, model, client, client.get_credential())):
        assert "canary" not in shown, "a secret shows"
        assert "sts" in shown
    assert show(Config(type="sts", proxy="p", timeout=5)) == "Config(type='sts', timeout=5, proxy=***)"


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_a_secret_in_the_wrong_option_does_not_show(show):
    for pasted in (SECRET, TOKEN, BEARER_TOKEN, OIDC_TOKEN):
        for name in ("type", "profile_name", "secret_name", "profile_file", "private_key_file", "oidc_token_file_path"):
            shown = show(Config(**{name: pasted}))
            assert "canary" not in shown, f"{name} shows"
            assert f"<{len(pasted)} characters>" in shown
            assert "canary" not in show(Config(**{name: pasted.encode()}))
    for name in ("private_key_file", "oidc_token_file_path", "profile_file"):
        assert show(Config(**{name: "~/a/b"})) == f"Config({name}='~/a/b')"
    for kind in TYPES:
        assert show(Config(type=kind)) == f"Config(type={kind!r})"


def test_the_types_that_show_are_those_of_the_core():
    with pytest.raises(CredentialException) as caught:
        Client(Config(type="nonsense"))
    # The text is that of the official package, which does not have this one.
    ours = "kms_secret"
    for kind in TYPES:
        assert (kind in str(caught.value)) == (kind != ours)
    with pytest.raises(CredentialException, match="secret_name is empty"):
        Client(Config(type=ours))


def test_model_takes_positions_and_has_getters():
    model = CredentialModel("id", "secret", "token", "bearer", "type", "provider")
    fields = ["access_key_id", "access_key_secret", "security_token", "bearer_token", "type", "provider_name"]
    values = ["id", "secret", "token", "bearer", "type", "provider"]
    assert [getattr(model, name) for name in fields] == values
    assert [getattr(model, f"get_{name}")() for name in fields] == values
    keys = ["accessKeyId", "accessKeySecret", "securityToken", "bearerToken", "type", "providerName"]
    assert list(model.to_map().items()) == list(zip(keys, values))
    assert CredentialModel().from_map(model.to_map()).to_map() == model.to_map()
    assert vars(CredentialModel()) == dict.fromkeys([*fields, "expiration"])


@pytest.fixture
def shared():
    return Client(Config(type="sts", access_key_id="id", access_key_secret="s", security_token="t")).get_credential()


def test_a_model_that_is_shared_cannot_be_changed(shared):
    with pytest.raises(AttributeError, match="copy.copy"):
        shared.access_key_id = "other"
    with pytest.raises(AttributeError, match="copy.copy"):
        del shared.access_key_id
    with pytest.raises(AttributeError, match="copy.copy"):
        shared.from_map({"accessKeyId": "other"})
    assert shared.access_key_id == "id"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_of_a_shared_model_are_ones_own(shared, duplicate):
    model = duplicate(shared)
    assert type(model) is CredentialModel
    assert vars(model) == vars(shared)
    model.access_key_id = "other"
    assert shared.access_key_id == "id"
