"""The pieces of a signed RPC request, for programs that make their own."""

import sys as _sys

from .._legacy import parameter_helper as _module
from .._legacy.parameter_helper import *  # noqa: F403

_sys.modules[__name__] = _module
