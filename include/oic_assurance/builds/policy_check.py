"""Refuse a policy with a mistake or a gap before a build uses it, and tell which rows end soon.

Each row of a policy seed applies from `effective_from` to `effective_to`, both included. If no row
applied on a day (a gap), that day's records would drop out of the figures without a message. The
YAML of a seed says on which days a row must apply (`every_day`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from oic_assurance.builds.seeds import FROM, TO, Seed, SeedsError, read_seeds, uncovered
from oic_assurance.settings import Settings

#: How long before the end of a row people are told. A successor needs a decision of the Board.
NOTICE = timedelta(weeks=8)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Ending:
    """A row that ends soon and that no row follows."""

    seed: str
    #: The first day without a row.
    day: date
    what: str


def check_policy(settings: Settings, until: date) -> None:
    """Check that the seeds have no mistake, and no gap up to the as-at day `until`.

    Raises:
        SeedsError: There is a mistake or a gap. The message lists all of them.
    """
    seeds = read_seeds(settings.project_root, settings.kind)
    if found := [text for seed in seeds.values() for text in find_gaps(seed, until)]:
        raise SeedsError.of(found)


def find_gaps(seed: Seed, until: date) -> Iterator[str]:
    """Yield each gap of a seed up to the day `until`, in words."""
    rule = seed.every_day
    if rule is None or seed.may_be_empty:
        return
    for name, found in (seed.spans(rule.by) or {(): []}).items():
        first = date.fromisoformat(rule.since) if rule.since else found[0][0] if found else until
        # A run for a day before the policy begins has no rules to judge anything by.
        first = min(first, until) if rule.since else first
        last = min(until, max(ends for _, ends, _ in found)) if rule.may_end and found else until
        for day, line in uncovered(found, first, last):
            place = (line, TO) if line else (found[0][2], FROM) if found else (1, "")
            yield seed.said(*place, _no_row(seed, name, day), f"a row that begins on {day}")


def ending_soon(settings: Settings, today: date) -> list[Ending]:
    """Return the rows that end in the `NOTICE` from `today` on, and that no row follows.

    Raises:
        SeedsError: A seed has a mistake.
    """
    found = []
    for seed in read_seeds(settings.project_root, settings.kind).values():
        for key in seed.keys:
            spans = seed.spans([one for one in key if one != FROM]) if FROM in key else {}
            for name, of_name in spans.items():
                for day, line in uncovered(of_name, of_name[0][0], today + NOTICE):
                    if day > today:
                        what = f"the row ends on {day - DAY}, and {_no_row(seed, name, day)}"
                        what = seed.said(line, TO, what, f"a row that begins on {day}, or blank")
                        found.append(Ending(seed.name, day, what))
    return found


def _no_row(seed: Seed, name: tuple[object, ...], day: date) -> str:
    words = " ".join(str(part) for part in name)
    said = f"there is no row{f' for {words}' if words else ''} on {day}"
    if seed.every_day is None or (seed.every_day.by and not words):
        return said
    return f"{said}: {seed.every_day.otherwise.format(name=words)}"
