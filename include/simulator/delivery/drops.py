"""Drops: one file put into a folder at one moment, and the troubles that can befall it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from simulator.chance import Chance, Stream
from simulator.moments import DAY, at

# Feeds have teething troubles that leave a day without its file. Later ones are only a nuisance:
# the demonstration is to show fresh sources.
TEETHING_UNTIL = date(2026, 10, 31)

MISSING = "missing"
LATE = "late"
AGAIN = "dropped again"
CORRECTED = "corrected"
PARTIAL = "partial left behind"
EMPTY = "empty"
TRUNCATED = "truncated"
OTHER_DATASET = "other dataset"
HURTFUL = frozenset({MISSING, LATE, EMPTY, TRUNCATED, OTHER_DATASET})

TROUBLES: dict[str, dict[str, float]] = {
    "hr/personnel": {LATE: 0.03, MISSING: 0.02, AGAIN: 0.03, CORRECTED: 0.02, PARTIAL: 0.03},
    "hr/org_unit": {AGAIN: 0.05, OTHER_DATASET: 0.015},
    "lms/completions": {
        LATE: 0.03,
        MISSING: 0.015,
        AGAIN: 0.03,
        PARTIAL: 0.02,
        EMPTY: 0.006,
        TRUNCATED: 0.012,
    },
    "hydra/attendance": {AGAIN: 0.06, PARTIAL: 0.04},
}


@dataclass(frozen=True)
class Drop:
    """A file put into a folder."""

    dataset: str
    name: str
    dropped_at: datetime
    form: str
    trouble: str | None
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Export:
    """What a scheduled export of one day would hand over, before anything goes wrong."""

    dataset: str
    day: date
    name: str
    hour: float
    form: str
    content: Callable[[], bytes]
    # What else can take its place: the same rows in another form, another dataset's.
    otherwise: Callable[[], bytes] | None = None


def drops_of(chance: Chance, export: Export, *, safe: bool) -> list[Drop]:
    """Return the drops that an export ends in: one as a rule, or none, or several."""
    rng = chance.stream("drop", export.dataset, export.day)
    moment = at(export.day, export.hour + rng.uniform(0, 0.4))
    later = at(export.day + rng.randint(1, 3) * DAY, rng.uniform(9, 16))
    trouble = None if safe else _trouble(rng, export)
    if trouble is None:
        return [_drop(export, moment)]
    if trouble == MISSING:
        return []
    if trouble == LATE:
        return [_drop(export, later, trouble)]
    if trouble == AGAIN:
        return [_drop(export, moment), _drop(export, later, trouble)]
    if trouble == CORRECTED and export.otherwise is not None:
        first = _drop(export, moment, trouble, content=export.otherwise)
        return [first, _drop(export, later, trouble)]
    if trouble == PARTIAL:
        half = _drop(export, moment, trouble, name=f"{export.name}.part", content=_half(export))
        return [half, _drop(export, moment)]
    return [_drop(export, moment, trouble, content=_harmed(export, trouble))]


def _trouble(rng: Stream, export: Export) -> str | None:
    chances = TROUBLES.get(export.dataset, {})
    options: dict[str | None, float] = {None: 1.0 - sum(chances.values())}
    options.update(chances)
    fate = rng.weighted(options)
    if fate in HURTFUL and export.day > TEETHING_UNTIL:
        return None
    return fate


def _drop(
    export: Export,
    moment: datetime,
    trouble: str | None = None,
    *,
    name: str | None = None,
    content: Callable[[], bytes] | None = None,
) -> Drop:
    return Drop(
        export.dataset,
        name or export.name,
        moment,
        export.form,
        trouble,
        content or export.content,
    )


def _half(export: Export) -> Callable[[], bytes]:
    def content() -> bytes:
        whole = export.content()
        return whole[: len(whole) // 2]

    return content


def _harmed(export: Export, trouble: str) -> Callable[[], bytes]:
    def content() -> bytes:
        if trouble == EMPTY:
            return b""
        if trouble == OTHER_DATASET and export.otherwise is not None:
            return export.otherwise()
        # The connection was cut some characters before the end of the last line.
        return export.content().rstrip(b"\r\n\0 ")[:-9]

    return content
