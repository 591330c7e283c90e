"""Figures of past periods that have changed since the compared publication."""

from expectations.shared.code_lists import MEASURES, is_in
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    INFO,
    Expectations,
    every_result,
    every_row,
    no_rows,
    one_of,
    sql,
)

_FORCE_MOVES = """
select
    measure_code, period_start,
    abs(coalesce(value_before, 0) - coalesce(value_after, 0)) <= 0.05 as holds
from {rows}
where org_unit_code = 'ALL' and <<is_share>>
"""

_SUMS_OF_CAUSES = """
select
    measure_code, period_start, org_unit_code,
    sum(value_change)
    = coalesce(max(value_after), 0)::numeric(38, 15)
    - coalesce(max(value_before), 0)::numeric(38, 15) as holds
from {rows}
group by force_code, measure_code, period_start, org_unit_code
"""

_CHAINS_OF_CAUSES = """
select
    measure_code, period_start, org_unit_code, cause,
    value_from is not distinct from case
        when row_number() over figure = 1 then value_before else lag(value_to) over figure
    end
    and (lead(step) over figure is not null or value_to is not distinct from value_after) as holds
from {rows}
window figure as (
    partition by force_code, measure_code, period_start, org_unit_code order by step
)
"""

# The compared publication may be for a later moment. Months after this one are then not missing.
_NOT_SHOWN_AGAIN = """
select earlier.measure_code, earlier.period_start, earlier.org_unit_code
from {intermediate}.compared__figure as earlier
where earlier.value is not null
    and earlier.period_start <= ({as_at} at time zone 'Europe/London')::date
    and not exists (
        select from {candidate}.assurance_measure as now
        where now.force_code = earlier.force_code
            and now.measure_code = earlier.measure_code
            and now.period_start = earlier.period_start
            and now.org_unit_code = earlier.org_unit_code
    )
    and not exists (
        select from {rows} as restated
        where restated.force_code = earlier.force_code
            and restated.measure_code = earlier.measure_code
            and restated.period_start = earlier.period_start
            and restated.org_unit_code = earlier.org_unit_code
    )
"""

_UNKNOWN_UNITS = """
select distinct restated.org_unit_code
from {rows} as restated
where not exists (
    select
    from {candidate}.dim_org_unit as unit
    where unit.force_code = restated.force_code and unit.org_unit_code = restated.org_unit_code
)
"""


@mart_suite("restatement", one_row_per=("measure_code", "period_start", "org_unit_code", "cause"))
def restatement() -> Expectations:
    """Every figure of a past period that changed, with the change from each cause."""
    return [
        one_of("measure_code", MEASURES, description="Every measure is a defined one."),
        no_rows(
            "org_unit_code_known",
            _UNKNOWN_UNITS,
            description="Every organisational unit is one of the publication's units.",
            columns=("org_unit_code",),
            dimension="integrity",
        ),
        every_row(
            "really_different",
            "value_before is distinct from value_after",
            description="Every restated figure has changed.",
            columns=("value_before", "value_after"),
        ),
        every_row(
            "records_are_counted",
            "record_count >= 1",
            description="Every cause of a restatement has at least one record.",
            columns=("record_count",),
            dimension="validity",
        ),
        every_result(
            "causes_add_up",
            _SUMS_OF_CAUSES,
            description=(
                "The changes from all causes of a restated figure add up to its whole change."
            ),
            columns=("value_change",),
            dimension="consistency",
        ),
        every_result(
            "causes_form_a_chain",
            _CHAINS_OF_CAUSES,
            description="Every cause starts from the figure at which the previous cause ends.",
            columns=("value_from", "value_to"),
            dimension="consistency",
        ),
        every_result(
            "force_figures_within_five_points",
            sql(_FORCE_MOVES, is_share=is_in("share")),
            description=(
                "No past share of the whole force changes by more than five percentage points."
            ),
            columns=("value_before", "value_after"),
            dimension="consistency",
            severity=INFO,
        ),
        no_rows(
            "figures_are_shown_again",
            sql(_NOT_SHOWN_AGAIN),
            description=(
                "Every figure of the compared publication is shown again, or listed as restated."
            ),
            columns=("measure_code", "period_start", "org_unit_code"),
            dimension="completeness",
            severity=INFO,
        ),
    ]
