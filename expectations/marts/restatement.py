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


@mart("restatement", one_row_per=("measure_code", "period_start", "org_unit_code"))
def restatement() -> Promises:
    """Every figure of a past month that now comes out differently, and why."""
    return [
        one_of("measure_code", MEASURES, words="Every measure is one that is defined."),
        filled("cause", "record_count", words="Every restated figure has its {column}."),
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
            "record_count >= 0",
            words="No restatement rests on fewer than no records.",
            columns=("record_count",),
            dimension="validity",
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
