"""The configuration of a client, and the credential that it returns."""

# Type checkers know this name without `typing`, whose import costs more than the rest of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable

    class TeaModel: ...

else:
    # The official SDKs, where installed, check for this base.
    try:
        from Tea.model import TeaModel
    except ImportError:

        class TeaModel:
            pass


# Secrets, and values that may contain one: a proxy's password, a command's arguments.
_SECRETS = (
    "access_key_secret",
    "security_token",
    "bearer_token",
    "private_key",
    "credentials_uri",
    "process_command",
    "access_token",
    "refresh_token",
    "proxy",
)
# Where users paste secrets by mistake. Shown only if the value looks like a path.
_PATHS = {"oidc_token_file_path", "private_key_file", "profile_file"}
_TYPES = (
    "access_key",
    "sts",
    "bearer",
    "ecs_ram_role",
    "ram_role_arn",
    "rsa_key_pair",
    "oidc_role_arn",
    "credentials_uri",
)


def _masked(name: str, value: object) -> str:
    if name in _SECRETS:
        return "***"
    if name in _PATHS and isinstance(value, str):
        # Imported late: most programs never show a configuration.
        from ._native import shown_path

        return repr(shown_path(value))
    if name in _PATHS or name == "profile_name":
        return _length(value)
    return repr(value)


def _length(value: object) -> str:
    """Describes a value that may be a misplaced secret."""
    return f"<{len(value)} characters>" if isinstance(value, str) else f"<{type(value).__name__}>"


def _masked_option(name: str, value: object) -> str:
    return _length(value) if name == "type" and value not in _TYPES else _masked(name, value)


def _shown(model: object, names: "Iterable[str]", mask: "Callable[[str, object], str]" = _masked) -> str:
    """Formats the fields that are set, secrets masked."""
    fields = [(name, getattr(model, name, None)) for name in names]
    return f"({', '.join(f'{name}={mask(name, value)}' for name, value in fields if value is not None)})"


