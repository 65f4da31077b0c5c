"""Names that configurations are made of."""

import sys as _sys

from .._legacy import auth_constant as _module
from .._legacy.auth_constant import *  # noqa: F403

_sys.modules[__name__] = _module
