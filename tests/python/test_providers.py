"""One class per source, and providers of the user's own."""

import asyncio
import copy
import gc
import importlib
import inspect
import logging
import pickle
import sys
import threading
import time
import typing
import weakref
from unittest import mock

import pytest
from aliyun_cred import provider as providers
from aliyun_cred.client import Client, _CredentialsProviderWrap
from aliyun_cred.credentials import AccessKeyCredential, BearerTokenCredential
from aliyun_cred.exceptions import CredentialConfigError, CredentialException
from aliyun_cred.http import HttpOptions
from aliyun_cred.models import Config, CredentialModel
from aliyun_cred.provider.refreshable import Credentials

from support import ACCESS_TOKEN, BEARER_TOKEN, ISSUED_TOKEN, REFRESH_TOKEN, SECRET, TOKEN, eventually, printing

PAIR = {"access_key_id": "id", "access_key_secret": SECRET}
STS = {**PAIR, "security_token": TOKEN}
ROLE = {"role_arn": "acs:ram::1:role/r", "role_session_name": "test"}
DUPLICATES = [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]


class Own:
    """At module level, as pickle wants it. It gives what it is told to, and counts."""

    def __init__(self, given=None, name="mine"):
        self.given, self.name, self.asked = given, name, []

    def get_credentials(self):
        self.asked.append("sync")
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    async def get_credentials_async(self):
        self.asked.append("async")
        await asyncio.sleep(0)
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    def get_provider_name(self):
        return self.name


class Derived(providers.StaticAKCredentialsProvider):
    def get_credentials(self):
        return Credentials(access_key_id="derived", access_key_secret=SECRET, provider_name="derived/static_ak")


class Keeper:
    """Callbacks, at module level."""

    def __init__(self):
        self.told = []

    def tell(self, *what):
        self.told.append(("sync", *what))

    async def tell_async(self, *what):
        await asyncio.sleep(0)
        self.told.append(("async", *what))


def role(sts, **options):
    return providers.RamRoleArnCredentialsProvider(**ROLE, sts_endpoint=sts.url, **options)


def shown(credentials):
    assert isinstance(credentials, Credentials)
    return credentials.get_access_key_id(), credentials.get_security_token(), credentials.get_provider_name()


ALL = {
    "StaticAKCredentialsProvider": (PAIR, "static_ak"),
    "StaticSTSCredentialsProvider": (STS, "static_sts"),
    "EnvironmentVariableCredentialsProvider": ({}, "env"),
    "EcsRamRoleCredentialsProvider": ({"role_name": "r", "http_options": HttpOptions(read_timeout=9)}, "ecs_ram_role"),
    "RamRoleArnCredentialsProvider": ({**STS, **ROLE}, "ram_role_arn"),
    "OIDCRoleArnCredentialsProvider": (
        {**ROLE, "oidc_provider_arn": "acs:ram::1:oidc-provider/p", "oidc_token_file_path": "/token"},
        "oidc_role_arn",
    ),
    "RsaKeyPairCredentialsProvider": ({"public_key_id": "id", "private_key_file": __file__}, "rsa_key_pair"),
    "KmsSecretCredentialsProvider": (
        {**STS, "secret_name": f"acs:kms:cn-hangzhou:1:secret/{SECRET}", "ca_file": SECRET},
        "kms_secret",
    ),
    "URLCredentialsProvider": ({"uri": f"http://127.0.0.1/{SECRET}"}, "credential_uri"),
    "CLIProfileCredentialsProvider": ({"profile_name": "p", "profile_file": "/f"}, "cli_profile"),
    "ProfileCredentialsProvider": ({"profile_name": "p", "profile_file": "/f"}, "profile"),
    "DefaultCredentialsProvider": ({"reuse_last_provider_enabled": False}, "default"),
    "CloudSSOCredentialsProvider": (
        {
            "sign_in_url": "https://127.0.0.1",
            "account_id": "1",
            "access_config": "ac",
            "access_token": ACCESS_TOKEN,
            "access_token_expire": 1 << 34,
        },
        "cloud_sso",
    ),
    "OAuthCredentialsProvider": (
        {"sign_in_url": "https://127.0.0.1", "client_id": "c", "refresh_token": REFRESH_TOKEN},
        "oauth",
    ),
    "ExternalCredentialsProvider": ({"process_command": f"echo {SECRET}", "timeout": 5}, "external"),
    "LegacyEnvironmentVariableCredentialsProvider": ({}, "env_legacy"),
    "OSSEnvironmentVariableCredentialsProvider": ({}, "env_oss"),
    "OSSProfileCredentialsProvider": ({"profile_name": "p", "profile_file": "/f"}, "oss_profile"),
    "TerraformEnvironmentVariableCredentialsProvider": ({}, "env_terraform"),
}