class Config(TeaModel):
    """The configuration of one source of credentials. All options are optional here; making a client checks them.

    An option that is ``None`` is read from its environment variable, if it has one, else it has a default. ``str`` and
    ``repr`` mask the secrets; :meth:`to_map` returns them.
    """

    # Option -> key in the map.
    _FIELDS = {
        "type": "type",
        "access_key_id": "accessKeyId",
        "access_key_secret": "accessKeySecret",
        "security_token": "securityToken",
        "bearer_token": "bearerToken",
        "duration_seconds": "durationSeconds",
        "role_arn": "roleArn",
        "oidc_provider_arn": "oidcProviderArn",
        "oidc_token_file_path": "oidcTokenFilePath",
        "role_session_name": "roleSessionName",
        "role_session_expiration": "roleSessionExpiration",
        "policy": "policy",
        "external_id": "externalId",
        "sts_endpoint": "stsEndpoint",
        "sts_region_id": "stsRegionId",
        "enable_vpc": "enableVpc",
        "public_key_id": "publicKeyId",
        "private_key_file": "privateKeyFile",
        "private_key": "privateKey",
        "role_name": "roleName",
        "enable_imds_v2": "enableIMDSv2",
        "disable_imds_v1": "disableIMDSv1",
        "metadata_token_duration": "metadataTokenDuration",
        "async_credential_update_enabled": "asyncCredentialUpdateEnabled",
        "credentials_uri": "credentialsUri",
        "host": "host",
        "timeout": "timeout",
        "connect_timeout": "connectTimeout",
        "profile_name": "profileName",
        "profile_file": "profileFile",
        "reuse_last_provider_enabled": "reuseLastProviderEnabled",
        "process_command": "processCommand",
        "sign_in_url": "signInUrl",
        "account_id": "accountId",
        "access_config": "accessConfig",
        "access_token": "accessToken",
        "access_token_expire": "accessTokenExpire",
        "client_id": "clientId",
        "refresh_token": "refreshToken",
        "sts_expiration": "stsExpiration",
        "proxy": "proxy",
    }

    def __init__(
        self,
        *,
        type: "str | None" = None,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
        bearer_token: "str | None" = None,
        duration_seconds: "int | None" = None,
        role_arn: "str | None" = None,
        oidc_provider_arn: "str | None" = None,
        oidc_token_file_path: "str | None" = None,
        role_session_name: "str | None" = None,
        role_session_expiration: "int | None" = None,
        policy: "str | None" = None,
        external_id: "str | None" = None,
        sts_endpoint: "str | None" = None,
        sts_region_id: "str | None" = None,
        enable_vpc: "bool | None" = None,
        public_key_id: "str | None" = None,
        private_key_file: "str | None" = None,
        private_key: "str | None" = None,
        role_name: "str | None" = None,
        enable_imds_v2: "bool | None" = None,
        disable_imds_v1: "bool | None" = None,
        metadata_token_duration: "int | None" = None,
        async_credential_update_enabled: "bool | None" = None,
        credentials_uri: "str | None" = None,
        host: "str | None" = None,
        timeout: "int | None" = None,
        connect_timeout: "int | None" = None,
        profile_name: "str | None" = None,
        profile_file: "str | None" = None,
        reuse_last_provider_enabled: "bool | None" = None,
        process_command: "str | None" = None,
        sign_in_url: "str | None" = None,
        account_id: "str | None" = None,
        access_config: "str | None" = None,
        access_token: "str | None" = None,
        access_token_expire: "int | None" = None,
        client_id: "str | None" = None,
        refresh_token: "str | None" = None,
        sts_expiration: "int | None" = None,
        proxy: "str | None" = None,
    ) -> None:
        self.type = type
        """The kind of source. Required.

        ``access_key``, ``sts``, ``bearer``, ``ecs_ram_role``, ``ram_role_arn``, ``rsa_key_pair``, ``oidc_role_arn`` or
        ``credentials_uri``.
        """
        self.access_key_id = access_key_id
        """The AccessKey ID; else ``ALIBABA_CLOUD_ACCESS_KEY_ID``."""
        self.access_key_secret = access_key_secret
        """The AccessKey secret; else ``ALIBABA_CLOUD_ACCESS_KEY_SECRET``."""
        self.security_token = security_token
        """The STS security token; for ``sts`` else ``ALIBABA_CLOUD_SECURITY_TOKEN``."""
        self.bearer_token = bearer_token
        """The bearer token."""
        self.duration_seconds = duration_seconds
        """Accepted for compatibility and ignored; see ``role_session_expiration``."""
        self.role_arn = role_arn
        """The ARN of the RAM role to assume; else ``ALIBABA_CLOUD_ROLE_ARN``."""
        self.oidc_provider_arn = oidc_provider_arn
        """The ARN of the OIDC provider; else ``ALIBABA_CLOUD_OIDC_PROVIDER_ARN``."""
        self.oidc_token_file_path = oidc_token_file_path
        """The file that holds the OIDC token; else ``ALIBABA_CLOUD_OIDC_TOKEN_FILE``."""
        self.role_session_name = role_session_name
        """The session's name; else ``ALIBABA_CLOUD_ROLE_SESSION_NAME``, else ``credentials-python-<seconds>``."""
        self.role_session_expiration = role_session_expiration
        """The session's lifetime in seconds, 900 or more; default 3600."""
        self.policy = policy
        """A policy in JSON that restricts the session."""
        self.external_id = external_id
        """The external ID that the role's trust policy requires."""
        self.sts_endpoint = sts_endpoint
        """STS's host, host with port, or URL; else ``ALIBABA_CLOUD_STS_ENDPOINT``, else by region."""
        self.sts_region_id = sts_region_id
        """STS's region, such as ``cn-hangzhou``; else ``ALIBABA_CLOUD_STS_REGION``, else ``sts.aliyuncs.com``."""
        self.enable_vpc = enable_vpc
        """Whether to use the region's VPC endpoint; else ``ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED``."""
        self.public_key_id = public_key_id
        """The key ID of an RSA key pair."""
        self.private_key_file = private_key_file
        """The file that holds the private key of an RSA key pair."""
        self.private_key = private_key
        """The private key itself, in PEM; takes precedence over the file."""
        self.role_name = role_name
        """The instance's RAM role; else ``ALIBABA_CLOUD_ECS_METADATA``, else the metadata service's answer."""
        self.enable_imds_v2 = enable_imds_v2
        """Accepted for compatibility and ignored: version 2 of the metadata service is always tried first."""
        self.disable_imds_v1 = disable_imds_v1
        """Disables the fallback to version 1 of the metadata service; else ``ALIBABA_CLOUD_IMDSV1_DISABLED``."""
        self.metadata_token_duration = metadata_token_duration
        """Accepted for compatibility and ignored."""
        self.async_credential_update_enabled = async_credential_update_enabled
        """Whether a timer refreshes the metadata service's credentials; default true."""
        self.credentials_uri = credentials_uri
        """The URI that returns credentials; else ``ALIBABA_CLOUD_CREDENTIALS_URI``."""
        self.host = host
        """Accepted for compatibility and ignored."""
        self.timeout = timeout
        """The limit of one request once connected, in milliseconds; 0 or ``None``: the source's default."""
        self.connect_timeout = connect_timeout
        """The limit for a connection, in milliseconds; 0 or ``None``: the source's default."""
        self.profile_name = profile_name
        """The profile of a configuration file, for the sources ``cli_profile`` and ``profile``."""
        self.profile_file = profile_file
        """The configuration file, for the sources ``cli_profile`` and ``profile``; else the default path."""
        self.reuse_last_provider_enabled = reuse_last_provider_enabled
        """Whether the chain keeps to the first source that gave a credential; default true."""
        self.process_command = process_command
        """The command that prints a credential, for the source ``external``."""
        self.sign_in_url = sign_in_url
        """The sign-in URL, for the sources ``cloud_sso`` and ``oauth``."""
        self.account_id = account_id
        """The account's ID, for the source ``cloud_sso``."""
        self.access_config = access_config
        """The access configuration's ID, for the source ``cloud_sso``."""
        self.access_token = access_token
        """The access token, for the sources ``cloud_sso`` and ``oauth``."""
        self.access_token_expire = access_token_expire
        """When the access token expires, in seconds since 1970."""
        self.client_id = client_id
        """The client's ID, for the source ``oauth``."""
        self.refresh_token = refresh_token
        """The refresh token, for the source ``oauth``."""
        self.sts_expiration = sts_expiration
        """When the given AccessKey pair and security token expire, in seconds since 1970, for ``oauth``."""
        self.proxy = proxy
        """The proxy for this source's requests, such as ``http://127.0.0.1:8080``; else that of the environment."""

    def to_map(self) -> "dict[str, str | int | bool]":
        """Returns the options that are not ``None``, secrets included, under the map's keys (``accessKeyId``)."""
        fields = ((key, getattr(self, name)) for name, key in self._FIELDS.items())
        return {key: value for key, value in fields if value is not None}

    def validate(self) -> None:
        """Does nothing: making a client checks its configuration."""

    def from_map(self, m: "dict[str, Any] | None" = None) -> "Config":
        """Sets fields from a map like that of :meth:`to_map`, and returns itself. Ignores unknown keys and ``None``."""
        given = m or {}
        if given.get("credentialsURI") is not None:
            self.credentials_uri = given["credentialsURI"]
        for name, key in self._FIELDS.items():
            if given.get(key) is not None:
                setattr(self, name, given[key])
        return self

    def __repr__(self) -> str:
        return type(self).__name__ + _shown(self, self._FIELDS, _masked_option)

    # The base would show secrets.
    __str__ = __repr__


