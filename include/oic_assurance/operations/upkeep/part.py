"""What a part of the upkeep is, and what it reports."""

from collections.abc import Callable
from dataclasses import dataclass, field

from oic_assurance.settings import Settings


@dataclass(frozen=True)
class Did:
    """What a part did, or in a dry run, what it would do.

    `counts` are numbers by name. `note` says what was left for the next run, if anything was.
    """

    counts: dict[str, int] = field(default_factory=dict)
    #: The size in bytes of what the part looks after. None if it has no size.
    bytes_before: int | None = None
    bytes_after: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class Part:
    """One part of the upkeep.

    `run` gets the settings and whether this is a dry run, which changes nothing.
    """

    name: str
    does: str
    run: Callable[[Settings, bool], Did]
