"""The older providers and credentials, and the cache for providers of one's own."""

import asyncio
import copy
import gc
import importlib
import pathlib
import pickle
import sys
import threading
import time
import weakref
from unittest import mock

import pytest
from aliyun_cred import client, credentials, providers
from aliyun_cred.exceptions import CredentialConfigError, CredentialException
from aliyun_cred.models import Config
from aliyun_cred.provider import refreshable
from aliyun_cred.utils import auth_util

from support import (
    BEARER_TOKEN,
    ISSUED_SECRET,
    ISSUED_TOKEN,
    OIDC_TOKEN,
    SECRET,
    TOKEN,
    WATCHDOG_SECONDS,
    eventually,
)

PAIR = {"access_key_id": "id", "access_key_secret": SECRET}
ROLE = "acs:ram::1:role/r"
SCENARIOS = pathlib.Path(__file__).parents[1] / "scenarios"
KEY = SCENARIOS / "fixtures/pair_key.pem"


@pytest.fixture
def endpoints(sts, monkeypatch):
    """Everything that has an address has the test's own."""
    monkeypatch.setenv("ALIBABA_CLOUD_STS_ENDPOINT", sts.url)
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_ENDPOINT", sts.url)
    monkeypatch.delenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED")
    return sts


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token"
    file.write_text(OIDC_TOKEN)
    return str(file)


def make_provider(kind, token_file):
    if kind == "ram_role_arn":
        return providers.RamRoleArnCredentialProvider("id", SECRET, "session", ROLE)
    if kind == "oidc_role_arn":
        return providers.OIDCRoleArnCredentialProvider(None, ROLE, "acs:ram::1:oidc-provider/p", token_file)
    if kind == "rsa_key_pair":
        return providers.RsaKeyPairCredentialProvider("id", KEY.read_text())
    return providers.EcsRamRoleCredentialProvider("r")


