"""Find decisions about baselines that no build can use.

Each row of the seed `policy_spc_baseline` is such a decision. It changes the control limits of a
measure, and so it changes which months show a special cause. Each row must name a defined measure,
must begin its baseline on the first day of a month, and must say why, by whom and when this was
decided. Two rows for the same measure and with the same `baseline_from` must not apply on the same
day. Otherwise the build would have each month of the measure twice.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

SEED = "policy_spc_baseline"
#: The columns that every row must fill.
REQUIRED = (
    *("measure_code", "baseline_from", "reason", "decided_by", "decided_on"),
    "effective_from",
)
_DATES = ("baseline_from", "baseline_to", "decided_on", "effective_from", "effective_to")

Row = Mapping[str, str]


def find_baseline_problems(rows: Sequence[Row], measures: Collection[str]) -> Iterator[str]:
    """Yield a description of each problem in the rows of the seed.

    Each description names the line of the file. `measures` has the codes of the defined measures.
    """
    sound = []
    for line, row in enumerate(rows, start=2):
        found = list(_problems(row, measures))
        yield from (f"{SEED}, line {line}: {problem}" for problem in found)
        if not found:
            sound.append((line, row))
    for place, (line, row) in enumerate(sound):
        for earlier, other in sound[:place]:
            if _begin_the_same(row, other):
                yield (
                    f"{SEED}, line {line}: line {earlier} begins the same baseline of "
                    f"{row['measure_code']}, and both apply on the same day"
                )


def _problems(row: Row, measures: Collection[str]) -> Iterator[str]:
    for column in REQUIRED:
        if not row[column].strip():
            yield f"{column} is blank"
    for column in _DATES:
        if row[column].strip() and _day(row[column]) is None:
            yield f"{column} is {row[column]!r} and no date such as 2026-03-01"
    if row["measure_code"].strip() and row["measure_code"] not in measures:
        yield f"{row['measure_code']!r} is no measure of policy_measure"
    begins, ends = _day(row["baseline_from"]), _day(row["baseline_to"])
    for column, day in (("baseline_from", begins), ("baseline_to", ends)):
        if day is not None and day.day != 1:
            yield f"{column} is {day}, but a baseline has whole months: give the first of a month"
    if begins is not None and ends is not None and ends < begins:
        yield f"the baseline ends on {ends}, before it begins on {begins}"
    decided, applies = _day(row["decided_on"]), _day(row["effective_from"])
    if decided is not None and applies is not None and applies < decided:
        yield f"it applies from {applies}, before it was decided on {decided}"


def _begin_the_same(row: Row, other: Row) -> bool:
    if any(row[column] != other[column] for column in ("measure_code", "baseline_from")):
        return False
    (begins, ends), (other_begins, other_ends) = _span(row), _span(other)
    return begins <= other_ends and other_begins <= ends


def _span(row: Row) -> tuple[date, date]:
    return (
        date.fromisoformat(row["effective_from"].strip()),
        _day(row["effective_to"]) or date.max,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