def make(name, monkeypatch):
    monkeypatch.delenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED")
    options, source = ALL[name]
    return getattr(providers, name)(**options), source


def test_there_is_a_class_for_each_source():
    assert providers.__all__ == list(ALL)


def test_static_ones_have_their_values_as_attributes(monkeypatch):
    pair = providers.StaticAKCredentialsProvider(access_key_id="id", access_key_secret=SECRET)
    assert (pair.access_key_id, pair.access_key_secret) == ("id", SECRET), "differs"
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "of-the-environment")
    triple = providers.StaticSTSCredentialsProvider(access_key_secret=SECRET, security_token="token")
    assert triple.access_key_id == "of-the-environment"
    assert (triple.access_key_secret, triple.security_token) == (SECRET, "token"), "differs"
    assert vars(pair).keys() == vars(triple).keys() == {"_native", "_last"}, "a secret would be pickled twice"


# Of the official package, those that import it.
@pytest.mark.parametrize(
    "module",
    ["cli_profile", "cloud_sso", "default", "ecs_ram_role", "env", "external", "oauth", "oidc", "profile"]
    + ["ram_role_arn", "refreshable", "rsa_key_pair", "uri"],
)
def test_modules_offer_the_exception(module):
    assert importlib.import_module(f"aliyun_cred.provider.{module}").CredentialException is CredentialException


@pytest.mark.parametrize("name", ALL)
def test_each_is_named_shows_no_secret_and_is_duplicated(name, monkeypatch):
    if name == "RsaKeyPairCredentialsProvider":
        # It reads the key when it is made.
        with pytest.raises(CredentialException):
            providers.RsaKeyPairCredentialsProvider(public_key_id="id", private_key_file=__file__).get_credentials()
        return
    provider, source = make(name, monkeypatch)
    for one in (provider, *(duplicate(provider) for duplicate in DUPLICATES)):
        assert type(one) is type(provider)
        assert one.get_provider_name() == source
        assert "canary" not in repr(one) + str(one) + repr(Client(provider=one)), "a secret shows"
        assert one._native.type_name == source
    assert pickle.loads(pickle.dumps(provider._native)).__reduce__()[1][:2] == provider._native.__reduce__()[1][:2]


@pytest.mark.parametrize("name", ALL)
def test_each_can_be_inspected_and_mocked(name):
    kind = getattr(providers, name)
    parameters = inspect.signature(kind).parameters.values()
    assert all(one.kind is inspect.Parameter.KEYWORD_ONLY and one.default is not one.empty for one in parameters)
    assert set(ALL[name][0]) <= {one.name for one in parameters}
    assert inspect.iscoroutinefunction(kind.get_credentials_async)
    double = mock.MagicMock(spec=kind)
    double.get_credentials.return_value = Credentials(**PAIR)
    double.get_provider_name.return_value = "double"
    model = Client(provider=double).get_credential()
    assert (model.access_key_id, model.type, model.provider_name) == ("id", "double", "double")


def test_signatures_have_the_known_defaults():
    def defaults(name):
        return {one.name: one.default for one in inspect.signature(getattr(providers, name)).parameters.values()}

    for name in ("RamRoleArn", "OIDCRoleArn", "RsaKeyPair"):
        assert defaults(f"{name}CredentialsProvider")["duration_seconds"] == 3600
    assert defaults("EcsRamRoleCredentialsProvider")["async_update_enabled"] is True
    assert defaults("URLCredentialsProvider")["protocol"] == "http"
    assert defaults("DefaultCredentialsProvider") == {"reuse_last_provider_enabled": True}
    assert defaults("OAuthCredentialsProvider")["access_token_expire"] == 0


def test_static_ones_give_what_they_were_given():
    assert shown(providers.StaticAKCredentialsProvider(**PAIR).get_credentials()) == ("id", None, "static_ak")
    given = providers.StaticSTSCredentialsProvider(**STS)
    assert shown(asyncio.run(given.get_credentials_async())) == ("id", TOKEN, "static_sts")
    assert given.get_credentials().get_access_key_secret() == SECRET, "differs"
    assert given.get_credentials().get_expiration() is None


