"""The older providers, which return the objects of :mod:`aliyun_cred.credentials`.

New code uses :mod:`aliyun_cred.provider`. These are sources of the native core, too: each caches its credential, and
reads its own attributes at every call.
"""

import io
import os

from .. import _native, credentials
from .._keys import checked
from .._wait import ask_async, running, wait, wait_async
from ..exceptions import CredentialConfigError, failure

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..models import Config, CredentialModel
from ..utils import auth_constant as ac
from ..utils import auth_util as au

__name__ = "aliyun_cred.providers"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The options that providers copy from a configuration.
_TAKEN = (
    "type",
    "access_key_id",
    "access_key_secret",
    "role_arn",
    "role_session_name",
    "public_key_id",
    "role_name",
    "disable_imds_v1",
    "oidc_provider_arn",
    "oidc_token_file_path",
    "private_key_file",
    "bearer_token",
    "security_token",
    "host",
    "proxy",
    "sts_endpoint",
)


class AlibabaCloudCredentialsProvider:
    """The base of all older providers. A custom provider overrides :meth:`get_credentials`.

    ``config``: the source of options that are not passed as arguments.

    :raises CredentialConfigError: (a ``ValueError``) if an option without a default is missing
    :raises TypeError: if ``config`` is not a :class:`aliyun_cred.models.Config`
    """

    duration_seconds = 3600
    """The lifetime of a session, in seconds, 900 or more."""
    timeout = 3000
    """The limit of one request once connected, in milliseconds; if not configured, the core's own default applies."""
    connect_timeout = 3000
    """The limit for a connection, in milliseconds; if not configured, the core's own default applies."""

    def __init__(self, config: "Config | None" = None) -> None:
        if config is None:
            return
        if not isinstance(config, Config):
            raise TypeError(f"config must be an aliyun_cred.models.Config, not {type(config).__name__}")
        for name in _TAKEN:
            setattr(self, name, getattr(config, name))
        if config.timeout:
            self.timeout = config.timeout
        if config.connect_timeout:
            self.connect_timeout = config.connect_timeout

    def _set_arg(self, key: str, value: object) -> None:
        """Sets an attribute from an argument, which overrides the configuration; unset attributes become ``None``."""
        if value is not None or not hasattr(self, key):
            setattr(self, key, value)

    def _verify_empty_args(self, *args: object, config: object) -> None:
        if None in args and config is None:
            text = f'"{type(self)}" needs to receive a "model.Config" object or other necessary args'
            raise failure("invalid_config", text, CredentialConfigError)

    def get_credentials(self) -> "credentials.Credential | None":
        """Returns the current credential; ``None`` if this provider is not configured.

        :raises CredentialException: if the source fails
        """
        raise NotImplementedError("get_credentials() must be overridden")

    async def get_credentials_async(self) -> "credentials.Credential | None":
        """Like :meth:`get_credentials`, without blocking the event loop."""
        given: "credentials.Credential | None" = await running().in_thread(self.get_credentials)
        return given


class _Source(AlibabaCloudCredentialsProvider):
    """A source of the native core."""

    _SOURCE: str

    def _options(self) -> "dict[str, Any]":
        """Returns the attributes as options of the core."""
        raise NotImplementedError

    def _to_credential(self, model: CredentialModel) -> credentials.Credential:
        raise NotImplementedError

    def _native(self) -> _native.Client:
        # The instance's only: the class attributes merely document the official defaults.
        limits = {name: vars(self).get(name) for name in ("timeout", "connect_timeout", "proxy")}
        options = {name: value for name, value in {**self._options(), **limits}.items() if value is not None}
        native: _native.Client = credentials.keep_one(
            self, tuple(options.items()), lambda: _native.Client(options, self._SOURCE)
        )
        return native

    def get_credentials(self) -> credentials.Credential:
        native = self._native()
        return self._to_credential(native.cached() or wait(native))

    async def get_credentials_async(self) -> credentials.Credential:
        native = self._native()
        return self._to_credential(native.cached() or await wait_async(native))


