"""Applies the core's rules for keys, secrets and tokens to those that do not pass through a native client."""

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
"""The fields of a credential to which the rules apply, and their names in texts."""


def checked(
    value: "Any",
    name: str,
    kind: str = "invalid_config",
    kind_of_exception: "type[CredentialException]" = CredentialException,
) -> "Any":
    """Strips ``value`` of surrounding white space, with a warning. Returns anything but a ``str`` unchanged.

    :raises CredentialException: of this kind, if the value is not a valid key; its text begins with ``name``
    """
    if not isinstance(value, str):
        return value
    try:
        return _native.key(value, name)
    except ValueError as error:
        raise failure(kind, str(error), kind_of_exception) from None
