"""The older credential objects."""

import sys as _sys

from ._legacy import credentials as _module
from ._legacy.credentials import *  # noqa: F403

_sys.modules[__name__] = _module
