"""What a provider gives."""

from ._bases import ICredentials


class Credentials(ICredentials):
    """A credential. What does not apply is ``None``. ``str`` and ``repr`` mask the secrets; the getters give them.

    The one that a provider of this package gives is shared by everyone who asks, until the credential changes.
    """

    def __init__(
        self,
        *,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
        expiration: "int | None" = None,
        provider_name: "str | None" = None,
    ) -> None:
        self._access_key_id = access_key_id
        self._access_key_secret = access_key_secret
        self._security_token = security_token
        self._expiration = expiration
        self._provider_name = provider_name

    def get_access_key_id(self) -> "str | None":
        """The AccessKey ID; ``None`` for a bearer token."""
        return self._access_key_id

    def get_access_key_secret(self) -> "str | None":
        """The AccessKey secret; ``None`` for a bearer token."""
        return self._access_key_secret

    def get_security_token(self) -> "str | None":
        """The STS security token; ``None`` for a long-lived pair."""
        return self._security_token

    def get_expiration(self) -> "int | None":
        """When it ends by the service's word, in seconds since 1970; ``None`` if it does not end."""
        return self._expiration

    def get_provider_name(self) -> "str | None":
        """The path of sources that led here, such as ``ram_role_arn/static_ak``."""
        return self._provider_name

    def __repr__(self) -> str:
        secret = None if self._access_key_secret is None else "***"
        token = None if self._security_token is None else "***"
        return (
            f"{type(self).__name__}(access_key_id={self._access_key_id!r}, access_key_secret={secret}, "
            f"security_token={token}, expiration={self._expiration!r}, provider_name={self._provider_name!r})"
        )