class EcsRamRoleCredentialProvider(_Source):
    """The instance's RAM role, from the metadata service.

    ``role_name``: required here or in ``config``; if empty, the service is asked for it. ``config``, else
    ``ALIBABA_CLOUD_IMDSV1_DISABLED``, decides whether version 1 of the service may be used.
    """

    default_metadata_token_duration = 21600
    _SOURCE = "ecs_ram_role"

    role_name: "str | None"

    def __init__(self, role_name: "str | None" = None, config: "Config | None" = None) -> None:
        self._verify_empty_args(role_name, config=config)
        super().__init__(config)
        self._set_arg("role_name", role_name)
        if isinstance(config, Config):
            self.disable_imds_v1 = config.disable_imds_v1 is True
        else:
            self.disable_imds_v1 = au.environment_imds_v1_disabled.lower() == "true"

    def _options(self) -> "dict[str, Any]":
        return {"role_name": self.role_name, "disable_imds_v1": self.disable_imds_v1}

    def _to_credential(self, model: CredentialModel) -> credentials.Credential:
        return credentials.EcsRamRoleCredential(
            model.access_key_id, model.access_key_secret, model.security_token, model.expiration, self
        )


class _Sts(_Source):
    """A session that STS issues."""

    access_key_id: "str | None"
    access_key_secret: "str | None"
    role_arn: "str | None"
    role_session_name: "str | None"
    policy: "str | None"
    region_id: "str | None"
    sts_endpoint: "str | None"
    # The endpoint derived from the region, if none was given.
    _followed: "str | None" = None

    def _set_endpoint(self, region_id: "str | None") -> None:
        self._set_arg("region_id", au.environment_sts_region if region_id is None else region_id)
        if self.region_id is not None:
            self.sts_endpoint = self._followed = f"sts.{self.region_id}.aliyuncs.com"
        elif not getattr(self, "sts_endpoint", None):
            self.sts_endpoint = self._followed = "sts.aliyuncs.com"

    def _sts_options(self) -> "dict[str, Any]":
        # The core derives the endpoint from the region itself, and also reads the environment.
        follows = self.sts_endpoint == self._followed
        return {
            "sts_region_id": self.region_id,
            "sts_endpoint": None if follows else self.sts_endpoint,
            "role_session_expiration": self.duration_seconds,
        }


class RamRoleArnCredentialProvider(_Sts):
    """A RAM role, assumed with an AccessKey pair.

    ``access_key_id``, ``access_key_secret`` and ``role_arn``: required here or in ``config``. ``role_session_name``:
    default ``credentials-python-<seconds>``. ``region_id``: STS's region; else ``ALIBABA_CLOUD_STS_REGION``, else
    ``sts.aliyuncs.com`` is used. ``policy``: a policy in JSON that restricts the session.
    """

    _SOURCE = "ram_role_arn"

    def __init__(
        self,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        role_session_name: "str | None" = None,
        role_arn: "str | None" = None,
        region_id: "str | None" = None,
        policy: "str | None" = None,
        config: "Config | None" = None,
    ) -> None:
        self._verify_empty_args(access_key_id, access_key_secret, config=config)
        super().__init__(config)
        self._set_arg("role_arn", role_arn)
        self._set_arg("access_key_id", access_key_id)
        self._set_arg("access_key_secret", access_key_secret)
        self._set_arg("role_session_name", role_session_name)
        self._set_arg("policy", policy)
        self._set_endpoint(region_id)

    def _options(self) -> "dict[str, Any]":
        return {
            "access_key_id": self.access_key_id,
            "access_key_secret": self.access_key_secret,
            "role_arn": self.role_arn,
            "role_session_name": self.role_session_name,
            "policy": self.policy,
            **self._sts_options(),
        }

    def _to_credential(self, model: CredentialModel) -> credentials.Credential:
        return credentials.RamRoleArnCredential(
            model.access_key_id, model.access_key_secret, model.security_token, model.expiration, self
        )


