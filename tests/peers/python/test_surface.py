"""Every name of the official package is one of ours, and can be used in the same way."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
import types

import alibabacloud_credentials
import pytest

OFFICIAL = "alibabacloud_credentials"
OURS = "aliyun_cred"


def modules():
    found = pkgutil.walk_packages(alibabacloud_credentials.__path__, OFFICIAL + ".")
    return [OFFICIAL, *(module.name for module in found if not module.name.rpartition(".")[2].startswith("_"))]


def pair(name):
    return importlib.import_module(name), importlib.import_module(name.replace(OFFICIAL, OURS, 1))


def is_theirs(value):
    """Whether it was written there, or by the package of their bases, and not by others that they use."""
    return getattr(value, "__module__", OFFICIAL).startswith(OFFICIAL)


# Programs import from these what they import themselves.
WELL_KNOWN = {"client", "credentials", "providers"}
# What nobody imports from where it is: whether a module of the standard library is there, and a type variable.
INNER = {"HAS_FCNTL", "HAS_MSVCRT", "T"}


def members():
    """`module`, `name` of what each module is for, and of what can be imported from those of `WELL_KNOWN` as well."""
    for module in modules():
        package = hasattr(importlib.import_module(module), "__path__")
        for name, value in vars(importlib.import_module(module)).items():
            if name.startswith("_") or name in INNER or isinstance(value, types.ModuleType) or not is_theirs(value):
                continue
            own = getattr(value, "__module__", module) == module
            if own or package or module.removeprefix(f"{OFFICIAL}.") in WELL_KNOWN:
                yield module, name


def classes():
    for module, name in members():
        if inspect.isclass(getattr(importlib.import_module(module), name)):
            yield module, name


def methods():
    for module, name in classes():
        kind = getattr(importlib.import_module(module), name)
        for method in vars(kind):
            if method == "__init__" or not method.startswith("_"):
                yield module, name, method


def functions():
    for module, name in members():
        if inspect.isfunction(getattr(importlib.import_module(module), name)):
            yield module, name


def assert_callable_alike(theirs, ours):
    """What can be passed there can be passed here, and means the same."""
    assert inspect.iscoroutinefunction(theirs) == inspect.iscoroutinefunction(ours)
    theirs, ours = (dict(inspect.signature(function).parameters) for function in (theirs, ours))
    positional = [name for name, one in theirs.items() if one.kind is not one.KEYWORD_ONLY]
    assert list(ours)[: len(positional)] == positional
    for name, one in theirs.items():
        other = ours.pop(name)
        assert one.kind == other.kind, name
        if is_theirs(type(one.default)):
            assert type(one.default).__name__ == type(other.default).__name__, name
        else:
            assert one.default == other.default, name
    # What we have beside can be left out.
    assert all(more.default is not more.empty for more in ours.values())


@pytest.mark.parametrize("module", modules())
def test_there_is_each_module(module):
    pair(module)


REACHABLE = """
import importlib, operator, sys
package, *names = sys.argv[1:]
importlib.import_module(package + ".client")
for name in names:
    try:
        print(name, operator.attrgetter(name)(sys.modules[package]).__name__.replace(package, "", 1))
    except AttributeError:
        pass
"""


def test_modules_that_the_client_imports_are_attributes():
    def reachable(package):
        names = [module.partition(".")[2] for module in modules() if module != OFFICIAL]
        command = [sys.executable, "-W", "ignore", "-c", REACHABLE, package, *names]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())

    theirs = reachable(OFFICIAL)
    assert {"exceptions .exceptions", "utils.auth_util .utils.auth_util"} < theirs <= reachable(OURS)


@pytest.mark.parametrize(("module", "name"), list(members()))
def test_there_is_each_name(module, name):
    theirs, ours = (getattr(each, name) for each in pair(module))
    # The home directory is what it was at import.
    if isinstance(theirs, (str, int, float, tuple)) and name.isupper() and name != "HOME":
        assert ours == theirs
    else:
        assert inspect.isclass(theirs) == inspect.isclass(ours)
        assert callable(theirs) == callable(ours)


@pytest.mark.parametrize(("module", "name"), list(functions()))
def test_functions_are_called_alike(module, name):
    assert_callable_alike(*(getattr(each, name) for each in pair(module)))


@pytest.mark.parametrize(("module", "name"), list(classes()))
def test_classes_have_the_same_foreign_bases(module, name):
    theirs, ours = (getattr(each, name) for each in pair(module))
    foreign = {base for base in theirs.__mro__ if base.__module__.partition(".")[0] != OFFICIAL}
    assert foreign <= set(ours.__mro__)


@pytest.mark.parametrize(("module", "name", "method"), list(methods()))
def test_classes_have_the_same_methods(module, name, method):
    theirs, ours = (getattr(getattr(each, name), method) for each in pair(module))
    if inspect.isfunction(theirs):
        assert_callable_alike(theirs, ours)
    elif isinstance(theirs, (str, int)):
        assert ours == theirs


PAIR = {"access_key_id": "id", "access_key_secret": "secret"}
STS = {**PAIR, "security_token": "token"}
SESSION = {**STS, "expiration": 4_000_000_000, "provider": None}
OLDER_ROLE = {"role_arn": "acs:ram::1:role/r", "role_session_name": "session"}
OIDC = {"oidc_provider_arn": "acs:ram::1:oidc-provider/p", "oidc_token_file_path": "token"}
INSTANCES = {
    "client._CredentialsProviderWrap": {"type_name": "type", "provider": None},
    "credentials.AccessKeyCredential": PAIR,
    "credentials.BearerTokenCredential": {"bearer_token": "token"},
    "credentials.Credential": {},
    "credentials.CredentialsURICredential": {"credentials_uri": "http://127.0.0.1"},
    "credentials.EcsRamRoleCredential": SESSION,
    "credentials.OIDCRoleArnCredential": SESSION,
    "credentials.RamRoleArnCredential": SESSION,
    "credentials.RsaKeyPairCredential": {**PAIR, "expiration": 4_000_000_000, "provider": None},
    "credentials.StsCredential": STS,
    "exceptions.CredentialException": {"message": "text", "code": "Code"},
    "http.HttpOptions": {"proxy": "http://127.0.0.1"},
    "models.Config": {"type": "sts", **STS},
    "models.CredentialModel": {"type": "sts", **STS},
    "provider.StaticAKCredentialsProvider": PAIR,
    "provider.StaticSTSCredentialsProvider": STS,
    "providers.CredentialsUriProvider": {},
    "providers.EcsRamRoleCredentialProvider": {"role_name": "role"},
    "providers.EnvironmentVariableCredentialsProvider": {},
    "providers.OIDCRoleArnCredentialProvider": {**OLDER_ROLE, **OIDC, "region_id": "cn-hangzhou"},
    "providers.ProfileCredentialsProvider": {"path": "file"},
    "providers.RamRoleArnCredentialProvider": {**PAIR, **OLDER_ROLE, "policy": "{}"},
    "providers.RsaKeyPairCredentialProvider": PAIR,
}


@pytest.mark.parametrize("name", INSTANCES)
def test_instances_have_the_same_attributes(name):
    module, _, kind = name.partition(".")
    made = (getattr(each, kind)(**INSTANCES[name]) for each in pair(f"{OFFICIAL}.{module}"))
    theirs, ours = made
    shown = {attribute for attribute in vars(theirs) if not attribute.startswith("_")}
    assert {each: getattr(ours, each) for each in shown} == {each: getattr(theirs, each) for each in shown}
