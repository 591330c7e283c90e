"""Leave out what Great Expectations imports and the gate never uses."""

import importlib.util
import sys
from functools import cache

#: Great Expectations imports SciPy's statistics for two expectations about distributions, and this
#: takes a third of the time of its own import.
NOT_USED = "scipy.stats"


@cache
def defer_statistics() -> None:
    """Let SciPy's statistics be loaded when they are first used. Call this before the import."""
    found = None if NOT_USED in sys.modules else importlib.util.find_spec(NOT_USED)
    if found is None or found.loader is None:
        return
    found.loader = importlib.util.LazyLoader(found.loader)
    module = importlib.util.module_from_spec(found)
    sys.modules[NOT_USED] = module
    found.loader.exec_module(module)
    package, _, name = NOT_USED.rpartition(".")
    setattr(sys.modules[package], name, module)
