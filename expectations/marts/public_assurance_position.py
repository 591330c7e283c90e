"""The positions that are released to the public."""

from expectations.marts.assurance_answer import ANSWERS
from expectations.marts.public_assurance_measure import nothing_small, suppressed_is_blank
from expectations.shared.code_lists import (
    CHECKLISTS,
    FRESHNESS,
    MEASURE_OF_POINT,
    POINTS,
    any_of,
    sql_list,
)
from expectations.shared.mart_suite import mart_suite
from expectations.shared.shares import is_a_share
from expectations.vocabulary import Expectations, has_columns, no_rows, one_of, sql

_DIFFERENT_FROM_THE_MARTS = """
select shown.point_code
from {rows} as shown
full join {candidate}.assurance_position as position using (force_code, point_code)
where (shown.figures_to is null or position.source_status <> 'fresh')
        and case when shown.status = 'unclear' then 'slipping' else shown.status end
            is distinct from position.status
    or shown.source_status is distinct from position.source_status
    or shown.policy_confirmed is distinct from position.policy_confirmed
    or (
        shown.point_code = <<checklists>>
        and (shown.numerator, shown.denominator, shown.value)
            is distinct from (position.numerator, position.denominator, position.value)
    )
"""

# A position must be a sum of released figures. From any other sum, a reader could subtract the
# released figures and find a figure that was not released.
_NOT_RELEASED = """
select shown.point_code
from {rows} as shown
cross join lateral (
    select sum(period.numerator) as numerator, sum(period.denominator) as denominator
    from {candidate_public}.assurance_period as period
    where period.force_code = shown.force_code
        and period.point_code = shown.point_code
        and period.measure_code in (<<measures>>)
        and period.org_unit_code = 'ALL'
        and period.period_start >= shown.figures_from
        and period.period_end <= shown.figures_to
) as released
where not shown.point_code = <<checklists>>
    and (shown.numerator, shown.denominator)
        is distinct from (released.numerator, released.denominator)
"""

# The second reading is the first one and the released figures of what only the second one counts.
_SECOND_NOT_RELEASED = """
select shown.point_code
from {rows} as shown
cross join lateral (
    select sum(period.numerator) as numerator, sum(period.denominator) as denominator
    from {candidate_public}.assurance_period as period
    inner join {policy}.policy_public_measure as added
        on added.measure_code = period.measure_code and added.completes = shown.second_reading
    where period.force_code = shown.force_code
        and period.org_unit_code = 'ALL'
        and period.period_start >= shown.figures_from
        and period.period_end <= shown.figures_to
) as released
where shown.second_denominator is not null
    and (shown.second_numerator - shown.numerator, shown.second_denominator - shown.denominator)
        is distinct from (released.numerator, released.denominator)
"""

# The same records must not be in two measures of different releases, nor in none.
_SECOND_NOT_RECORDED = """
select shown.point_code
from {rows} as shown
cross join lateral (
    select sum(month.numerator) as numerator, sum(month.denominator) as denominator
    from {candidate}.assurance_measure as month
    where month.force_code = shown.force_code
        and month.measure_code = shown.second_reading
        and month.org_unit_code = 'ALL'
        and month.period_start between shown.figures_from and shown.figures_to
) as recorded
where shown.second_denominator is not null
    and (shown.second_numerator, shown.second_denominator)
        is distinct from (recorded.numerator, recorded.denominator)
"""

# After the deadline, a status says whether the target is reached, and so does the figure.
_CONTRADICTED = """
select point_code
from {rows}
where deadline <= figures_to
    and value is not null
    and status <> 'unknown'
    and (value >= target) is distinct from (status in ('met_on_time', 'met_late'))
"""


@mart_suite("assurance_position", one_row_per=("point_code",), stage="sealed", public=True)
def public_assurance_position() -> Expectations:
    """Every assurance point, with the status and figure that are released to the public."""
    return [
        one_of("point_code", POINTS, description="Every point is a declared one."),
        one_of("answer_code", ANSWERS, description="Every answer is a defined one."),
        one_of(
            "source_status", FRESHNESS, description="Every source status is fresh, stale or failed."
        ),
        has_columns(
            "force_code",
            "point_code",
            "as_at",
            "status_on",
            "status",
            "answer_code",
            "is_suppressed",
            "figures_from",
            "figures_to",
            "numerator",
            "denominator",
            "value",
            "target",
            "policy_confirmed",
            "second_reading",
            "second_numerator",
            "second_denominator",
            "second_value",
            "deadline",
            "days_to_deadline",
            "status_at_deadline",
            "source_status",
            "records_left_out_at_most",
            "files_left_out",
            "publication_id",
            exactly=True,
            description="The table has exactly the columns of a released position.",
            dimension="privacy",
        ),
        is_a_share(where="not is_suppressed"),
        suppressed_is_blank(),
        nothing_small(f"not is_suppressed and not point_code = {any_of(CHECKLISTS)}"),
        no_rows(
            "figures_are_released",
            sql(
                _NOT_RELEASED,
                measures=sql_list(MEASURE_OF_POINT.values()),
                checklists=any_of(CHECKLISTS),
            ),
            description="Every figure of a point is the sum of released figures.",
            columns=("numerator", "denominator"),
            dimension="privacy",
        ),
        no_rows(
            "second_figures_are_released",
            _SECOND_NOT_RELEASED,
            description="Every second reading is a sum of released figures over the same days.",
            columns=("second_numerator", "second_denominator"),
            dimension="privacy",
        ),
        no_rows(
            "second_figures_are_those_of_the_records",
            _SECOND_NOT_RECORDED,
            description="Every second reading is what the marts give for the same days.",
            columns=("second_numerator", "second_denominator"),
        ),
        no_rows(
            "status_agrees_with_figure",
            _CONTRADICTED,
            description="No released status says something else of the target than its figure.",
            columns=("status", "value"),
        ),
        no_rows(
            "public_is_published",
            sql(_DIFFERENT_FROM_THE_MARTS, checklists=any_of(CHECKLISTS)),
            description="Every status of today and figure of plans is that of the marts.",
        ),
    ]
