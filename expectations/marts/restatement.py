"""Figures that changed since the last publication."""

from expectations.codes import MEASURES, RESTATEMENT_CAUSES
from expectations.mart import known_unit, mart
from expectations.vocabulary import INFO, Promises, every, every_row, filled, one_of

_MOVEMENTS = """
select
    measure_code, period_start,
    abs(coalesce(value_before, 0) - coalesce(value_after, 0)) <= 0.05 as holds
from {rows}
where org_unit_code = 'ALL' and measure_code not like 'nccu_hours%'
"""

_SUMS = """
select
    measure_code, period_start, org_unit_code,
    sum(value_change)
    = coalesce(max(value_after), 0)::numeric(38, 15)
    - coalesce(max(value_before), 0)::numeric(38, 15) as holds
from {rows}
group by force_code, measure_code, period_start, org_unit_code
"""

_CHAINS = """
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


@mart("restatement", one_row_per=("measure_code", "period_start", "org_unit_code", "cause"))
def restatement() -> Promises:
    """Every past figure that comes out differently now, and by how much for each cause."""
    return [
        one_of("measure_code", MEASURES, words="Every measure is one that is defined."),
        filled("record_count", words="Every restated figure has its {column}."),
        one_of("cause", RESTATEMENT_CAUSES, words="Every restatement has one of the four causes."),
        known_unit(),
        every_row(
            "really_different",
            "value_before is distinct from value_after",
            words="Only figures that changed are called restated.",
            columns=("value_before", "value_after"),
        ),
        every_row(
            "records_are_counted",
            "record_count >= 1",
            words="Every cause of a restatement rests on a record.",
            columns=("record_count",),
            dimension="validity",
        ),
        every(
            "causes_add_up",
            _SUMS,
            words="What the causes of a restated figure add to it is its change, exactly.",
            columns=("value_change",),
            dimension="consistency",
        ),
        every(
            "causes_lead_on",
            _CHAINS,
            words="Each cause takes up the figure where the one before it has left it.",
            columns=("value_from", "value_to"),
            dimension="consistency",
        ),
        every(
            "force_figures_stand",
            _MOVEMENTS,
            words="No past figure of the whole force moves by more than five points at once.",
            columns=("value_before", "value_after"),
            dimension="consistency",
            severity=INFO,
        ),
    ]
