"""Makes the official package's name a second name of this package: the same modules, with the same classes."""

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

OFFICIAL = "alibabacloud_credentials"
_OURS = __name__.partition(".")[0]


class _Loader:
    """Returns a module of this package under its second name."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just replaced the module's own spec, under which it was loaded.
        module.__spec__ = self._spec


class _Finder:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        package, _, rest = name.partition(".")
        if package != OFFICIAL:
            return None
        ours = f"{_OURS}.{rest}" if rest else _OURS
        if importlib.util.find_spec(ours) is None:
            return None
        module = importlib.import_module(ours)
        return ModuleSpec(name, _Loader(module), is_package=hasattr(module, "__path__"))  # type: ignore[arg-type]


def install() -> None:
    """Makes every later import of the official name an import of this package. Further calls do nothing."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    sys.modules[OFFICIAL] = sys.modules[_OURS]