def test_options_are_checked_when_it_is_made():
    with pytest.raises(CredentialConfigError):
        providers.StaticAKCredentialsProvider()
    with pytest.raises(TypeError, match="role_session_expiration"):
        providers.RamRoleArnCredentialsProvider(**PAIR, **ROLE, duration_seconds="3600")
    with pytest.raises(TypeError, match="http_options"):
        providers.URLCredentialsProvider(uri="http://127.0.0.1", http_options={})
    with pytest.raises(TypeError, match="timeout"):
        providers.ExternalCredentialsProvider(process_command="true", timeout="5")
    with pytest.raises(TypeError, match="callable"):
        providers.ExternalCredentialsProvider(process_command="true", credential_update_callback=1)
    with pytest.raises(TypeError, match="get_provider_name"):
        providers.RamRoleArnCredentialsProvider(**ROLE, credentials_provider=object())


@pytest.mark.parametrize("name, base", [("RamRoleArn", PAIR), ("OIDCRoleArn", {}), ("RsaKeyPair", {})])
def test_a_lifetime_of_zero_is_too_short(name, base):
    with pytest.raises(CredentialConfigError, match="session duration should be in the range of 900s"):
        getattr(providers, f"{name}CredentialsProvider")(**base, duration_seconds=0)


def test_texts_of_options_and_credentials_mask_secrets():
    assert repr(HttpOptions(proxy=SECRET, read_timeout=5)) == (
        "HttpOptions(proxy=***, connect_timeout=None, read_timeout=5)"
    )
    text = repr(Credentials(**STS, expiration=7, provider_name="p"))
    assert "canary" not in text, "a secret shows"
    assert "'id'" in text and "7" in text and "'p'" in text


def test_credentials_are_made_once_and_never_pickled(sts):
    provider = role(sts, **PAIR)
    first = provider.get_credentials()
    assert provider.get_credentials() is first
    assert asyncio.run(provider.get_credentials_async()) is first
    assert shown(first) == ("STS.1", ISSUED_TOKEN, "ram_role_arn/static_ak")
    assert first.get_expiration() > time.time()
    assert b"STS.1" not in pickle.dumps(provider)
    assert shown(copy.deepcopy(provider).get_credentials())[0] == "STS.2"
    provider.invalidate()
    assert shown(provider.get_credentials())[0] == "STS.3"
    assert sts.requests == 3


def test_a_client_shares_the_provider_that_it_is_given(sts):
    provider = role(sts, **STS)
    client = Client(Config(type="bearer"), provider=provider)
    model = client.get_credential()
    assert (model.type, model.provider_name) == ("ram_role_arn", "ram_role_arn/static_sts")
    assert provider.get_credentials().get_access_key_id() == model.access_key_id == "STS.1"
    assert Client(provider=provider).get_credential() is model
    assert sts.requests == 1
    for duplicate in DUPLICATES:
        assert duplicate(client).get_credential().provider_name == "ram_role_arn/static_sts"


def test_a_role_shares_its_base(sts):
    base = role(sts, **PAIR)
    chained = role(sts, credentials_provider=base)
    assert shown(chained.get_credentials()) == ("STS.2", ISSUED_TOKEN, "ram_role_arn/ram_role_arn/static_ak")
    base.get_credentials()
    assert sts.requests == 2
    for duplicate in DUPLICATES:
        assert shown(duplicate(chained).get_credentials())[2] == "ram_role_arn/ram_role_arn/static_ak"


def test_a_role_asks_a_provider_of_ones_own_at_each_refresh(sts):
    own = Own(Credentials(**PAIR, provider_name="mine/inner"))
    provider = role(sts, credentials_provider=own)
    assert shown(provider.get_credentials())[2] == "ram_role_arn/mine/inner"
    provider.get_credentials()
    assert (own.asked, sts.requests) == (["sync"], 1)
    provider.invalidate()
    assert shown(asyncio.run(provider.get_credentials_async()))[0] == "STS.2"
    assert (own.asked, sts.requests) == (["sync", "sync"], 2)
    for duplicate in DUPLICATES:
        assert shown(duplicate(provider).get_credentials())[2] == "ram_role_arn/mine/inner"
    assert sts.requests == 4


def test_a_failing_base_is_told_with_its_kind(sts):
    failure = CredentialException("no login")
    failure.kind = "login_required"
    for raised, kind, text in [
        (failure, "login_required", "CredentialException: no login"),
        (OSError("broken"), "internal", "OSError: broken"),
        (SystemExit("gone"), "internal", "SystemExit: gone"),
    ]:
        own = Own()
        own.get_credentials = mock.Mock(side_effect=raised)
        with pytest.raises(CredentialException) as caught:
            role(sts, credentials_provider=own).get_credentials()
        assert caught.value.kind == kind
        assert text in caught.value.message
    for given in (None, 3, Credentials(access_key_id="id")):
        with pytest.raises(CredentialException, match="the provider 'mine' gave"):
            role(sts, credentials_provider=Own(given)).get_credentials()
    assert sts.requests == 0


