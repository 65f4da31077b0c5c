"""What does not come through a native client is held to the same rules: keys, files, paths and texts."""

import asyncio
import os
import pickle
from types import SimpleNamespace

import pytest
from aliyun_cred import credentials, providers
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialConfigError, CredentialException, failure
from aliyun_cred.provider import RamRoleArnCredentialsProvider
from aliyun_cred.provider._cloud_credential import _CredentialsProviderWrap
from aliyun_cred.utils import auth_util

from support import SECRET, TOKEN
from test_older import KEY

# A line break, what clears a terminal, and what turns the text around.
HOSTILE = "a\r\nb\x1b[2Jc\u202ed"
HARMLESS = "a  b [2Jc d"


class Given:
    """What a provider gives, field by field."""

    def __init__(self, fields):
        self.fields = fields

    def __getattr__(self, getter):
        return lambda: self.fields.get(getter[len("get_") :])


class Own:
    """A provider of the user's own."""

    def __init__(self, name="mine", **fields):
        self.name = name
        self.fields = {"access_key_id": "id", "access_key_secret": "s", **fields}

    def get_credentials(self):
        return Given(self.fields)

    def get_provider_name(self):
        return self.name


class OwnAsync(Own):
    async def get_credentials_async(self):
        return self.get_credentials()


def role_over(provider, sts):
    return RamRoleArnCredentialsProvider(
        credentials_provider=provider, role_arn="acs:ram::1:role/r", role_session_name="s", sts_endpoint=sts.url
    )


WAYS = {
    "client": lambda provider: Client(provider=provider).get_credential(),
    "async client": lambda provider: asyncio.run(Client(provider=provider).get_credential_async()),
    "async provider": lambda provider: asyncio.run(
        Client(provider=OwnAsync(provider.name, **provider.fields)).get_credential_async()
    ),
    "wrap": lambda provider: _CredentialsProviderWrap(provider=provider).get_credential(),
}


@pytest.fixture(params=WAYS)
def ask(request):
    return WAYS[request.param]


def test_white_space_around_the_keys_of_an_own_provider_is_cut_off(ask):
    model = ask(Own(access_key_id=" id\r\n", access_key_secret="\ts ", security_token="t\n"))
    assert (model.access_key_id, model.access_key_secret, model.security_token) == ("id", "s", "t")
    assert ask(Own(bearer_token=" b\n")).bearer_token == "b"
    assert ask(Own(security_token=" \n")).security_token is None


FIELDS = {
    "access_key_id": "AccessKey ID",
    "access_key_secret": "AccessKey secret",
    "security_token": "security token",
    "bearer_token": "bearer token",
}


@pytest.mark.parametrize("field", FIELDS)
def test_what_an_own_provider_gives_that_is_no_key_is_refused(ask, field):
    for value, why in (
        (f"{SECRET}\r\nX-Evil: 1", "contains a control character"),
        (f"{SECRET} x", "contains white space"),
        (f"{SECRET}\u202e", "contains characters that are not ASCII"),
        (f"{SECRET}\udc80", "contains characters that are not ASCII"),
    ):
        with pytest.raises(CredentialException) as caught:
            ask(Own(**{field: value}))
        assert str(caught.value) == f"the {FIELDS[field]} of the provider 'mine' {why}"
        assert caught.value.kind == "internal" and caught.value.__cause__ is None
    with pytest.raises(CredentialException, match="^the provider 'mine' gave a credential without AccessKey ID or se"):
        ask(Own(access_key_secret=" \n"))


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "bearer_token"])
def test_the_core_checks_the_keys_of_a_roles_provider(field, sts):
    for value, why in (
        (f"{SECRET} x", "contains white space"),
        (f"{SECRET}\udc80", "contains characters that are not ASCII"),
    ):
        with pytest.raises(CredentialException) as caught:
            role_over(Own(**{field: value}), sts).get_credentials()
        assert str(caught.value) == f"the {FIELDS[field]} of the provider 'mine' {why}"
        assert caught.value.kind == "internal"
    assert role_over(Own(**{field: " x\n"}), sts).get_credentials().get_access_key_id() == "STS.1"


def test_a_roles_provider_gives_a_pair_that_is_valid(sts):
    for fields, kind, text in (
        (
            {"access_key_secret": " \n"},
            "internal",
            "the provider 'mine' gave a credential without AccessKey ID or secret",
        ),
        ({"expiration": 1}, "expired", "the provider 'mine' gave a credential that has already expired"),
        (
            {"access_key_id": None, "access_key_secret": None, "bearer_token": "b"},
            "invalid_config",
            "a bearer token cannot assume a role",
        ),
    ):
        with pytest.raises(CredentialException) as caught:
            role_over(Own(**fields), sts).get_credentials()
        assert caught.value.kind == kind
        assert str(caught.value).endswith(text)
    assert sts.requests == 0
    assert role_over(Own(security_token=" \n", bearer_token="b"), sts).get_credentials().get_access_key_id() == "STS.1"


