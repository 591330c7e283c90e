"""Leave out what Great Expectations imports and the gate never uses."""

import importlib
import importlib.util
import sys
from functools import cache

#: Great Expectations imports SciPy's statistics for two expectations about distributions, and this
#: takes a third of the time of its own import.
STATISTICS = "scipy.stats"
#: It imports Spark if it is installed. The gate reads PostgreSQL only. Spark's client for remote
#: sessions even ends the process if the process has no main file, such as a test worker.
SPARK, REMOTE_SPARK = "pyspark", "pyspark.sql.connect"


@cache
def load_great_expectations() -> None:
    """Import Great Expectations. SciPy's statistics are loaded when they are first used."""
    _defer(STATISTICS)
    hidden = REMOTE_SPARK if SPARK in sys.modules else SPARK
    is_loaded = hidden in sys.modules
    if not is_loaded:
        sys.modules[hidden] = None  # type: ignore[assignment]
    try:
        importlib.import_module("great_expectations")
    finally:
        if not is_loaded:
            del sys.modules[hidden]


def _defer(name: str) -> None:
    """Let a module be loaded when it is first used."""
    found = None if name in sys.modules else importlib.util.find_spec(name)
    if found is None or found.loader is None:
        return
    found.loader = importlib.util.LazyLoader(found.loader)
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    package, _, last = name.rpartition(".")
    setattr(sys.modules[package], last, module)
