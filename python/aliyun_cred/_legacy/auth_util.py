"""The environment's variables as attributes of this module.

Reading an attribute reads the environment. An assigned value overrides the environment for every client of this process
until the attribute is deleted; ``None`` counts as not set. ``client_type`` chooses the section of the SDKs'
configuration file, and ``enable_oidc_credential`` says whether OIDC is in the default chain.
"""

import os
import sys
from types import ModuleType

from .. import _native

_this = sys.modules[__name__]
__name__ = "aliyun_cred.utils.auth_util"

# Attribute -> variable, and its value if that is not set.
_VARIABLES: "dict[str, tuple[str, str | None]]" = {
    "environment_access_key_id": ("ALIBABA_CLOUD_ACCESS_KEY_ID", None),
    "environment_access_key_secret": ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", None),
    "environment_security_token": ("ALIBABA_CLOUD_SECURITY_TOKEN", None),
    "environment_ECSMeta_data": ("ALIBABA_CLOUD_ECS_METADATA", None),
    "environment_ecs_metadata": ("ALIBABA_CLOUD_ECS_METADATA", None),
    "environment_imds_v1_disabled": ("ALIBABA_CLOUD_IMDSV1_DISABLED", "false"),
    "environment_ecs_metadata_disabled": ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "false"),
    "environment_credentials_file": ("ALIBABA_CLOUD_CREDENTIALS_FILE", None),
    "environment_profile_name": ("ALIBABA_CLOUD_PROFILE", None),
    "environment_oidc_token_file": ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", None),
    "environment_role_arn": ("ALIBABA_CLOUD_ROLE_ARN", None),
    "environment_oidc_provider_arn": ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", None),
    "environment_role_session_name": ("ALIBABA_CLOUD_ROLE_SESSION_NAME", None),
    "environment_credentials_uri": ("ALIBABA_CLOUD_CREDENTIALS_URI", None),
    "environment_cli_profile_disabled": ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "false"),
    "environment_sts_region": ("ALIBABA_CLOUD_STS_REGION", None),
    "environment_enable_vpc": ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "false"),
}
_OIDC = ("environment_oidc_token_file", "environment_role_arn", "environment_oidc_provider_arn")
# These have no variable; the core knows them by name.
_CORE_NAMES = ("client_type", "enable_oidc_credential")

# Resolved by `__getattr__` of the module's class, below.
environment_access_key_id: "str | None"
environment_access_key_secret: "str | None"
environment_security_token: "str | None"
environment_ECSMeta_data: "str | None"
environment_ecs_metadata: "str | None"
environment_imds_v1_disabled: "str"
environment_ecs_metadata_disabled: "str"
environment_credentials_file: "str | None"
environment_profile_name: "str | None"
environment_oidc_token_file: "str | None"
environment_role_arn: "str | None"
environment_oidc_provider_arn: "str | None"
environment_role_session_name: "str | None"
environment_credentials_uri: "str | None"
environment_cli_profile_disabled: "str"
environment_sts_region: "str | None"
environment_enable_vpc: "str"
client_type: "str"
enable_oidc_credential: "bool"

private_key: "str | None" = None


def _attribute(name: str) -> str:
    """Returns one name for the two attributes that stand for the same variable."""
    return "environment_ecs_metadata" if name == "environment_ECSMeta_data" else name


def _variable(name: str) -> str:
    return _VARIABLES[name][0] if name in _VARIABLES else name


class _AuthUtil(ModuleType):
    def __getattr__(self, name: str) -> "object":
        if name == "client_type":
            return os.environ.get("ALIBABA_CLOUD_PROFILE", "default")
        if name == "enable_oidc_credential":
            return all(getattr(self, part) for part in _OIDC)
        if name == "environment_ECSMeta_data":
            return self.environment_ecs_metadata
        if name in _VARIABLES:
            variable, default = _VARIABLES[name]
            return os.environ.get(variable, default)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        # The core first: a value that it rejects is not assigned.
        if name == "enable_oidc_credential":
            _native.assign_variable(name, str(bool(value)))
        elif name in _VARIABLES or name == "client_type":
            _native.assign_variable(_variable(name), None if value is None else str(value))
        super().__setattr__(_attribute(name), value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(_attribute(name))
        if name in _VARIABLES or name in _CORE_NAMES:
            _native.release_variable(_variable(name))

    def __dir__(self) -> "list[str]":
        return sorted({*super().__dir__(), *_VARIABLES, *_CORE_NAMES})


def get_private_key(file_path: str) -> str:
    """Reads a key file by the same rules as the configuration's ``private_key_file``.

    :raises OSError: if it cannot be read
    """
    return _native.read_text(file_path)


def get_home() -> str:
    """Returns ``HOME``, else ``HOMEPATH`` (on Windows after ``HOMEDRIVE``), else the system's home directory."""
    path = os.environ.get("HOMEPATH")
    if path and sys.platform == "win32" and ":" not in path[:2]:
        path = os.environ.get("HOMEDRIVE", "") + path
    return os.environ.get("HOME") or path or os.path.expanduser("~")


_this.__class__ = _AuthUtil
# Reloading this module reads the environment again, officially.
for _name in vars(_this).keys() & {*_VARIABLES, *_CORE_NAMES}:
    delattr(_this, _name)