class OIDCRoleArnCredentialProvider(_Sts):
    """A RAM role, assumed with an OIDC token.

    ``role_arn``, ``oidc_provider_arn`` and ``oidc_token_file_path``: required here or in ``config``. The file defaults
    to ``ALIBABA_CLOUD_OIDC_TOKEN_FILE`` and is read at every refresh. ``role_session_name``: default
    ``defaultSessionName``. ``region_id`` and ``policy``: see :class:`RamRoleArnCredentialProvider`.
    """

    _SOURCE = "oidc_role_arn"

    oidc_provider_arn: "str | None"
    oidc_token_file_path: "str | None"

    def __init__(
        self,
        role_session_name: "str | None" = None,
        role_arn: "str | None" = None,
        oidc_provider_arn: "str | None" = None,
        oidc_token_file_path: "str | None" = None,
        region_id: "str | None" = None,
        policy: "str | None" = None,
        config: "Config | None" = None,
    ) -> None:
        self._verify_empty_args(role_arn, oidc_provider_arn, oidc_token_file_path, config=config)
        super().__init__(config)
        self._set_arg("role_arn", role_arn)
        self._set_arg("oidc_provider_arn", oidc_provider_arn)
        self._set_arg("oidc_token_file_path", oidc_token_file_path)
        self._set_arg("oidc_token_file_path", au.environment_oidc_token_file if not self.oidc_token_file_path else None)
        if self.oidc_token_file_path is None:
            text = "The oidc_token_file_path does not exist and env ALIBABA_CLOUD_OIDC_TOKEN_FILE is none."
            raise failure("invalid_config", text, CredentialConfigError)
        self._set_arg("role_session_name", role_session_name)
        self._set_arg("policy", policy)
        self._set_endpoint(region_id)

    def _options(self) -> "dict[str, Any]":
        return {
            "role_arn": self.role_arn,
            "oidc_provider_arn": self.oidc_provider_arn,
            "oidc_token_file_path": self.oidc_token_file_path,
            "role_session_name": self.role_session_name or "defaultSessionName",
            "policy": self.policy,
            **self._sts_options(),
        }

    def _to_credential(self, model: CredentialModel) -> credentials.Credential:
        return credentials.OIDCRoleArnCredential(
            model.access_key_id, model.access_key_secret, model.security_token, model.expiration, self
        )


class RsaKeyPairCredentialProvider(_Sts):
    """A session of an RSA key pair.

    ``access_key_id``: the key's ID. ``access_key_secret``: the private key itself, in PEM. A configuration may have
    ``public_key_id`` and ``private_key_file`` instead. ``region_id``: see :class:`RamRoleArnCredentialProvider`; else
    ``sts.ap-northeast-1.aliyuncs.com`` is used.
    """

    _SOURCE = "rsa_key_pair"

    public_key_id: "str | None" = None
    private_key_file: "str | None" = None

    def __init__(
        self,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        region_id: "str | None" = None,
        config: "Config | None" = None,
    ) -> None:
        self._verify_empty_args(access_key_id, access_key_secret, config=config)
        super().__init__(config)
        self._set_arg("access_key_id", access_key_id)
        self._set_arg("access_key_secret", access_key_secret)
        self._set_endpoint(region_id)

    def _options(self) -> "dict[str, Any]":
        return {
            "public_key_id": self.access_key_id or self.public_key_id,
            "private_key": self.access_key_secret,
            "private_key_file": self.private_key_file,
            **self._sts_options(),
        }

    def _to_credential(self, model: CredentialModel) -> credentials.Credential:
        return credentials.RsaKeyPairCredential(model.access_key_id, model.access_key_secret, model.expiration, self)


