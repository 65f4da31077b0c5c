"""The sources ``env_legacy``, ``env_oss``, ``env_terraform`` and ``oss_profile``: those of other tools, which end the
default chain."""

from ._base import Provider


class LegacyEnvironmentVariableCredentialsProvider(Provider):
    """The variables of the first SDKs, read at every call: ``ALIYUN_ACCESS_KEY_ID``, ``ALIYUN_ACCESS_KEY_SECRET``."""

    _SOURCE = "env_legacy"

    def __init__(self) -> None:
        self._open({})


class OSSEnvironmentVariableCredentialsProvider(Provider):
    """The variables of the OSS SDKs, read at every call: ``OSS_ACCESS_KEY_ID``, ``OSS_ACCESS_KEY_SECRET`` and
    ``OSS_SESSION_TOKEN``."""

    _SOURCE = "env_oss"

    def __init__(self) -> None:
        self._open({})


class TerraformEnvironmentVariableCredentialsProvider(Provider):
    """The variables of Terraform, read at every call: ``ALICLOUD_ACCESS_KEY``, ``ALICLOUD_SECRET_KEY`` and
    ``ALICLOUD_SECURITY_TOKEN``."""

    _SOURCE = "env_terraform"

    def __init__(self) -> None:
        self._open({})


class OSSProfileCredentialsProvider(Provider):
    """A section of ``~/.oss/credentials``."""

    _SOURCE = "oss_profile"

    def __init__(
        self,
        *,
        profile_file: "str | None" = None,
        profile_name: "str | None" = None,
    ) -> None:
        self._open({"profile_file": profile_file, "profile_name": profile_name})