class CredentialModel(TeaModel):
    """A resolved credential. Fields that do not apply are ``None``.

    ``str`` and ``repr`` mask the secrets; the attributes and :meth:`to_map` return them.

    A client returns the same model to all callers until the credential changes. Its attributes cannot be set; those of
    a ``copy.copy`` can.
    """

    _FIELDS = {
        "access_key_id": "accessKeyId",
        "access_key_secret": "accessKeySecret",
        "security_token": "securityToken",
        "bearer_token": "bearerToken",
        "type": "type",
        "provider_name": "providerName",
    }

    def __init__(
        self,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
        bearer_token: "str | None" = None,
        type: "str | None" = None,
        provider_name: "str | None" = None,
    ) -> None:
        self.access_key_id = access_key_id
        """The AccessKey ID; ``None`` for a bearer token."""
        self.access_key_secret = access_key_secret
        """The AccessKey secret; ``None`` for a bearer token."""
        self.security_token = security_token
        """The STS security token; ``None`` for a long-lived pair."""
        self.bearer_token = bearer_token
        """The bearer token; ``None`` for anything else."""
        self.type = type
        """The type that the client was made for, such as ``ram_role_arn``, or ``default`` for a chain."""
        self.provider_name = provider_name
        """The path of sources that gave the credential, such as ``default/cli_profile/static_ak``."""
        self.expiration: "int | None" = None
        """When it expires, in seconds since 1970; ``None`` if it does not expire. Not in the map."""

    def get_access_key_id(self) -> "str | None":
        """Returns :attr:`access_key_id`."""
        return self.access_key_id

    def get_access_key_secret(self) -> "str | None":
        """Returns :attr:`access_key_secret`."""
        return self.access_key_secret

    def get_security_token(self) -> "str | None":
        """Returns :attr:`security_token`."""
        return self.security_token

    def get_bearer_token(self) -> "str | None":
        """Returns :attr:`bearer_token`."""
        return self.bearer_token

    def get_type(self) -> "str | None":
        """Returns :attr:`type`."""
        return self.type

    def get_provider_name(self) -> "str | None":
        """Returns :attr:`provider_name`."""
        return self.provider_name

    def to_map(self) -> "dict[str, str]":
        """Returns the strings that are not ``None``, secrets included, under the map's keys (``accessKeyId``)."""
        fields = ((key, getattr(self, name)) for name, key in self._FIELDS.items())
        return {key: value for key, value in fields if value is not None}

    def validate(self) -> None:
        """Does nothing: a source's answer is checked on receipt."""

    def from_map(self, m: "dict[str, Any] | None" = None) -> "CredentialModel":
        """Sets fields from a map like that of :meth:`to_map`, and returns itself. Ignores unknown keys and ``None``."""
        given = m or {}
        for name, key in self._FIELDS.items():
            if given.get(key) is not None:
                setattr(self, name, given[key])
        return self

    def __repr__(self) -> str:
        return type(self).__name__ + _shown(self, (*self._FIELDS, "expiration"))

    # The base would show secrets.
    __str__ = __repr__


class _SharedCredentialModel(CredentialModel):
    """The model that a client returns: one object per credential, shared by all callers and therefore read-only.

    Copies and pickles are plain :class:`CredentialModel` objects.
    """

    def __init__(self, *values: "str | int | None") -> None:
        for name, value in zip((*self._FIELDS, "expiration"), values):
            super().__setattr__(name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"this credential is shared: use copy.copy() to get one whose {name!r} you can set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"this credential is shared: use copy.copy() to get one whose {name!r} you can delete")

    def __reduce__(self) -> "tuple[object, ...]":
        return CredentialModel, (), dict(self.__dict__)


_SharedCredentialModel.__name__ = CredentialModel.__name__