KINDS = ["ram_role_arn", "oidc_role_arn", "rsa_key_pair", "ecs_ram_role"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_provider_gives_its_credential(kind, endpoints, token_file):
    provider = make_provider(kind, token_file)
    for credential in (provider.get_credentials(), asyncio.run(provider.get_credentials_async())):
        assert credential.credential_type == kind
        token = None if kind == "rsa_key_pair" else ISSUED_TOKEN
        assert credential.access_key_id == "STS.1"
        assert credential.get_access_key_id() == "STS.1"
        assert credential.get_access_key_secret() == ISSUED_SECRET
        assert credential.get_security_token() == token
        assert asyncio.run(credential.get_access_key_id_async()) == "STS.1"
        assert asyncio.run(credential.get_access_key_secret_async()) == ISSUED_SECRET
        assert asyncio.run(credential.get_security_token_async()) == token
        model = credential.get_credential()
        assert (model.access_key_id, model.security_token, model.type) == ("STS.1", token, kind)
        assert asyncio.run(credential.get_credential_async()).to_map() == model.to_map()
        assert abs(credential.expiration - time.time() - 3600) < 60
        assert "canary" not in f"{credential!r} {credential} {provider!r}"
    assert endpoints.requests == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_credential_asks_again_three_minutes_before_its_end(kind, endpoints, token_file):
    endpoints.lifetime = 100
    credential = make_provider(kind, token_file).get_credentials()
    assert endpoints.requests == 1
    # Half of so short a life is what the provider waits for.
    with mock.patch.object(credential, "provider", make_provider(kind, token_file)):
        assert credential.get_access_key_id() == "STS.2"
        assert asyncio.run(credential.get_access_key_id_async()) == "STS.2"
    endpoints.lifetime = 3600
    credential.provider = make_provider(kind, token_file)
    assert asyncio.run(credential.get_credential_async()).access_key_id == "STS.3"
    assert credential.get_access_key_id() == "STS.3"
    assert endpoints.requests == 3


def test_a_configuration_and_attributes_say_the_same_as_arguments(endpoints):
    config = Config(**PAIR, role_arn=ROLE, role_session_name="session", timeout=9000, sts_endpoint="sts.example")
    provider = providers.RamRoleArnCredentialProvider(config=config)
    assert (provider.timeout, provider.connect_timeout, provider.sts_endpoint) == (9000, 3000, "sts.example")
    assert providers.RamRoleArnCredentialProvider(config=config, region_id="r").sts_endpoint == "sts.r.aliyuncs.com"
    assert providers.RamRoleArnCredentialProvider("i", "s").sts_endpoint == "sts.aliyuncs.com"
    with mock.patch.object(auth_util, "environment_sts_region", "cn-x"):
        assert providers.RamRoleArnCredentialProvider("i", "s").sts_endpoint == "sts.cn-x.aliyuncs.com"
    provider.sts_endpoint = endpoints.url
    assert provider.get_credentials().access_key_id == "STS.1"
    provider.duration_seconds = 899
    with pytest.raises(CredentialConfigError, match="900"):
        provider.get_credentials()
    provider.duration_seconds = 900
    assert provider.get_credentials().access_key_id == "STS.2"
    again = pickle.loads(pickle.dumps(provider))
    assert copy.deepcopy(again).get_credentials().access_key_id == "STS.3"


def test_what_is_missing_is_said():
    for make in (
        providers.RamRoleArnCredentialProvider,
        providers.OIDCRoleArnCredentialProvider,
        providers.RsaKeyPairCredentialProvider,
        providers.EcsRamRoleCredentialProvider,
    ):
        with pytest.raises(CredentialException, match='^"<class .*needs to receive a "model.Config" object'):
            make()
    with pytest.raises(CredentialException, match="The oidc_token_file_path does not exist"):
        providers.OIDCRoleArnCredentialProvider(config=Config(role_arn=ROLE))
    with pytest.raises(CredentialConfigError, match="private key"):
        providers.RsaKeyPairCredentialProvider("id", SECRET).get_credentials()
    with pytest.raises(NotImplementedError):
        providers.AlibabaCloudCredentialsProvider().get_credentials()


def test_the_metadata_service_is_asked_for_a_role_without_a_name(endpoints):
    provider = providers.EcsRamRoleCredentialProvider("")
    assert provider.get_credentials().access_key_id == "STS.1"
    assert provider.disable_imds_v1 is False
    with mock.patch.object(auth_util, "environment_imds_v1_disabled", "TRUE"):
        assert providers.EcsRamRoleCredentialProvider("r").disable_imds_v1 is True
    assert providers.EcsRamRoleCredentialProvider(config=Config(disable_imds_v1=True)).disable_imds_v1 is True


def test_a_uri_is_asked_when_a_field_is(endpoints, monkeypatch):
    assert providers.CredentialsUriProvider().get_credentials() is None
    monkeypatch.setenv("ALIBABA_CLOUD_CREDENTIALS_URI", f"{endpoints.url}/{SECRET}")
    credential = providers.CredentialsUriProvider().get_credentials()
    assert credential.access_key_id is None and endpoints.requests == 0
    assert asyncio.run(credential.get_access_key_id_async()) == "STS.1"
    assert credential.get_credential().type == "credentials_uri"
    assert credential.get_security_token() == ISSUED_TOKEN
    assert "canary" not in repr(credential)
    assert endpoints.requests == 1
    with pytest.raises(CredentialConfigError):
        credentials.CredentialsURICredential("no uri").get_access_key_id()


def test_what_was_typed_in_is_given():
    pair = credentials.AccessKeyCredential("id", SECRET)
    sts = credentials.StsCredential("id", SECRET, TOKEN)
    for credential, kind, token in ((pair, "access_key", None), (sts, "sts", TOKEN)):
        model = asyncio.run(credential.get_credential_async())
        assert (model.access_key_id, model.access_key_secret, model.security_token) == ("id", SECRET, token)
        assert model.type == credential.credential_type == kind
        assert asyncio.run(credential.get_security_token_async()) == credential.get_security_token() == token
        assert "canary" not in repr(credential)
    bearer = credentials.BearerTokenCredential(BEARER_TOKEN)
    assert bearer.get_credential().bearer_token == BEARER_TOKEN
    assert (bearer.get_type(), bearer.get_access_key_id()) == ("bearer", None)
    assert "canary" not in repr(bearer)
    nothing = credentials.Credential()
    assert nothing.get_credential() is asyncio.run(nothing.get_access_key_secret_async()) is None


def test_the_chain_takes_the_first_that_has_one(endpoints, monkeypatch, tmp_path):
    chain = providers.DefaultCredentialsProvider()
    with pytest.raises(CredentialException, match="^not found credentials$") as caught:
        chain.get_credentials()
    assert caught.value.kind == "not_configured"

    class Mine(providers.AlibabaCloudCredentialsProvider):
        def get_credentials(self):
            return credentials.AccessKeyCredential("mine", "s")

    class Bare:
        def get_credentials(self):
            return credentials.AccessKeyCredential("bare", "s")

    for mine, name in ((Mine(), "mine"), (Bare(), "bare")):
        chain.add_credentials_provider(mine)
        assert chain.contains_credentials_provider(mine)
        assert chain.get_credentials().access_key_id == name
        assert asyncio.run(chain.get_credentials_async()).access_key_id == name
        chain.remove_credentials_provider(mine)
    monkeypatch.setenv("ALIBABA_CLOUD_CREDENTIALS_URI", endpoints.url)
    assert chain.get_credentials().get_access_key_id() == "STS.1"
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA", "r")
    assert providers.DefaultCredentialsProvider().get_credentials().access_key_id == "STS.2"
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "environment")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")
    assert isinstance(chain.get_credentials(), credentials.AccessKeyCredential)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "t")
    assert isinstance(chain.get_credentials(), credentials.StsCredential)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
    # What goes wrong ends it.
    with pytest.raises(CredentialException, match="^Environment variable accessKeySecret cannot be empty$"):
        chain.get_credentials()
    chain.clear_credentials_provider()
    assert chain.user_configuration_providers == []


