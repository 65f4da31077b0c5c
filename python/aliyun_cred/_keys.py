"""Keys, secrets and tokens that reach a program without a native client: the core's own rules for them."""

from . import _native
from .exceptions import CredentialException, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMES = {
    "access_key_id": "AccessKey ID",
    "access_key_secret": "AccessKey secret",
    "security_token": "security token",
    "bearer_token": "bearer token",
}
"""The fields of a credential that are one, and what texts call them."""


def checked(
    value: "Any",
    name: str,
    kind: str = "invalid_config",
    kind_of_exception: "type[CredentialException]" = CredentialException,
) -> "Any":
    """``value`` without the white space around it, of which a warning tells; what is no ``str`` as it is.

    :raises CredentialException: of this kind, if it cannot be a key; its text begins with ``name``
    """
    if not isinstance(value, str):
        return value
    try:
        return _native.key(value, name)
    except ValueError as error:
        raise failure(kind, str(error), kind_of_exception) from None
