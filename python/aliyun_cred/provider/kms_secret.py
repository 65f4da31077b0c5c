"""The source ``kms_secret``."""

from ..http import HttpOptions
from ._base import Provider, base_of


class KmsSecretCredentialsProvider(Provider):
    """An AccessKey pair in a secret of KMS, which rotates it. No class of the official package does this.

    ``secret_name``: the secret's name or ARN. ``kms_region_id``: KMS's region; default that of the ARN.
    ``kms_endpoint``: KMS's host, such as that of a dedicated gateway; default by region. ``ca_file``: the certificate
    authorities to trust, in PEM: a dedicated gateway has one of its own. ``credentials_provider``: a provider of this
    package or a custom provider that KMS is asked with; default the AccessKey pair given here, else the default chain.
    """

    _SOURCE = "kms_secret"

    def __init__(
        self,
        *,
        secret_name: "str | None" = None,
        kms_region_id: "str | None" = None,
        kms_endpoint: "str | None" = None,
        enable_vpc: "bool | None" = None,
        ca_file: "str | None" = None,
        credentials_provider: "object" = None,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
        http_options: "HttpOptions | None" = None,
    ) -> None:
        options = {
            "secret_name": secret_name,
            "kms_region_id": kms_region_id,
            "kms_endpoint": kms_endpoint,
            "enable_vpc": enable_vpc,
            "ca_file": ca_file,
            "access_key_id": access_key_id,
            "access_key_secret": access_key_secret,
            "security_token": security_token,
            **self._limits(http_options),
        }
        self._open(options, base_of(credentials_provider))
