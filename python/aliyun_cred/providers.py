"""The older providers."""

import sys as _sys

from ._legacy import providers as _module
from ._legacy.providers import *  # noqa: F403

_sys.modules[__name__] = _module