def test_a_base_that_asks_its_own_role_is_an_error(sts):
    own = Own()
    provider = role(sts, credentials_provider=own)
    own.get_credentials = provider.get_credentials
    with pytest.raises(CredentialException) as caught:
        provider.get_credentials()
    assert (caught.value.kind, sts.requests) == ("recursion", 0)


def test_a_subclass_decides_what_it_gives(sts):
    derived = Derived(**PAIR)
    for one in (derived, *(duplicate(derived) for duplicate in DUPLICATES)):
        assert Client(provider=one).get_credential().provider_name == "derived/static_ak"
    assert shown(role(sts, credentials_provider=derived).get_credentials())[2] == "ram_role_arn/derived/static_ak"


def test_methods_can_be_patched():
    provider = providers.StaticAKCredentialsProvider(**PAIR)
    patched = Credentials(access_key_id="patched", access_key_secret=SECRET)
    with mock.patch.object(provider, "get_credentials", return_value=patched):
        assert Client(provider=provider).get_credential().access_key_id == "patched"
    with mock.patch.object(providers.StaticAKCredentialsProvider, "get_credentials", return_value=patched):
        assert provider.get_credentials() is patched
        assert Client(provider=provider).get_credential().access_key_id == "patched"
    assert Client(provider=provider).get_credential().access_key_id == "id"


def test_a_client_asks_a_provider_of_ones_own_at_every_call():
    own = Own(Credentials(**STS, expiration=1 << 34))
    client = Client(provider=own)
    model = client.get_credential(timeout=1)
    assert model.to_map() == {
        "accessKeyId": "id",
        "accessKeySecret": SECRET,
        "securityToken": TOKEN,
        "type": "mine",
        "providerName": "mine",
    }
    assert model.expiration == 1 << 34
    assert asyncio.run(client.get_credential_async()).access_key_id == "id"
    assert own.asked == ["sync", "async"]
    client.invalidate()
    assert repr(client) == "Client(type='mine')"
    for duplicate in DUPLICATES:
        assert duplicate(client).get_credential().access_key_id == "id"


def test_what_a_provider_of_ones_own_raises_comes_through():
    raised = OSError("mine alone")
    client = Client(provider=Own(raised))
    with pytest.raises(OSError) as caught:
        client.get_credential()
    assert caught.value is raised
    with pytest.raises(OSError) as caught:
        asyncio.run(client.get_credential_async())
    assert caught.value is raised


@pytest.mark.parametrize(
    "given", [None, 3, pytest.param(SECRET, id="text"), object(), Credentials(), Credentials(access_key_id="id")]
)
def test_what_is_no_credential_is_a_clear_error(given):
    client = Client(provider=Own(given))
    for ask in (client.get_credential, lambda: asyncio.run(client.get_credential_async())):
        with pytest.raises(CredentialException, match="the provider 'mine' gave") as caught:
            ask()
        assert caught.value.kind == "internal"
        assert "canary" not in str(caught.value), "a secret shows"
    with pytest.raises(CredentialException) as caught:
        Client(provider=Own(Credentials(**PAIR, expiration=1))).get_credential()
    assert caught.value.kind == "expired"


@pytest.mark.parametrize("given", [3, "name", {}, object()])
def test_only_a_provider_provides(given):
    with pytest.raises(TypeError, match="provider must have"):
        Client(provider=given)


def test_a_provider_without_coroutines_is_awaited_as_well():
    class Plain:
        def get_credentials(self):
            return CredentialModel(bearer_token=BEARER_TOKEN)

        def get_provider_name(self):
            return "plain"

    model = asyncio.run(Client(provider=Plain()).get_credential_async())
    assert (model.type, model.bearer_token) == ("bearer", BEARER_TOKEN), "differs"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_getters_read_one_credential_of_ones_own():
    own = Own(Credentials(**STS))
    client = Client(provider=own)
    assert client.get_access_key_id() == "id"
    assert client.get_access_key_secret() == SECRET, "differs"
    assert client.get_security_token() == TOKEN, "differs"
    assert (own.asked, client.get_type(), client.get_bearer_token()) == (["sync"], "mine", None)


