"""Errors that people make when they type data into the source systems. Some are corrected later."""

from collections.abc import Mapping, Sequence

from simulator.chance import Stream
from simulator.moments import after
from simulator.records import Record

ERROR_RATE = 0.003
CORRECTED_SHARE = 0.6
LATE_COMMIT_RATE = 0.02
LONGEST_COMMIT_SECONDS = 240


def add_entry_error(rng: Stream, record: Record, errors: Mapping[str, Sequence[object]]) -> None:
    """Draw whether a new record gets a wrong value, and whether its last change is committed late.

    Both are rare. `errors` maps each column to the wrong values that people enter in it. A later
    change of the record corrects most errors.
    """
    if rng.happens(ERROR_RATE):
        column = rng.one_of(list(errors))
        correct = record.first[column]
        record.first[column] = rng.one_of(errors[column])
        record.about["entry_error"] = column
        changed_later = any(column in change.values for change in record.changes)
        if rng.happens(CORRECTED_SHARE) and not changed_later:
            record.change(after(record.entered_at, hours=rng.uniform(20, 500)), **{column: correct})
    if rng.happens(LATE_COMMIT_RATE):
        record.commit_late(rng.randint(20, LONGEST_COMMIT_SECONDS))


def mistyped(rng: Stream, number: str) -> str:
    """Return a number with a typing error: swapped digits, a prefix, or one digit too many."""
    digits = list(number)
    error = rng.randint(0, 2)
    if error == 0 and len(digits) > 1:
        place = rng.randint(0, len(digits) - 2)
        digits[place], digits[place + 1] = digits[place + 1], digits[place]
        return "".join(digits)
    if error == 1:
        return f"PC {number}"
    return number + str(rng.randint(0, 9))