def test_an_oidc_token_is_in_the_chain_if_it_is_configured(endpoints, monkeypatch, token_file):
    monkeypatch.setenv("ALIBABA_CLOUD_ROLE_ARN", ROLE)
    monkeypatch.setenv("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p")
    monkeypatch.setenv("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token_file)
    found = providers.DefaultCredentialsProvider().get_credentials()
    assert isinstance(found, credentials.OIDCRoleArnCredential) and found.access_key_id == "STS.1"


SECTIONS = {
    "type =": "The configured client type is empty",
    "type = ram_role_arn": "The configured access_key_id or access_key_secret is empty",
    f"type = ram_role_arn\naccess_key_id = i\naccess_key_secret = {SECRET}": (
        "The configured role_session_name or role_arn is empty"
    ),
    "type = oidc_role_arn": "The configured role_arn is empty",
    "type = oidc_role_arn\nrole_arn = r": "The configured oidc_provider_arn is empty",
    "type = rsa_key_pair": "The configured private_key_file is empty",
    f"type = rsa_key_pair\nprivate_key_file = {KEY}": (
        "The configured public_key_id or private_key_file content is empty"
    ),
    "type = ecs_ram_role": "The configured role_name is empty",
}


def profile(tmp_path, section, name="default"):
    file = tmp_path / ".alibabacloud/credentials.ini"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"[{name}]\n{section}\n")
    return file


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_says_what_it_lacks(section, tmp_path):
    profile(tmp_path, section)
    with pytest.raises(CredentialException) as caught:
        providers.ProfileCredentialsProvider().get_credentials()
    assert str(caught.value) == SECTIONS[section]


def test_a_section_is_a_provider(endpoints, tmp_path, token_file):
    provider = providers.ProfileCredentialsProvider()
    assert provider.get_credentials() is None
    pair = f"access_key_id = i # mine\naccess_key_secret = {SECRET}"
    profile(tmp_path, f"type = access_key\n{pair}")
    assert provider.parse_ini() == {"type": "access_key", "access_key_id": "i", "access_key_secret": SECRET}
    assert provider.get_credentials().get_access_key_id() == "i"
    profile(tmp_path, "type = access_key")
    assert provider.get_credentials() is None
    with mock.patch.object(auth_util, "client_type", "other"):
        assert provider.get_credentials() is None
        file = profile(tmp_path, f"type = access_key\n{pair}", "other").rename(tmp_path / "elsewhere")
        assert providers.ProfileCredentialsProvider(str(file)).get_credentials().access_key_id == "i"
    sources = {
        credentials.RamRoleArnCredential: f"type = ram_role_arn\n{pair}\nrole_arn = r\nrole_session_name = s",
        credentials.OIDCRoleArnCredential: (
            f"type = oidc_role_arn\nrole_arn = r\noidc_provider_arn = p\noidc_token_file_path = {token_file}"
        ),
        credentials.RsaKeyPairCredential: f"type = rsa_key_pair\npublic_key_id = i\nprivate_key_file = {KEY}",
        credentials.EcsRamRoleCredential: "type = ecs_ram_role\nrole_name = r",
    }
    for number, (kind, section) in enumerate(sources.items(), 1):
        profile(tmp_path, section)
        for found in (provider.get_credentials(), asyncio.run(provider.get_credentials_async())):
            assert type(found) is kind and found.access_key_id == f"STS.{number}"
    assert endpoints.requests == len(sources)