def test_the_inner_credential_is_there_for_those_who_look(sts):
    config = Config(type="ram_role_arn", **PAIR, **ROLE, sts_endpoint=sts.url)
    client = Client(config)
    inner = client.cloud_credential
    assert isinstance(inner, _CredentialsProviderWrap)
    assert inner.type_name == inner.get_type() == "ram_role_arn"
    assert type(inner.provider) is providers.RamRoleArnCredentialsProvider
    assert inner.get_credential() is client.get_credential()
    assert asyncio.run(inner.get_credential_async()) is client.get_credential()
    assert inner.provider.get_credentials().get_access_key_id() == inner.get_access_key_id() == "STS.1"
    assert sts.requests == 1
    assert type(Client().cloud_credential.provider) is providers.DefaultCredentialsProvider
    bearer = Client.get_credentials(Config(type="bearer", bearer_token=BEARER_TOKEN))
    assert (bearer.get_type(), bearer.provider, bearer.bearer_token) == ("bearer", None, BEARER_TOKEN), "differs"
    static = Client.get_credentials(Config(type="access_key", **PAIR))
    assert (static.type_name, static.provider.get_provider_name()) == ("access_key", "static_ak")
    own = Own(Credentials(**PAIR))
    assert Client(provider=own).cloud_credential.provider is own
    typed = _CredentialsProviderWrap(type_name="said", provider=own)
    assert (typed.get_credential().type, asyncio.run(typed.get_credential_async()).type) == ("said", "said")


def test_a_mock_of_a_client_has_what_a_client_has():
    double = mock.MagicMock(spec=Client)
    double.get_credential.return_value = CredentialModel(access_key_id="double")
    assert double.get_credential().access_key_id == "double"
    assert double.cloud_credential.provider is not None
    with pytest.raises(AttributeError):
        double.no_such_method()
    assert list(inspect.signature(Client).parameters) == ["config", "provider", "on_event"]


def test_an_external_command_tells_of_each_new_credential(tmp_path):
    keeper = Keeper()
    provider = providers.ExternalCredentialsProvider(
        process_command=printing(tmp_path, expiration="2100-01-01T00:00:00Z"), credential_update_callback=keeper.tell
    )
    assert shown(provider.get_credentials()) == ("id-1", TOKEN, "external")
    provider.get_credentials()
    assert keeper.told == [("sync", "id-1", SECRET, TOKEN, 4102444800)], "differs"
    assert shown(Client(provider=provider).cloud_credential.provider.get_credentials())[0] == "id-1"


@pytest.mark.parametrize("both", [True, False])
def test_whoever_awaits_has_the_coroutine_function_told_in_their_loop(tmp_path, both):
    keeper, loops = Keeper(), []

    async def tell(*what):
        loops.append(asyncio.get_running_loop())
        await keeper.tell_async(*what)

    provider = providers.ExternalCredentialsProvider(
        process_command=printing(tmp_path),
        credential_update_callback=keeper.tell if both else None,
        credential_update_callback_async=tell,
    )

    async def main():
        assert shown(await provider.get_credentials_async())[0] == "id-1"
        await Client(provider=provider).get_credential_async()
        assert loops == [asyncio.get_running_loop()] * 2

    asyncio.run(main())
    provider.get_credentials()
    assert [told[:2] for told in keeper.told] == [
        ("async", "id-1"),
        ("async", "id-2"),
        ("sync" if both else "async", "id-3"),
    ]
    assert keeper.told[0][4] == 0


def updating(tmp_path, keeper, both, tell_async=None):
    return providers.ExternalCredentialsProvider(
        process_command=printing(tmp_path),
        credential_update_callback=keeper.tell if both else None,
        credential_update_callback_async=tell_async or keeper.tell_async,
    )


@pytest.mark.parametrize("both", [True, False])
def test_a_loop_that_waits_for_the_refresh_is_not_waited_for(tmp_path, both):
    keeper = Keeper()
    provider = updating(tmp_path, keeper, both)

    async def main():
        task = asyncio.ensure_future(provider.get_credentials_async())
        await asyncio.sleep(0)
        # It stands still here, and the refresh needs it.
        assert shown(provider.get_credentials())[0] == "id-1"
        assert shown(await task)[0] == "id-1"

    asyncio.run(main())
    assert [told[:2] for told in keeper.told] == [("sync" if both else "async", "id-1")]


