"""Say in words what the rows of a policy say on each day.

What is in git must not change by itself when a day passes, and a page of the site is read for long.
So neither names a row of today: it says what holds first, and then each change with its day, which
is true on any day (decision 0063).
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

from oic_assurance.builds.seeds import FROM, TO, Row, Seeds

#: The first day of the policy. To days before it, the rows of this day apply (dbt's `in_force`).
_FIRST = date(2020, 1, 1)


def over_time(rows: Iterable[Row], say: Callable[[Row], str], otherwise: str = "none") -> str:
    """Return what rows that follow each other say, such as "24 (from 1 January 2027: 48)".

    `say` gives the words for a row, and `otherwise` those for days without a row.
    """
    said = {_FIRST: otherwise}
    for row in sorted(rows, key=itemgetter(FROM)):
        said[max(row[FROM], _FIRST)] = say(row)
        if row[TO]:
            said[row[TO] + timedelta(days=1)] = otherwise
    (_, first), *later = (next(same) for _, same in groupby(said.items(), key=itemgetter(1)))
    changes = "; ".join(f"from {day:%-d %B %Y}: {words}" for day, words in later)
    return f"{first} ({changes})" if changes else first


def threshold(seeds: Seeds, name: str, say: Callable[[Row], str]) -> str:
    """Return what a threshold of the policy is over time."""
    rows = [row for row in seeds["policy_threshold"].rows if row["name"] == name]
    return over_time(rows, say)


def target(seeds: Seeds, point: str) -> str:
    """Return the target of a point over time, such as "95%, awaiting confirmation"."""

    def say(point_row: Row, row: Row) -> str:
        every = point_row["target_unit"] == "strands" and row["value"] == 1
        is_confirmed = row["approved_by"].strip().lower() != "awaiting confirmation"
        value = "every strand" if every else f"{float(row['value']) * 100:g}%"
        return value if is_confirmed else f"{value}, awaiting confirmation"

    return over_time(
        points(seeds, point),
        lambda at: threshold(seeds, at["target_threshold"], lambda row: say(at, row)),
    )


def deadline(seeds: Seeds, point: str) -> str:
    """Return the deadline of a point over time, such as "30 April 2026"."""
    return over_time(
        points(seeds, point),
        lambda row: f"{row['deadline']:%-d %B %Y}" if row["deadline"] else "none",
    )


def source(seeds: Seeds, point: str) -> str:
    """Return the documents that say what a point requires, over time."""
    return over_time(points(seeds, point), itemgetter("source"))


def points(seeds: Seeds, point: str) -> list[Row]:
    """Return the rows of a point in the seed `policy_point`."""
    return [row for row in seeds["policy_point"].rows if row["point_code"] == point]