def test_a_file_that_is_no_ini_file_is_not_quoted(tmp_path):
    profile(tmp_path, SECRET)
    with pytest.raises(CredentialException, match="credentials.ini cannot be read as an INI file") as caught:
        providers.ProfileCredentialsProvider().get_credentials()
    assert caught.value.kind == "malformed_file"
    assert "canary" not in str(caught.value) and caught.value.__cause__ is None


def test_an_absent_attribute_can_be_none():
    @client.attribute_error_return_none
    def named(thing, *, extra):
        """What it is for."""
        return thing.name, extra

    assert named(threading.current_thread(), extra=1) == (threading.current_thread().name, 1)
    assert named(object(), extra=1) is None
    assert (named.__name__, named.__doc__) == ("named", "What it is for.")
    with pytest.raises(TypeError):
        named()


def test_sixteen_threads_make_one_request(endpoints, tmp_path, monkeypatch):
    pair = f"access_key_id = i\naccess_key_secret = {SECRET}"
    profile(tmp_path, f"type = ram_role_arn\n{pair}\nrole_arn = r\nrole_session_name = s")
    makers = [
        lambda: providers.RamRoleArnCredentialProvider("id", SECRET, "session", ROLE).get_credentials,
        lambda: credentials.CredentialsURICredential(endpoints.url).get_access_key_id,
        lambda: providers.ProfileCredentialsProvider().get_credentials,
    ]
    for number, make in enumerate(makers * 5, 1):
        ask = make()
        together = threading.Barrier(16)

        def run(ask=ask, together=together):
            together.wait()
            ask()

        threads = [threading.Thread(target=run) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert endpoints.requests == number


@pytest.mark.parametrize("config", [{"access_key_id": "mine"}, "x", 5, object()])
def test_a_configuration_that_is_none_is_refused(config, monkeypatch):
    # It must not come to be another identity's.
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "environment")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
    for make in (providers.RamRoleArnCredentialProvider, providers.EcsRamRoleCredentialProvider):
        with pytest.raises(TypeError, match="config must be an aliyun_cred.models.Config"):
            make(config=config)


def test_one_of_ones_own_may_be_synchronous_only():
    main = threading.current_thread()
    seen = []

    class Mine(providers.AlibabaCloudCredentialsProvider):
        def get_credentials(self):
            seen.append(threading.current_thread())
            return credentials.AccessKeyCredential("mine", SECRET)

    assert asyncio.run(Mine().get_credentials_async()).access_key_id == "mine"
    session = credentials.RamRoleArnCredential("id", SECRET, "token", 0, mock.Mock(spec=["get_credentials"]))
    session.provider.get_credentials = Mine().get_credentials
    assert asyncio.run(session.get_access_key_id_async()) == "mine"
    assert len(seen) == 2 and main not in seen


def test_an_endpoint_that_was_said_wins_over_the_environment(endpoints):
    said = providers.RamRoleArnCredentialProvider(
        config=Config(**PAIR, role_arn=ROLE, sts_endpoint="sts.aliyuncs.com", proxy="http://127.0.0.1:9")
    )
    # It is asked through the proxy, which is not there.
    with pytest.raises(CredentialException):
        said.get_credentials()
    assert endpoints.requests == 0