def test_names_of_own_providers_are_one_line(ask, sts):
    own = Own(HOSTILE)
    model = ask(own)
    assert (model.type, model.provider_name) == (HARMLESS, HARMLESS)
    assert repr(Client(provider=own)) == f"Client(type={HARMLESS!r})"
    assert role_over(own, sts).get_credentials().get_provider_name() == f"ram_role_arn/{HARMLESS}"
    own.fields["provider_name"] = f"vault {HOSTILE}"
    assert ask(own).provider_name == f"vault {HARMLESS}"
    own.fields["access_key_id"] = None
    for asking in (lambda: ask(own), role_over(own, sts).get_credentials):
        with pytest.raises(CredentialException) as caught:
            asking()
        text = f"the provider '{HARMLESS}' gave a credential without AccessKey ID or secret"
        assert str(caught.value).endswith(text) and HOSTILE not in repr(caught.value)


def test_every_text_of_this_package_is_one_line():
    assert str(failure("internal", HOSTILE)) == HARMLESS
    assert str(failure("internal", "a\udc80")).strip("\ufffd") == "a"


MAKERS = {
    "access_key": lambda **fields: credentials.AccessKeyCredential(
        fields["access_key_id"], fields["access_key_secret"]
    ),
    "sts": lambda **fields: credentials.StsCredential(
        fields["access_key_id"], fields["access_key_secret"], fields["security_token"]
    ),
    "ecs_ram_role": lambda **fields: credentials.EcsRamRoleCredential(
        fields["access_key_id"], fields["access_key_secret"], fields["security_token"], 2**40, None
    ),
    "rsa_key_pair": lambda **fields: credentials.RsaKeyPairCredential(
        fields["access_key_id"], fields["access_key_secret"], 2**40, None
    ),
    "bearer": lambda **fields: credentials.BearerTokenCredential(fields["bearer_token"]),
}
GIVEN = dict.fromkeys(FIELDS, "value")


def made_with(name, **fields):
    return MAKERS[name](**{**GIVEN, **fields})


@pytest.mark.parametrize("name", MAKERS)
def test_the_fields_of_an_older_credential_are_keys(name):
    held = vars(made_with(name)).keys() & FIELDS.keys()
    assert held
    for field in held:
        credential = made_with(name, **{field: " x\r\n"})
        assert getattr(credential, field) == getattr(credential.get_credential(), field) == "x"
        assert getattr(pickle.loads(pickle.dumps(credential)), field) == "x"
        with pytest.raises(CredentialConfigError) as caught:
            made_with(name, **{field: f"{SECRET}\r\nX: y"})
        assert str(caught.value) == f"the {FIELDS[field]} contains a control character"
        assert caught.value.kind == "invalid_config"
        # Assigned later, too.
        setattr(credential, field, "y\n")
        assert getattr(credential, field) == "y"
        with pytest.raises(ValueError):
            setattr(credential, field, "y\0")
        assert getattr(credential, field) == "y"
        # What is no text is the user's affair, as ever.
        assert getattr(made_with(name, **{field: None}), field) is None


def test_what_a_credential_asks_a_provider_for_are_keys():
    given = SimpleNamespace(access_key_id="id\n", access_key_secret="s", security_token="t\n", expiration=2**40)
    own = SimpleNamespace(get_credentials=lambda: given)
    model = credentials.RamRoleArnCredential("id", "s", "t", 0, own).get_credential()
    assert (model.access_key_id, model.security_token) == ("id", "t")
    given.security_token = "t\r\nX: y"
    with pytest.raises(CredentialException, match="^the security token contains a control character$"):
        credentials.RamRoleArnCredential("id", "s", "t", 0, own).get_credential()


@pytest.fixture
def variables(monkeypatch):
    def set_to(access_key_id="id", access_key_secret=SECRET, security_token=""):
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", access_key_id)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", access_key_secret)
        monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", security_token)

    return set_to


def test_variables_are_keys(variables):
    provider = providers.EnvironmentVariableCredentialsProvider()
    variables("id\n", f" {SECRET}\r\n", f"{TOKEN}\n")
    found = provider.get_credentials()
    assert found.get_access_key_id() == "id"
    assert found.get_access_key_secret() == SECRET, "differs"
    assert found.get_security_token() == TOKEN, "differs"
    variables(security_token=" ")
    assert type(provider.get_credentials()) is credentials.AccessKeyCredential
    variables("i\r\nX: y")
    with pytest.raises(CredentialException) as caught:
        provider.get_credentials()
    assert str(caught.value) == "ALIBABA_CLOUD_ACCESS_KEY_ID contains a control character"
    assert caught.value.kind == "invalid_config"
    variables(access_key_secret=" ")
    with pytest.raises(CredentialException, match="^Environment variable accessKeySecret cannot be empty$"):
        provider.get_credentials()