@pytest.mark.parametrize("both", [True, False])
def test_what_a_loop_leaves_undone_is_done_without_it(tmp_path, both):
    keeper = Keeper()
    begun, may_end = [], []

    async def tell(*what):
        begun.append(asyncio.get_running_loop())
        if len(begun) == 1:
            may_end[0].set()
            await asyncio.Event().wait()
        await keeper.tell_async(*what)

    provider = updating(tmp_path, keeper, both, tell)

    async def main():
        # In 3.9 an event belongs to the loop in which it is made.
        may_end.append(asyncio.Event())
        waiting = asyncio.ensure_future(provider.get_credentials_async())
        await may_end[0].wait()
        assert not waiting.done()

    asyncio.run(main())
    eventually(lambda: keeper.told)
    assert [told[:2] for told in keeper.told] == [("sync" if both else "async", "id-1")]


def test_a_loop_that_is_closed_unfinished_is_not_waited_for(tmp_path):
    keeper = Keeper()
    begun = threading.Event()

    async def tell(*what):
        begun.set()
        await asyncio.get_running_loop().create_future()

    provider = updating(tmp_path, keeper, True, tell)

    async def main():
        # Kept by the loop alone, which ends before it.
        asyncio.ensure_future(provider.get_credentials_async())
        while not begun.is_set():
            await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    loop.run_until_complete(main())
    loop.close()
    eventually(lambda: gc.collect() is not None and keeper.told)
    assert [told[:2] for told in keeper.told] == [("sync", "id-1")]


def test_a_loop_that_is_stopped_unfinished_is_not_waited_for(tmp_path):
    keeper = Keeper()

    async def tell(*what):
        loop.stop()
        await asyncio.get_running_loop().create_future()

    provider = updating(tmp_path, keeper, True, tell)
    loop = asyncio.new_event_loop()
    task = loop.create_task(provider.get_credentials_async())
    loop.run_forever()
    # It is not closed, and its task not freed.
    eventually(lambda: keeper.told)
    assert [told[:2] for told in keeper.told] == [("sync", "id-1")]
    loop.run_until_complete(task)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_a_coroutine_function_that_fails_is_told_of_once(tmp_path, caplog):
    async def tell(*what):
        raise ValueError(SECRET)

    def sync(*what):
        pytest.fail("it was told twice")

    provider = providers.ExternalCredentialsProvider(
        process_command=printing(tmp_path), credential_update_callback=sync, credential_update_callback_async=tell
    )
    with caplog.at_level(logging.WARNING, "aliyun_cred"):
        assert shown(asyncio.run(provider.get_credentials_async()))[0] == "id-1"
    assert caplog.messages == ["the callback for updates failed (ValueError): what was learned may be lost"]


def test_a_callback_that_fails_costs_nobody_the_credential(tmp_path, caplog):
    def tell(*_):
        raise ValueError(SECRET)

    provider = providers.ExternalCredentialsProvider(
        process_command=printing(tmp_path), credential_update_callback=tell
    )
    with caplog.at_level(logging.DEBUG, "aliyun_cred"):
        assert shown(provider.get_credentials())[0] == "id-1"
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["the callback for updates failed (ValueError): what was learned may be lost"]


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_callbacks_are_duplicated_by_pythons_own_rules(tmp_path, duplicate):
    keeper = Keeper()
    provider = providers.ExternalCredentialsProvider(
        process_command=printing(tmp_path), credential_update_callback=keeper.tell
    )
    again = duplicate(provider)
    assert shown(again.get_credentials())[0] == "id-1"
    assert keeper.told == []
    assert again._native.on_update._callback.__self__.told[0][1] == "id-1"
    local = providers.ExternalCredentialsProvider(process_command="true", credential_update_callback=lambda *_: None)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(local)
    assert "canary" not in repr(again), "a secret shows"


def test_an_oauth_session_tells_in_the_known_order():
    keeper = Keeper()
    provider = providers.OAuthCredentialsProvider(
        **ALL["OAuthCredentialsProvider"][0], token_update_callback=keeper.tell
    )
    told = provider._native.on_update
    told("refresh", "access", None, None, None, 5, None)
    told("refresh", "access", "id", "secret", "token", None, 7)
    assert keeper.told == [
        ("sync", "refresh", "access", None, None, None, 5, 0),
        ("sync", "refresh", "access", "id", "secret", "token", 0, 7),
    ]