def test_a_key_file_that_cannot_be_read_is_an_error_of_ours(tmp_path):
    binary = tmp_path / "key"
    binary.write_bytes(b"\xff")
    for path in (tmp_path, tmp_path / "nowhere", binary):
        profile(tmp_path, f"type = rsa_key_pair\npublic_key_id = i\nprivate_key_file = {path}")
        with pytest.raises(CredentialException, match=f"cannot read {path}") as caught:
            providers.ProfileCredentialsProvider().get_credentials()
        assert caught.value.kind == "io"


def test_the_file_is_read_as_everywhere_else(tmp_path):
    provider = providers.ProfileCredentialsProvider()
    file = profile(tmp_path, "type = access_key\naccess_key_id = a#b\naccess_key_secret = 100%")
    assert provider.get_credentials().get_access_key_id() == "a#b"
    file.rename(file.with_suffix(""))
    assert provider.get_credentials().get_access_key_secret() == "100%"
    profile(tmp_path, f"type = access_key\nenable = false\naccess_key_id = i\naccess_key_secret = {SECRET}")
    assert provider.get_credentials() is None


def test_a_uri_may_change(endpoints):
    credential = credentials.CredentialsURICredential(f"http://127.0.0.1:9/{SECRET}")
    with pytest.raises(CredentialException):
        credential.get_access_key_id()
    credential.credentials_uri = endpoints.url
    assert credential.get_access_key_id() == "STS.1"


# --- the cache


class Source:
    """Gives the values that it is told to, or raises them; counts."""

    def __init__(self, *results):
        self.results, self.asked = list(results), 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def _next(self):
        self.asked += 1
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, Exception):
            raise result
        return result

    def fetch(self):
        self.may_answer.wait()
        return self._next()

    async def fetch_async(self):
        await asyncio.sleep(0)
        return self._next()

    def cache(self, *arguments, **options):
        return refreshable.RefreshCachedSupplier(self.fetch, self.fetch_async, *arguments, **options)


def result(value, stale=1000, prefetch=1000):
    now = int(time.time())
    return refreshable.RefreshResult(value=value, stale_time=now + stale, prefetch_time=now + prefetch)


def asked(supplier, how):
    return supplier._sync_call() if how == "sync" else asyncio.run(supplier._async_call())


BOTH = pytest.mark.parametrize("how", ["sync", "async"])


@BOTH
def test_a_value_is_kept_until_it_is_too_old(how):
    source = Source(result("first", stale=-1), result("second", prefetch=-1), result("third"), result("never"))
    cache = source.cache()
    # It is too old, but not at its end.
    assert asked(cache, how) == "first"
    assert asked(cache, how) == "second"
    # Whoever asks now waits for the next.
    assert asked(cache, how) == "third"
    assert asked(cache, how) == "third"
    assert source.asked == 3


@BOTH
def test_without_a_value_a_failure_is_raised(how):
    source = Source(ValueError(SECRET), result("first"))
    cache = source.cache(refreshable.StaleValueBehavior.ALLOW)
    with pytest.raises(ValueError):
        asked(cache, how)
    assert asked(cache, how) == "first"


@BOTH
@pytest.mark.parametrize("later", [ValueError("meant"), result("dead", stale=-901)])
def test_a_value_that_is_too_old_is_given_if_that_is_allowed(how, later):
    old = result("old", stale=-1)
    strict, source = Source(old, later), Source(old, later)
    behavior = refreshable.StaleValueBehavior
    cache = source.cache(behavior.ALLOW)
    assert [asked(cache, how) for _ in range(3)] == ["old"] * 3
    assert source.asked == 2
    cache = strict.cache(behavior.STRICT)
    assert asked(cache, how) == "old"
    if isinstance(later, Exception):
        with pytest.raises(ValueError, match="meant"):
            asked(cache, how)
    else:
        # For a second.
        assert asked(cache, how) == "old"


@BOTH
def test_a_value_that_comes_dead_is_none(how):
    with pytest.raises(CredentialException, match="No cached value was found"):
        asked(Source(result("dead", stale=-901)).cache(), how)


@BOTH
def test_a_failure_takes_nothing_from_a_good_value(how):
    source = Source(result("good", prefetch=-1), ValueError("meant"))
    cache = source.cache()
    assert [asked(cache, how) for _ in range(3)] == ["good"] * 3
    assert source.asked == 3


