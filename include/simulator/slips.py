"""Slips: what a hurried hand leaves in an operational system, until somebody corrects it."""

from collections.abc import Mapping, Sequence

from simulator.chance import Stream
from simulator.moments import after
from simulator.records import Record

SLIP = 0.003
CORRECTED = 0.6
COMMITS_LATE = 0.02
LONGEST_COMMIT_SECONDS = 240


def maybe_slip(rng: Stream, record: Record, slips: Mapping[str, Sequence[str]]) -> None:
    """Rarely enter a value that is not on the code list; more often than not it is put right."""
    if rng.happens(SLIP):
        column = rng.one_of(list(slips))
        right = record.first[column]
        record.first[column] = rng.one_of(slips[column])
        record.about["slip"] = column
        touched_later = any(column in change.values for change in record.changes)
        if rng.happens(CORRECTED) and not touched_later:
            record.change(after(record.born_at, hours=rng.uniform(20, 500)), **{column: right})
    if rng.happens(COMMITS_LATE):
        record.commit_late(rng.randint(20, LONGEST_COMMIT_SECONDS))


def mistyped(rng: Stream, number: str) -> str:
    """Return a number as a tired hand types it."""
    digits = list(number)
    way = rng.randint(0, 2)
    if way == 0 and len(digits) > 1:
        place = rng.randint(0, len(digits) - 2)
        digits[place], digits[place + 1] = digits[place + 1], digits[place]
        return "".join(digits)
    if way == 1:
        return f"PC {number}"
    return number + str(rng.randint(0, 9))