def test_a_forked_child_asks_a_base_of_ones_own(run_python, sts):
    program = """
import os, sys
from aliyun_cred.provider import RamRoleArnCredentialsProvider
from aliyun_cred.provider.refreshable import Credentials

class Own:
    def get_provider_name(self):
        return "own"

    def get_credentials(self):
        return Credentials(access_key_id="id", access_key_secret=config.access_key_secret)

role = RamRoleArnCredentialsProvider(
    role_arn=config.role_arn, sts_endpoint=config.sts_endpoint, credentials_provider=Own()
)
role.get_credentials()
child = os.fork()
role.invalidate()
role.get_credentials()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
sys.exit(3)
"""
    # From 3.12 on the interpreter warns of any thread, the library's included.
    ended = run_python(program, "-Wignore:This process:DeprecationWarning")
    assert (ended.returncode, ended.stderr, sts.requests) == (3, "", 3)


def test_a_base_in_flight_keeps_no_interpreter_from_ending(run_python):
    program = """
import sys, threading, time
from aliyun_cred.provider import RamRoleArnCredentialsProvider
asked = threading.Event()

class Slow:
    def get_provider_name(self):
        return "slow"

    def get_credentials(self):
        asked.set()
        # Comes back to the interpreter again and again, while it ends as well.
        while True:
            time.sleep(0.001)

role = RamRoleArnCredentialsProvider(role_arn="acs:ram::1:role/r", credentials_provider=Slow())
threading.Thread(target=role.get_credentials, daemon=True).start()
asked.wait()
sys.exit(3)
"""
    for _ in range(5):
        ended = run_python(program)
        assert (ended.returncode, ended.stderr) == (3, "")


def test_an_ending_interpreter_waits_for_a_thread_that_starts(run_python):
    # Python 3.9 frees the state of every thread when it ends, also that of one that has yet to run.
    program = """
import atexit, threading
from aliyun_cred import _callback_thread
from aliyun_cred.provider import RamRoleArnCredentialsProvider

ended, starting = threading.Event(), threading.Event()
atexit.register(ended.set)

class Base:
    def get_provider_name(self):
        return "base"

    def get_credentials(self):
        threading.Event().wait()

role = RamRoleArnCredentialsProvider(role_arn="acs:ram::1:role/r", credentials_provider=Base())
start_new_thread = _callback_thread._start_new_thread()

def start_late(call, arguments):
    def run():
        starting.set()
        print("after the end" if ended.wait(0.5) else "before the end", flush=True)
        call(*arguments)
    return start_new_thread(run, ())

_callback_thread._start_new_thread = lambda: start_late
threading.Thread(target=role.get_credentials, daemon=True).start()
starting.wait()
"""
    ended = run_python(program)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "before the end\n", "")


def test_an_ending_interpreter_waits_for_no_thread_that_cannot_start(run_python):
    program = """
import faulthandler
from aliyun_cred import _callback_thread
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.provider import RamRoleArnCredentialsProvider

class Base:
    def get_provider_name(self):
        return "base"

    def get_credentials(self):
        pass

kept = []

def refuse(*arguments):
    kept.append(arguments)
    raise RuntimeError("can't create new thread at interpreter shutdown")

_callback_thread._start_new_thread = lambda: refuse
try:
    RamRoleArnCredentialsProvider(role_arn="acs:ram::1:role/r", credentials_provider=Base()).get_credentials()
except CredentialException as error:
    print(error.kind, flush=True)
# Long before the end gives up its wait.
faulthandler.dump_traceback_later(5, exit=True)
"""
    ended = run_python(program)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "cancelled\n", "")


class Holder:
    """Leads back to what it is given to."""

    def get_credentials(self):
        return Credentials(access_key_id="id", access_key_secret=SECRET)

    def get_provider_name(self):
        return "holder"

    def tell(self, *_):
        pass


def test_a_circle_through_a_provider_or_a_callback_is_collected(sts):
    def own_client():
        holder = Holder()
        holder.client = Client(provider=holder)
        holder.client.get_credential()
        return holder

    def base():
        holder = Holder()
        holder.role = role(sts, credentials_provider=holder)
        holder.role.get_credentials()
        return holder

    def callback():
        holder = Holder()
        holder.source = providers.OAuthCredentialsProvider(
            client_id="c",
            sign_in_url="https://127.0.0.1",
            refresh_token=REFRESH_TOKEN,
            token_update_callback=holder.tell,
        )
        return holder

    for make_circle in (own_client, base, callback):
        seen = weakref.ref(make_circle())
        # The thread that asked it has ended, but may not have let go of it yet.
        eventually(lambda seen=seen: gc.collect() is not None and seen() is None)


def test_what_is_used_is_not_collected(sts):
    held = role(sts, credentials_provider=Holder())
    gc.collect()
    assert held.get_credentials().get_access_key_id() == "STS.1"