def test_threads_make_one_call():
    source = Source(result("value"))
    source.may_answer.clear()
    cache = source.cache()
    given = []
    threads = [threading.Thread(target=lambda: given.append(cache._sync_call())) for _ in range(16)]
    for thread in threads:
        thread.start()
    source.may_answer.set()
    for thread in threads:
        thread.join()
    assert (given, source.asked) == (["value"] * 16, 1)


def test_coroutines_make_one_call_and_one_may_give_up():
    source = Source(result("value"))
    cache = source.cache()

    async def main():
        tasks = [asyncio.ensure_future(cache._async_call()) for _ in range(16)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, *rest = asyncio.run(main())
    assert isinstance(first, asyncio.CancelledError)
    assert (rest, source.asked) == (["value"] * 15, 1)


@BOTH
def test_what_is_no_result_takes_nothing_from_a_good_value(how):
    cache = Source(result("good", prefetch=-1), None, "rubbish", None).cache()
    assert [asked(cache, how) for _ in range(3)] == ["good"] * 3


@BOTH
def test_a_result_may_be_of_another_class(how):
    class Mine(refreshable.RefreshResult):
        def prefetch_time(self):
            return 0

    class Bare:
        value = staticmethod(lambda: "bare")
        stale_time = prefetch_time = staticmethod(lambda: refreshable.INT64_MAX)

    cache = Source(Mine(value="mine"), Bare()).cache()
    assert asked(cache, how) == "mine"
    assert asked(cache, how) == "bare"


def test_loops_are_let_go():
    cache = Source(result("value", stale=-1)).cache()
    seen = []

    async def main():
        seen.append(weakref.ref(asyncio.get_running_loop()))
        await cache._async_call()

    for _ in range(5):
        asyncio.run(main())
    gc.collect()
    assert [loop() for loop in seen] == [None] * 5


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs asyncio.Task.cancelling, of Python 3.11")
def test_a_cancellation_from_within_is_a_failure():
    async def fetch():
        raise asyncio.CancelledError

    cache = refreshable.RefreshCachedSupplier(None, fetch)
    with pytest.raises(CredentialException) as caught:
        asyncio.run(cache._async_call())
    assert caught.value.kind == "cancelled"


def test_a_failure_that_nobody_waits_for_is_not_quoted(caplog):
    async def main():
        begun, may_fail = asyncio.Event(), asyncio.Event()

        async def fetch():
            begun.set()
            await may_fail.wait()
            raise ValueError(SECRET)

        cache = refreshable.RefreshCachedSupplier(None, fetch)
        task = asyncio.ensure_future(cache._async_call())
        await begun.wait()
        task.cancel()
        may_fail.set()
        while cache._flights:
            await asyncio.sleep(0)

    asyncio.run(main())
    gc.collect()
    assert "canary" not in caplog.text


def test_what_runs_in_the_background_is_not_started_again():
    source = Source(result("first", prefetch=-1), result("second"))
    cache = source.cache(prefetch_strategy=refreshable.NonBlocking())
    assert cache._sync_call() == "first"
    source.may_answer.clear()
    before = threading.active_count()
    assert {cache._sync_call() for _ in range(100)} == {"first"}
    assert threading.active_count() <= before + 1
    source.may_answer.set()
    eventually(lambda: cache._sync_call() == "second")
    assert source.asked == 2

    async def main():
        may_answer = asyncio.Event()
        results = [result("first", prefetch=-1)]

        async def fetch():
            if results:
                return results.pop()
            await may_answer.wait()
            return result("second")

        cache = refreshable.RefreshCachedSupplier(None, fetch, prefetch_strategy=refreshable.NonBlocking())
        for _ in range(100):
            assert await cache._async_call() == "first"
        # This one, the refresh, and what it waits for.
        assert len(asyncio.all_tasks()) <= 3
        may_answer.set()
        while await cache._async_call() == "first":
            await asyncio.sleep(0)

    asyncio.run(main())


def test_a_refresh_in_the_background_keeps_no_interpreter_from_ending(run_python):
    program = """
import threading, time
from aliyun_cred.provider import refreshable
begun = threading.Event()
def fetch():
    if not first:
        begun.set()
        threading.Event().wait()
    first.clear()
    return refreshable.RefreshResult(value=1, prefetch_time=0)
first = [1]
cache = refreshable.RefreshCachedSupplier(fetch, None, prefetch_strategy=refreshable.NonBlocking())
cache._sync_call(); cache._sync_call()
begun.wait()
"""
    ended = run_python(program)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_nobody_waits_for_what_runs_in_the_background(caplog):
    source = Source(result("first", prefetch=-1), result("second"))
    cache = source.cache(prefetch_strategy=refreshable.NonBlocking())
    assert cache._sync_call() == "first"
    source.may_answer.clear()
    assert cache._sync_call() == "first"
    source.may_answer.set()
    eventually(lambda: cache._sync_call() == "second")
    assert source.asked == 2

    async def main():
        source = Source(result("first", prefetch=-1), result("second"))
        cache = source.cache(prefetch_strategy=refreshable.NonBlocking())
        assert await cache._async_call() == "first"
        assert await cache._async_call() == "first"
        while await cache._async_call() == "first":
            await asyncio.sleep(0)
        return source.asked

    assert asyncio.run(main()) == 2


def test_too_many_refreshes_in_the_background_are_skipped(caplog):
    strategy = refreshable.NonBlocking()
    for _ in range(refreshable.MAX_CONCURRENT_REFRESHES):
        # Those of other tests come back.
        assert refreshable.CONCURRENT_REFRESH_LEASES.acquire(timeout=WATCHDOG_SECONDS)
    try:
        strategy.prefetch(lambda: pytest.fail("it ran"))
    finally:
        refreshable.CONCURRENT_REFRESH_LEASES.release(refreshable.MAX_CONCURRENT_REFRESHES)
    assert "100 others are running" in caplog.text
    ran = threading.Event()

    def fail():
        ran.set()
        raise ValueError(SECRET)

    strategy.prefetch(fail)
    assert ran.wait(WATCHDOG_SECONDS)
    eventually(lambda: "failed: ValueError" in caplog.text)
    assert "canary" not in caplog.text


def test_a_refresh_that_cannot_be_started_is_not_running(caplog):
    strategy, ran = refreshable.NonBlocking(), threading.Event()
    with mock.patch.object(refreshable.EXECUTOR, "submit", side_effect=OSError(SECRET)) as submit:
        for _ in range(refreshable.MAX_CONCURRENT_REFRESHES + 1):
            strategy.prefetch(ran.set)
    assert submit.mock_calls == [mock.call(ran.set)] * (refreshable.MAX_CONCURRENT_REFRESHES + 1)
    assert "failed: OSError" in caplog.text and "canary" not in caplog.text
    strategy.prefetch(ran.set)
    assert ran.wait(WATCHDOG_SECONDS)


def test_a_child_has_a_cache_of_its_own(run_python):
    program = """
import os, threading, time
from aliyun_cred.provider import refreshable
asked = []
def fetch():
    asked.append(os.getpid())
    return refreshable.RefreshResult(value=len(asked), prefetch_time=0)
cache = refreshable.RefreshCachedSupplier(fetch, None, prefetch_strategy=refreshable.NonBlocking())
cache._sync_call(); cache._sync_call()
cache._lock.acquire()
child = os.fork()
if child == 0:
    # The lock is free, and the threads are new.
    assert cache._lock.acquire(blocking=False)
    cache._lock.release()
    cache._sync_call()
    while asked[-1] != os.getpid():
        time.sleep(0)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
cache._lock.release()
"""
    ended = run_python(program)
    assert ended.returncode == 0, ended.stderr


def test_modules_keep_their_public_names():
    for name in ("credentials", "providers", "utils.auth_constant", "utils.auth_util", "utils.parameter_helper"):
        public = importlib.import_module(f"aliyun_cred.{name}")
        assert public is importlib.import_module(f"aliyun_cred._legacy.{name.rpartition('.')[2]}")
        assert public.__name__ == f"aliyun_cred.{name}"
    pickled = pickle.dumps([credentials.StsCredential("i", "s", "t"), providers.EcsRamRoleCredentialProvider("r")])
    assert b"_legacy" not in pickled
    # Patching a name of a module changes what its code sees.
    with mock.patch("aliyun_cred.providers.EnvironmentVariableCredentialsProvider") as double:
        assert providers.DefaultCredentialsProvider().user_configuration_providers[0] is double.return_value
