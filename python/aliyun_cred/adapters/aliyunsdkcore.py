"""For ``aliyun-python-sdk-core``: the V1 SDK.

>>> from aliyun_cred.adapters.aliyunsdkcore import AcsClient
>>> acs = AcsClient(region_id="cn-hangzhou", credential=client)
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-untyped-call, unused-ignore"
from aliyunsdkcore import client
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.auth.signers.access_key_signer import AccessKeySigner
from aliyunsdkcore.auth.signers.signer import Signer
from aliyunsdkcore.auth.signers.sts_token_signer import StsTokenSigner

from ..client import Client
from ._base import Adapter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Signer(Adapter, Signer):
    def sign(self, region_id: str, request: "Any") -> "Any":
        access_key_id, access_key_secret, security_token = self.parts()
        if security_token is not None:
            credential = StsTokenCredential(access_key_id, access_key_secret, security_token)
            return StsTokenSigner(credential).sign(region_id, request)
        # On a retry, the SDK leaves the token of the earlier attempt in the request.
        request.get_query_params().pop("SecurityToken", None)
        request.get_headers().pop("x-acs-security-token", None)
        return AccessKeySigner(AccessKeyCredential(access_key_id, access_key_secret)).sign(region_id, request)


class AcsClient(client.AcsClient):
    """The SDK's client, but asks a client of this package for every signature, those of retries included.

    If a service answers ``InvalidAccessKeyId``, :meth:`do_action_with_exception` asks for a new credential and tries
    once more: the key may have been rotated.
    """

    def __init__(self, region_id: str = "cn-hangzhou", *, credential: "Client | None" = None, **options: "Any") -> None:
        """``credential``: a client, default one of the default chain; ``options``: the SDK's other arguments."""
        # The SDK takes only credentials of its own classes, and would sign with ALIYUN_ACCESS_KEY_ID if that is set.
        super().__init__(region_id=region_id, credential=StsTokenCredential("", "", ""), **options)
        self._signer = _Signer(credential)

    def do_action_with_exception(self, acs_request: "Any") -> "Any":
        """Sends a request, at most twice.

        :raises ServerException: if the service refuses it
        """
        try:
            return super().do_action_with_exception(acs_request)
        except ServerException as exception:
            if not self._signer.forgets(exception.get_error_code()):
                raise
        return super().do_action_with_exception(acs_request)