class Refused(CredentialException):
    """It does without our initialisation."""

    def __init__(self):
        Exception.__init__(self, "not today")


def test_an_exception_of_a_subclass_says_why(capfd):
    error = Refused()
    assert (error.kind, error.http_status, error.attempts) == (None, None, ())
    with pytest.raises(CredentialException, match="Refused: not today"):
        providers.RamRoleArnCredentialsProvider(**ROLE, credentials_provider=Own(error)).get_credentials()
    assert capfd.readouterr().err == ""


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError(SECRET)


def test_a_failure_that_cannot_be_shown_is_one_all_the_same(capfd):
    base = Own(Unspeakable())
    with pytest.raises(CredentialException, match="Unspeakable: it cannot be shown"):
        providers.RamRoleArnCredentialsProvider(**ROLE, credentials_provider=base).get_credentials()
    assert capfd.readouterr().err == ""


def test_another_cloud_credential_is_what_a_client_asks():
    client = Client(Config(type="access_key", **PAIR))
    assert client.cloud_credential is client.cloud_credential
    original = client.cloud_credential
    double = mock.MagicMock(spec=original)
    double.get_credential.return_value = CredentialModel("double", SECRET)
    double.get_credential_async.return_value = CredentialModel("double", SECRET)
    double.get_type.return_value = "mine"
    with mock.patch.object(client, "cloud_credential", double):
        assert client.get_credential().access_key_id == client.get_credential(timeout=1).access_key_id == "double"
        assert asyncio.run(client.get_credential_async()).access_key_id == "double"
        with pytest.warns(DeprecationWarning):
            assert client.get_type() == "mine"
        assert client.cloud_credential is double
        with pytest.raises(ValueError, match="timeout"):
            client.get_credential(timeout=-1)
    assert client.cloud_credential is not double
    assert client.get_credential().access_key_id == "id"
    with pytest.raises(AttributeError):
        del client.cloud_credential


class Bare(Client):
    """It does without ours."""

    def __init__(self):
        pass

    def get_credential(self, timeout=None):
        return CredentialModel("bare", SECRET)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_subclass_may_do_without_our_initialisation():
    bare = Bare()
    assert (bare.get_type(), bare.get_bearer_token(), bare.get_access_key_id()) == (None, None, "bare")
    assert repr(bare) == "Bare(type=None)"


class Assigning(Client):
    """It assigns a credential in place of our initialisation."""

    def __init__(self, config=None):
        if config is None:
            self.cloud_credential = AccessKeyCredential("older", SECRET)
        else:
            super().__init__(config)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_subclass_may_assign_an_older_credential():
    client = Assigning()
    assert client.get_credential().access_key_id == client.get_access_key_id() == "older"
    assert asyncio.run(client.get_credential_async()).access_key_id == "older"
    # It has no type.
    assert (client.get_type(), client.get_bearer_token(), client.status().type) == (None, None, None)
    assert repr(client) == "Assigning(type=None)"
    assert [source.state for source in client.explain().sources] == ["answered"]
    with mock.patch.object(client, "cloud_credential", AccessKeyCredential("double", SECRET)):
        assert client.get_credential().access_key_id == "double"
    assert client.get_credential().access_key_id == "older"
    assert Assigning(Config(type="access_key", **PAIR)).get_credential().access_key_id == "id"


def test_a_limit_is_checked_whoever_is_asked():
    client = Client(provider=Own(Credentials(access_key_id="id", access_key_secret=SECRET)))
    assert client.get_credential(timeout=0).access_key_id == "id"
    with pytest.raises(ValueError, match="timeout"):
        client.get_credential(timeout=-1)
    with pytest.raises(TypeError):
        client.get_credential(timeout="abc")


def test_a_bearer_token_is_the_older_kind_too():
    inner = Client(Config(type="bearer", bearer_token=BEARER_TOKEN)).cloud_credential
    assert isinstance(inner, BearerTokenCredential)
    assert inner.bearer_token == inner.get_credential().bearer_token == BEARER_TOKEN
    assert inner.get_type() == inner.credential_type == "bearer"
    assert "canary" not in repr(inner)


@pytest.mark.skipif(
    sys.version_info < (3, 10), reason="needs annotations such as `str | None` to be evaluated, of Python 3.10"
)
def test_annotations_of_what_is_made_can_be_looked_up():
    for kind in (Client, Config, CredentialModel, *(getattr(providers, name) for name in ALL)):
        assert typing.get_type_hints(kind.__init__)
