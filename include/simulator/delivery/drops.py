"""Drops of files into the dropzone, and the faults that deliveries can have."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from simulator.chance import Chance, Stream
from simulator.moments import DAY, at

# Until this day, deliveries can have serious faults (`SERIOUS`). Later deliveries can have only the
# other faults, because the demonstration must end with fresh sources.
TEETHING_UNTIL = date(2026, 10, 31)

MISSING = "missing"
LATE = "late"
AGAIN = "dropped again"
CORRECTED = "corrected"
PARTIAL = "partial left behind"
EMPTY = "empty"
TRUNCATED = "truncated"
OTHER_DATASET = "other dataset"
# These faults leave a day without a good file, or delay the day's file.
SERIOUS = frozenset({MISSING, LATE, EMPTY, TRUNCATED, OTHER_DATASET})

FAULTS: dict[str, dict[str, float]] = {
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
    """A file put into its dataset's folder, with its fault, if it has one."""

    dataset: str
    name: str
    dropped_at: datetime
    form: str
    fault: str | None
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Export:
    """The file that a source should deliver on one day, before any fault is added."""

    dataset: str
    day: date
    name: str
    hour: float
    form: str
    content: Callable[[], bytes]
    # The content of the file if its fault is `OTHER_DATASET`. If the fault is `CORRECTED`, the file
    # is dropped twice, first with this content and later with `content`.
    wrong_content: Callable[[], bytes] | None = None


def drops_of(chance: Chance, export: Export, *, safe: bool) -> list[Drop]:
    """Return the drops of an export: usually one, but a fault can lead to no drop or to two.

    If `safe` is true, the export has no fault.
    """
    rng = chance.stream("drop", export.dataset, export.day)
    moment = at(export.day, export.hour + rng.uniform(0, 0.4))
    later = at(export.day + rng.randint(1, 3) * DAY, rng.uniform(9, 16))
    fault = None if safe else _fault(rng, export)
    if fault is None:
        return [_drop(export, moment)]
    if fault == MISSING:
        return []
    if fault == LATE:
        return [_drop(export, later, fault)]
    if fault == AGAIN:
        return [_drop(export, moment), _drop(export, later, fault)]
    if fault == CORRECTED and export.wrong_content is not None:
        first = _drop(export, moment, fault, content=export.wrong_content)
        return [first, _drop(export, later, fault)]
    if fault == PARTIAL:
        partial = _drop(
            export, moment, fault, name=f"{export.name}.part", content=_first_half(export)
        )
        return [partial, _drop(export, moment)]
    return [_drop(export, moment, fault, content=_damaged(export, fault))]


def _fault(rng: Stream, export: Export) -> str | None:
    rates = FAULTS.get(export.dataset, {})
    options: dict[str | None, float] = {None: 1.0 - sum(rates.values())}
    options.update(rates)
    fault = rng.weighted(options)
    if fault in SERIOUS and export.day > TEETHING_UNTIL:
        return None
    return fault


def _drop(
    export: Export,
    moment: datetime,
    fault: str | None = None,
    *,
    name: str | None = None,
    content: Callable[[], bytes] | None = None,
) -> Drop:
    return Drop(
        export.dataset,
        name or export.name,
        moment,
        export.form,
        fault,
        content or export.content,
    )


def _first_half(export: Export) -> Callable[[], bytes]:
    def content() -> bytes:
        whole = export.content()
        return whole[: len(whole) // 2]

    return content


def _damaged(export: Export, fault: str) -> Callable[[], bytes]:
    def content() -> bytes:
        if fault == EMPTY:
            return b""
        if fault == OTHER_DATASET and export.wrong_content is not None:
            return export.wrong_content()
        # The transfer stopped a few characters before the end of the last line.
        return export.content().rstrip(b"\r\n\0 ")[:-9]

    return content
