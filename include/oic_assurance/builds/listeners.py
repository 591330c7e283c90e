"""Tell listeners what a run does, without knowing who listens.

A listener is a function. It gets what has happened, the settings, and what belongs to it:

- `run began`: the ID of the run, and its as-at moment.
- `stage began`: the ID of the run, and the `Stage`. A listener that wants to hear how the stage
  ends returns a function. It is called with the error that ended the stage, or None.
- `run ended`: the `Run`.
- `runs were interrupted`: nothing. No run is active.
- `publication is shown`: its ID. Another event than a run has made it current.

What a listener raises is logged, and neither stops nor fails a run.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from oic_assurance.settings import Settings

LOG = logging.getLogger(__name__)
#: The listeners, as module and function. They are imported when there is something to tell.
LISTENERS = ("oic_assurance.reporting.openlineage.recorder:hear",)


@dataclass(frozen=True)
class Stage:
    """A stage of a run, with what it works on: a dataset or a build."""

    name: str
    dataset: str | None = None
    build_id: int | None = None


def tell(what: str, settings: Settings, *given: Any) -> list[Any]:
    """Tell every listener what has happened. Return what the listeners have returned."""
    return [_quietly(_hear, listener, what, settings, *given) for listener in LISTENERS]


@contextmanager
def told(settings: Settings, run_id: str, stage: Stage) -> Iterator[None]:
    """Tell every listener that the stage in the block has begun, and how it has ended."""
    ends = tell("stage began", settings, run_id, stage)
    ended_by: BaseException | None = None
    try:
        yield
    except BaseException as error:
        ended_by = error
        raise
    finally:
        for end in filter(None, ends):
            _quietly(end, ended_by)


def _hear(listener: str, *given: Any) -> Any:
    module, _, name = listener.partition(":")
    return getattr(import_module(module), name)(*given)


def _quietly(call: Callable[..., Any], *given: Any) -> Any:
    try:
        return call(*given)
    except Exception as error:
        LOG.warning("A listener has failed: %s", type(error).__name__)
        LOG.debug("A listener", exc_info=True)
        return None