class EnvironmentVariableCredentialsProvider(AlibabaCloudCredentialsProvider):
    """The environment variables, unless ``auth_util.client_type`` chooses a section of the INI file."""

    def get_credentials(self) -> "credentials.Credential | None":
        if au.client_type != "default":
            return None
        access_key_id = checked(au.environment_access_key_id, "ALIBABA_CLOUD_ACCESS_KEY_ID")
        access_key_secret = checked(au.environment_access_key_secret, "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
        security_token = checked(au.environment_security_token, "ALIBABA_CLOUD_SECURITY_TOKEN")
        if access_key_id is None or access_key_secret is None:
            return None
        if not access_key_id:
            raise failure("invalid_config", "Environment variable accessKeyId cannot be empty")
        if not access_key_secret:
            raise failure("invalid_config", "Environment variable accessKeySecret cannot be empty")
        if security_token:
            return credentials.StsCredential(access_key_id, access_key_secret, security_token)
        return credentials.AccessKeyCredential(access_key_id, access_key_secret)

    async def get_credentials_async(self) -> "credentials.Credential | None":
        return self.get_credentials()


class CredentialsUriProvider(AlibabaCloudCredentialsProvider):
    """The URI in ``ALIBABA_CLOUD_CREDENTIALS_URI``. It is requested when a field is first read."""

    def get_credentials(self) -> "credentials.Credential | None":
        uri = au.environment_credentials_uri
        return None if uri is None else credentials.CredentialsURICredential(uri)

    async def get_credentials_async(self) -> "credentials.Credential | None":
        return self.get_credentials()


class ProfileCredentialsProvider(AlibabaCloudCredentialsProvider):
    """The section of the INI file that ``auth_util.client_type`` chooses.

    ``path``: the file; else ``ALIBABA_CLOUD_CREDENTIALS_FILE``, else ``~/.alibabacloud/credentials.ini``, else
    ``~/.alibabacloud/credentials``. A section with ``enable = false`` is ignored.
    """

    file_path: "str | None"

    def __init__(self, path: "str | None" = None) -> None:
        super().__init__()
        self._set_arg("file_path", path)

    def parse_ini(self) -> "dict[str, str] | None":
        """Returns the section's keys and values; ``None`` if there is no such file or section.

        :raises CredentialException: if the file cannot be read, or is not an INI file
        """
        import configparser

        path = self._path()
        parser = configparser.RawConfigParser(inline_comment_prefixes=("#", ";"))
        try:
            # Universal newlines, as in a file that Python opens.
            parser.read_file(io.StringIO(_native.read_text(path), None))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise failure("io", f"cannot read {_native.shown_path(path)}: {error}") from None
        except configparser.Error as error:
            # Only the class: the text may quote the file, secrets included.
            text = f"{_native.shown_path(path)} cannot be read as an INI file: {type(error).__name__}"
            raise failure("malformed_file", text) from None
        if not parser.has_section(au.client_type):
            return None
        return dict(parser.items(au.client_type))

    def _path(self) -> str:
        path = self.file_path or au.environment_credentials_file
        if path is None:
            folder = os.path.join(au.get_home(), ".alibabacloud")
            path = os.path.join(folder, "credentials.ini")
            path = path if os.path.exists(path) else os.path.join(folder, "credentials")
        elif not path:
            raise failure("invalid_config", "The specified credentials file is empty")
        return os.fspath(path)

    def get_credentials(self) -> "credentials.Credential | None":
        found = self._found()
        return found.get_credentials() if isinstance(found, _Source) else found

    async def get_credentials_async(self) -> "credentials.Credential | None":
        found = self._found()
        return await found.get_credentials_async() if isinstance(found, _Source) else found

    _MAKERS = {
        ac.INI_TYPE_ARN: "_get_sts_assume_role_session_provider",
        ac.INI_TYPE_OIDC: "_get_sts_oidc_role_session_provider",
        ac.INI_TYPE_KEY_PAIR: "_get_sts_get_session_access_key_provider",
        ac.INI_TYPE_RAM: "_get_instance_profile_provider",
    }

    def _found(self) -> "_Source | credentials.Credential | None":
        section = self.parse_ini()
        if section is None or section.get(ac.INI_ENABLE, "").lower() == "false":
            return None
        kind = section.get(ac.INI_TYPE)
        if not kind:
            raise failure("invalid_config", "The configured client type is empty")
        maker = self._MAKERS.get(kind)
        if maker is None:
            place = f"[{au.client_type}] of {_native.shown_path(self._path())}"
            access_key_id, access_key_secret = (
                checked(section.get(name), f"'{name}' of {place}", "malformed_file")
                for name in (ac.INI_ACCESS_KEY_ID, ac.INI_ACCESS_KEY_IDSECRET)
            )
            if not access_key_id or not access_key_secret:
                return None
            return credentials.AccessKeyCredential(access_key_id, access_key_secret)
        # The same provider while the section is unchanged, so that its cache is used.
        found: _Source = credentials.keep_one(self, tuple(section.items()), lambda: getattr(self, maker)(section))
        return found

    @staticmethod
    def _get_sts_assume_role_session_provider(config: "dict[str, str]") -> RamRoleArnCredentialProvider:
        access_key_id = config.get(ac.INI_ACCESS_KEY_ID)
        access_key_secret = config.get(ac.INI_ACCESS_KEY_IDSECRET)
        role_session_name = config.get(ac.INI_ROLE_SESSION_NAME)
        role_arn = config.get(ac.INI_ROLE_ARN)
        if not access_key_id or not access_key_secret:
            raise failure("invalid_config", "The configured access_key_id or access_key_secret is empty")
        if not role_session_name or not role_arn:
            raise failure("invalid_config", "The configured role_session_name or role_arn is empty")
        region_id, policy = config.get(ac.DEFAULT_REGION), config.get(ac.INI_POLICY)
        return RamRoleArnCredentialProvider(
            access_key_id, access_key_secret, role_session_name, role_arn, region_id, policy
        )

    @staticmethod
    def _get_sts_oidc_role_session_provider(config: "dict[str, str]") -> OIDCRoleArnCredentialProvider:
        role_arn = config.get(ac.INI_ROLE_ARN)
        oidc_provider_arn = config.get(ac.INI_OIDC_PROVIDER_ARN)
        if not role_arn:
            raise failure("invalid_config", "The configured role_arn is empty")
        if not oidc_provider_arn:
            raise failure("invalid_config", "The configured oidc_provider_arn is empty")
        return OIDCRoleArnCredentialProvider(
            config.get(ac.INI_ROLE_SESSION_NAME),
            role_arn,
            oidc_provider_arn,
            config.get(ac.INI_OIDC_TOKEN_FILE_PATH),
            config.get(ac.DEFAULT_REGION),
            config.get(ac.INI_POLICY),
        )

    @staticmethod
    def _get_sts_get_session_access_key_provider(config: "dict[str, str]") -> RsaKeyPairCredentialProvider:
        public_key_id = config.get(ac.INI_PUBLIC_KEY_ID)
        private_key_file = config.get(ac.INI_PRIVATE_KEY_FILE)
        if not private_key_file:
            raise failure("invalid_config", "The configured private_key_file is empty")
        try:
            private_key = au.get_private_key(private_key_file)
        except OSError as error:
            raise failure("io", f"cannot read {_native.shown_path(private_key_file)}: {error}") from None
        if not public_key_id or not private_key:
            raise failure("invalid_config", "The configured public_key_id or private_key_file content is empty")
        return RsaKeyPairCredentialProvider(public_key_id, private_key)

    @staticmethod
    def _get_instance_profile_provider(config: "dict[str, str]") -> EcsRamRoleCredentialProvider:
        role_name = config.get(ac.INI_ROLE_NAME)
        if not role_name:
            raise failure("invalid_config", "The configured role_name is empty")
        return EcsRamRoleCredentialProvider(role_name)


class DefaultCredentialsProvider(AlibabaCloudCredentialsProvider):
    """Asks several providers in order, and returns the first credential.

    The environment variables, an OIDC token if configured, the INI file, the instance's role if
    ``ALIBABA_CLOUD_ECS_METADATA`` names it, the credentials URI; then the added providers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.user_configuration_providers: "list[Any]" = [EnvironmentVariableCredentialsProvider()]
        if au.enable_oidc_credential:
            self.user_configuration_providers.append(
                OIDCRoleArnCredentialProvider(
                    role_session_name=au.environment_role_session_name,
                    role_arn=au.environment_role_arn,
                    oidc_provider_arn=au.environment_oidc_provider_arn,
                    oidc_token_file_path=au.environment_oidc_token_file,
                )
            )
        self.user_configuration_providers.append(ProfileCredentialsProvider())
        role_name = au.environment_ecs_metadata
        if role_name is not None:
            self.user_configuration_providers.append(EcsRamRoleCredentialProvider(role_name))
        self.user_configuration_providers.append(CredentialsUriProvider())

    def get_credentials(self) -> credentials.Credential:
        for provider in list(self.user_configuration_providers):
            credential: "credentials.Credential | None" = provider.get_credentials()
            if credential is not None:
                return credential
        raise failure("not_configured", "not found credentials")

    async def get_credentials_async(self) -> credentials.Credential:
        for provider in list(self.user_configuration_providers):
            credential: "credentials.Credential | None" = await ask_async(provider)
            if credential is not None:
                return credential
        raise failure("not_configured", "not found credentials")

    def add_credentials_provider(self, p: "Any") -> None:
        """Adds a provider at the end."""
        self.user_configuration_providers.append(p)

    def remove_credentials_provider(self, p: "Any") -> None:
        """Removes a provider.

        :raises ValueError: if it is not in the list
        """
        self.user_configuration_providers.remove(p)

    def contains_credentials_provider(self, p: "Any") -> bool:
        """Returns whether a provider is in the list."""
        return p in self.user_configuration_providers

    def clear_credentials_provider(self) -> None:
        """Removes all providers."""
        self.user_configuration_providers.clear()
