"""The environment's variables as attributes of this module."""

import sys as _sys

from .._legacy import auth_util as _module
from .._legacy.auth_util import *  # noqa: F403

_sys.modules[__name__] = _module
