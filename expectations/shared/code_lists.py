"""The code lists that suites use. They come from the mart contract and the declared measures.

The measures are read from their declarations and the points from the seed with their words, so that
a new one is added in one place. The other lists come from the mart contract and are written out
here. A list in a seed with effective dates is not read from the seed, because the rows in force
depend on the build.
"""

from collections.abc import Iterable

from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.seeds import read_seed
from oic_assurance.settings import PROJECT_ROOT

POINTS = tuple(row["point_code"] for row in read_seed(PROJECT_ROOT, "point_words").rows)

_ALL_DECLARED = read_declared(PROJECT_ROOT)
_DECLARED = _ALL_DECLARED.measures

POINT_OF_MEASURE = {code: measure["point"] for code, measure in _DECLARED.items()}
MEASURES = tuple(POINT_OF_MEASURE)
UNIT_OF_MEASURE = {code: measure["unit"] for code, measure in _DECLARED.items()}
# The percentile of each measure in hours, and the first day of each measure that has one of its
# own. A blank text stands for none.
PERCENTILES = {code: str(one.get("percentile", "")) for code, one in _DECLARED.items()}
STARTS = {code: one.get("starts_on", "") for code, one in _DECLARED.items()}
LESS_IS_BETTER = tuple(code for code, one in _DECLARED.items() if one["better"] == "less")
# The measures that count officers.
MEASURES_OF_OFFICERS = tuple(code for code, one in _DECLARED.items() if one["record"] == "officer")
# The measures that count all officers who need a training item, whether they are absent or not.
MEASURES_OF_ALL_OFFICERS = tuple(
    code
    for code, one in _DECLARED.items()
    if one["record"] == "officer" and "population" not in one
)

# The measures as at the end of a month, such as those of officers in post.
SNAPSHOTS = tuple(filter(_ALL_DECLARED.is_snapshot, _DECLARED))

# The measures that expectations compute a second time, by SQL that was written for each of them.
REFERRALS, STRANDS_MET = "nccu_intel_compliance", "intel_plan_strands_met"
HYDRA_DONE, MODULES_DONE = "hydra_completion", "elearning_completion"

_POLICY = read_seed(PROJECT_ROOT, "policy_point").rows
# The first measure of each point. The position of a point shows the figure of this measure.
MEASURE_OF_POINT = {row["point_code"]: row["measure_code"] for row in _POLICY}
RECENT = [row["point_code"] for row in _POLICY if row["judged_by"] == "recent_period"]
# The points that count a few things and no cases.
CHECKLISTS = [row["point_code"] for row in _POLICY if row["target_unit"] != "share"]


POSITION_STATUSES = (
    "not_started",
    "in_progress",
    "met_on_time",
    "met_late",
    "overdue",
    "sustained",
    "slipping",
    "no_cases",
    "unknown",
)
FRESHNESS = ("fresh", "stale", "failed")

DETECTION_ROUTES = (
    "ROAD_POLICING",
    "LORRY_DROP",
    "PUBLIC_CALL",
    "CUSTODY",
    "PARTNER",
    "WARRANT",
    "OTHER",
)

TRAINING_REQUIREMENTS = tuple(
    row["requirement_code"] for row in read_seed(PROJECT_ROOT, "policy_training_item").rows
)
EMPLOYMENT_TYPES = ("OFFICER", "STAFF", "PCSO", "SPECIAL")
STRANDS = tuple(row["strand"] for row in read_seed(PROJECT_ROOT, "policy_plan_strand").rows)
AGE_BANDS = ("0-1", "2-7", "8-28", "over 28")
EXCEPTIONS = (
    *(
        r["code"]
        for r in read_seed(PROJECT_ROOT, "code_label").rows
        if r["code_set"] == "exception"
    ),
    *_ALL_DECLARED.exceptions,
)
# Why an exception can close: what the models say, and what a kind of record declares.
CLOSED_BECAUSE = (
    *("REFERRAL_FOUND", "RECORD_WITHDRAWN", "NO_LONGER_LISTED"),
    *("COMPLETED", "PLACE_BOOKED", "PLACE_MISSING", "LEFT", "LONG_TERM_ABSENT"),
    *("NO_LONGER_NEEDED", "STRAND_MET", "REVIEWED", "REPLACED", "DATE_MOVED"),
    *("POINT_MET", "POINT_STARTED", "POINT_UNKNOWN", "ACTION_REOPENED"),
    *sorted(_ALL_DECLARED.reasons),
)
VERDICTS = ("passed", "info", "warning", "critical")


def is_in(unit: str) -> str:
    """Return an SQL condition that is true for the figures of measures in a unit, such as hours."""
    return is_measure(code for code, its_unit in UNIT_OF_MEASURE.items() if its_unit == unit)


def is_measure(codes: Iterable[str]) -> str:
    """Return an SQL condition that is true for the figures of these measures, which may be none."""
    return f"measure_code = {any_of(codes)}"


def any_of(codes: Iterable[str]) -> str:
    """Return the codes, which may be none, as SQL after `=`: `any(array['A', 'B']::text[])`."""
    listed = ", ".join(f"'{code}'" for code in codes)
    return f"any(array[{listed}]::text[])"


def points_of(*measures: str) -> str:
    """Return the points with one of these first measures, as SQL after `=`."""
    return any_of(point for point, first in MEASURE_OF_POINT.items() if first in measures)


def same_records(*, met: bool) -> tuple[tuple[str, str], ...]:
    """Return the pairs of measures that are declared to count the same records.

    The denominators of such measures must agree. If `met` is true, the same records also meet both
    measures, and the first measure of each pair is in hours, so that its denominator is how many
    meet the second.
    """
    parts = ("record", "considers", "population", *(("met",) if met else ()))
    return tuple(
        (code, other)
        for code, one in _DECLARED.items()
        for other, another in _DECLARED.items()
        if code != other
        and (one["unit"] == "hours") == met
        and another["unit"] != "hours"
        and [one.get(part) for part in parts] == [another.get(part) for part in parts]
    )


def sql_list(codes: Iterable[str]) -> str:
    """Return codes as SQL for a list after `in`: `'A', 'B'`. An empty list has nothing in it."""
    return ", ".join(f"'{code}'" for code in codes) or "null"


def sql_rows(*columns: Iterable[str]) -> str:
    """Return SQL for the rows after `values`. Each argument has the codes of one column.

    The columns `A, B` and `X, Y` give `('A', 'X'), ('B', 'Y')`. Columns without a code give no row.
    """
    none = f"({', '.join('null::text' for _ in columns)}) limit 0"
    rows = ", ".join(f"({sql_list(row)})" for row in zip(*columns, strict=True))
    return rows or none