def test_white_space_is_warned_of_once(variables, run_python):
    variables("id\n")
    ended = run_python(
        "from aliyun_cred import providers\n"
        "for _ in range(3): providers.EnvironmentVariableCredentialsProvider().get_credentials()"
    )
    assert ended.returncode == 0
    text = "ALIBABA_CLOUD_ACCESS_KEY_ID has white space around it, which is ignored; remove it\n"
    assert ended.stderr == text


SECTION = f"[default]\ntype = access_key\naccess_key_id = id\naccess_key_secret = {SECRET}\n"


@pytest.fixture
def ini(tmp_path):
    """Gives a provider of a file with these bytes."""

    def write(given, name="credentials.ini"):
        path = tmp_path / name
        path.write_bytes(given if isinstance(given, bytes) else given.encode())
        return providers.ProfileCredentialsProvider(str(path))

    return write


@pytest.mark.parametrize(
    "mark, encoding", [("", "utf-8"), ("\ufeff", "utf-8"), ("\ufeff", "utf-16-le"), ("\ufeff", "utf-16-be")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sections_are_read_in_every_encoding(ini, mark, encoding, end):
    found = ini((mark + SECTION.replace("\n", end)).encode(encoding)).get_credentials()
    assert found.access_key_id == "id"
    assert found.access_key_secret == SECRET, "differs"


def test_the_keys_of_a_section_are_keys(ini):
    assert ini(SECTION.replace("= id", "= \u3000id\t")).get_credentials().access_key_id == "id"
    for wrong, why in (("i\x07d", "a control character"), ("id\u200b", "characters that are not ASCII")):
        provider = ini(SECTION.replace("= id", f"= {wrong}"))
        with pytest.raises(CredentialException) as caught:
            provider.get_credentials()
        assert str(caught.value) == f"'access_key_id' of [default] of {provider.file_path} contains {why}"
        assert caught.value.kind == "malformed_file"


def test_the_home_directory_may_be_written_as_a_tilde(ini, monkeypatch):
    ini(SECTION)
    assert providers.ProfileCredentialsProvider("~/credentials.ini").get_credentials().access_key_id == "id"
    monkeypatch.setenv("ALIBABA_CLOUD_CREDENTIALS_FILE", "~/credentials.ini")
    assert providers.ProfileCredentialsProvider().get_credentials().access_key_id == "id"


def unreadable(tmp_path):
    """Paths of what is no file that can be read, and why."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "large").write_bytes(b" " * (2**20 + 1))
    (tmp_path / "binary").write_bytes(b"\xff\xff\xff")
    os.mkfifo(tmp_path / "pipe")
    return {
        "folder": "is a directory",
        "large": "it is larger than 1 MiB",
        "binary": "it is neither UTF-8 nor UTF-16",
        "pipe": "it is not a regular file",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes (os.mkfifo)")
def test_only_small_regular_files_are_read(ini, tmp_path):
    for name, why in unreadable(tmp_path).items():
        path = tmp_path / name
        with pytest.raises(CredentialException) as caught:
            providers.ProfileCredentialsProvider(str(path)).get_credentials()
        assert (str(caught.value), caught.value.kind) == (f"cannot read {path}: {why}", "io")
        with pytest.raises(OSError, match=why):
            auth_util.get_private_key(str(path))
        section = f"[default]\ntype = rsa_key_pair\npublic_key_id = i\nprivate_key_file = {path}"
        with pytest.raises(CredentialException) as caught:
            ini(section).get_credentials()
        assert (str(caught.value), caught.value.kind) == (f"cannot read {path}: {why}", "io")
    with pytest.raises(FileNotFoundError):
        auth_util.get_private_key(str(tmp_path / "absent"))


def test_key_files_are_read_in_every_encoding(tmp_path):
    text = KEY.read_text()
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "key.pem").write_bytes(text.encode(encoding))
        assert auth_util.get_private_key("~/key.pem") == text, "differs"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Every relative path leads to a folder of that name."""
    monkeypatch.chdir(tmp_path)
    return lambda name: (tmp_path / name).mkdir()


@pytest.mark.parametrize("pasted", [SECRET, TOKEN[:200].replace("/", "_")])
def test_a_secret_in_place_of_a_path_does_not_show(ini, here, pasted):
    here(pasted)
    sections = "[default]\ntype = rsa_key_pair\npublic_key_id = i\nprivate_key_file = "
    for provider in (providers.ProfileCredentialsProvider(pasted), ini(sections + pasted), ini(f"{sections}{pasted}x")):
        with pytest.raises(CredentialException) as caught:
            provider.get_credentials()
        assert "canary" not in f"{caught.value}{caught.value!r}"
        assert f"<{len(pasted)} characters>" in str(caught.value) or f"<{len(pasted) + 1} characters>" in str(
            caught.value
        )


def test_a_path_shows_in_one_line(here):
    here(HOSTILE)
    with pytest.raises(CredentialException) as caught:
        providers.ProfileCredentialsProvider(f"./{HOSTILE}").get_credentials()
    assert str(caught.value) == f"cannot read ./{HARMLESS}: is a directory"
