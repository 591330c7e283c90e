"""Refuse a policy with a gap or an overlap before a build uses it.

Each row of a policy seed applies from `effective_from` to `effective_to`, both included. If no row
applied on a day (a gap), that day's records would drop out of the figures without a message. If two
rows applied on a day (an overlap), the records would count twice. `check_policy` refuses gaps and
overlaps. Its message names the seed, the policy item and the day.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from oic_assurance.builds.baseline_check import SEED as BASELINES
from oic_assurance.builds.baseline_check import find_baseline_problems
from oic_assurance.builds.version import SEEDS
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings

#: The first day of the first policy. Earlier days use this day's policy (mart contract, *Default
#: policy*).
FIRST_DAY = date(2020, 1, 1)
_END = date.max

Row = Mapping[str, str]


@dataclass(frozen=True)
class Coverage:
    """The days on which a seed must have a row.

    Attributes:
        seed: The name of the seed.
        by: Columns of the seed. A combination of their values is called a name. On each day, a row
            must apply for each name. If there are no columns, any one row of the seed is enough.
        missing: What would happen on a day without a row, for the message. `{name}` stands for the
            name.
        from_first_day: Whether rows must cover each name from `FIRST_DAY` on. Otherwise the
            coverage of a name begins with its first row.
        only_one: Whether at most one row of a name may apply on a day.
        names: The names that must occur.
        may_end: Whether a name may end for good, as a force that was merged.
    """

    seed: str
    by: tuple[str, ...]
    missing: str
    from_first_day: bool = True
    only_one: bool = False
    names: tuple[str, ...] = ()
    may_end: bool = False


COVERAGES = (
    Coverage(
        "policy_threshold",
        ("name",),
        "what happened on that day would be judged without {name} and drop out of the figures",
        only_one=True,
        names=("timely_hours", "grace_hours", "before_call_hours", "training_target"),
    ),
    Coverage(
        "policy_point", ("point_code",), "the point {name} would have no position",
        from_first_day=False, only_one=True,
    ),
    Coverage(
        "policy_staleness", ("dataset",), "nobody would know whether {name} is fresh",
        from_first_day=False, only_one=True,
    ),
    Coverage(
        "policy_point_dataset", ("point_code",), "{name} would rest on no dataset",
        from_first_day=False,
    ),
    Coverage(
        "policy_training_item", ("requirement_code",), "nobody would need {name}",
        from_first_day=False, only_one=True,
    ),
    Coverage("policy_document_type", (), "no document would count for any referral"),
    Coverage("policy_grading", ("grading_scheme", "element"), "no {name} would be valid"),
    Coverage("policy_plan_strand", (), "no plan would be expected"),
    Coverage("policy_role_requirement", (), "no role would need training"),
    Coverage(
        "policy_point_owner", ("point_code",), "nobody would answer for {name}",
        from_first_day=False, only_one=True,
    ),
)  # fmt: skip


#: The same for the national warehouse.
NATIONAL_COVERAGES = (
    Coverage(
        "national/policy_national",
        ("name",),
        "the forces of that day could not be compared, because {name} would be unknown",
        only_one=True,
        names=("late_after_days", "fewest_forces", "suppression_threshold"),
    ),
    Coverage(
        "national/policy_staleness", ("dataset",), "nobody would know whether {name} is fresh",
        from_first_day=False, only_one=True,
    ),
    Coverage(
        "national/national_force", ("force_code",), "the force {name} would not be shown",
        from_first_day=False, only_one=True, may_end=True,
    ),
    Coverage(
        "policy_point", ("point_code",), "the point {name} would have no position",
        from_first_day=False, only_one=True,
    ),
)  # fmt: skip


def check_policy(settings: Settings, until: date) -> None:
    """Check that the seeds in `COVERAGES` have no gap or overlap up to the as-at day `until`.

    Also checks the decisions about baselines.

    Raises:
        AssuranceError: A seed has a gap or an overlap, or a decision about a baseline cannot be
            used. The message lists every problem.
    """
    seeds = settings.project_root / SEEDS
    problems = [
        problem
        for coverage in (NATIONAL_COVERAGES if settings.kind == "national" else COVERAGES)
        for problem in find_problems(coverage, _read(seeds / f"{coverage.seed}.csv"), until)
    ]
    measures = {row["measure_code"] for row in _read(seeds / "policy_measure.csv")}
    problems += find_baseline_problems(_read(seeds / f"{BASELINES}.csv"), measures)
    if problems:
        raise AssuranceError(f"The policy cannot be used: {'; '.join(problems)}.")


def find_problems(coverage: Coverage, rows: Iterable[Row], until: date) -> Iterator[str]:
    """Yield each gap and each overlap of a seed up to the day `until`, in words."""
    spans: dict[tuple[str, ...], list[tuple[date, date]]] = {(name,): [] for name in coverage.names}
    for row in rows:
        name = tuple(row[column] for column in coverage.by)
        spans.setdefault(name, []).append(_span(row))
    if not coverage.by:
        spans.setdefault((), [])
    for name, found in spans.items():
        words = " ".join(name)
        of_name = f" for {words}" if words else ""
        missing = coverage.missing.format(name=words)
        found.sort()
        first = FIRST_DAY if coverage.from_first_day or not found else found[0][0]
        last = min(until, found[-1][1]) if coverage.may_end and found else until
        for day in _uncovered(found, first, last):
            yield f"{coverage.seed} has no row{of_name} on {day}: {missing}"
        if coverage.only_one:
            for day in _covered_twice(found):
                yield f"{coverage.seed} has two rows{of_name} on {day}"


def _uncovered(spans: Sequence[tuple[date, date]], first: date, until: date) -> Iterator[date]:
    """Yield the first day of each gap between `first` and `until`. The spans are sorted."""
    day = first
    for begins, ends in spans:
        if begins > day and day <= until:
            yield day
        day = max(day, _day_after(ends))
    if day <= until:
        yield day


def _covered_twice(spans: Sequence[tuple[date, date]]) -> Iterator[date]:
    """Yield the first day of each overlap of two spans. The spans are sorted."""
    covered_until = date.min
    for begins, ends in spans:
        if begins <= covered_until:
            yield begins
        covered_until = max(covered_until, ends)


def _span(row: Row) -> tuple[date, date]:
    ends = row["effective_to"].strip()
    return date.fromisoformat(row["effective_from"]), date.fromisoformat(ends) if ends else _END


def _day_after(day: date) -> date:
    return day if day == _END else day + timedelta(days=1)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
