"""The three strands that must have a plan."""

from expectations.codes import STRANDS, as_rows
from expectations.mart import mart
from expectations.stands import strands_stand
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_MISSING_STRANDS = """
select force.force_code, strand.code as strand
from (select distinct force_code from {candidate}.assurance_measure) as force
cross join (values <<strands>>) as strand (code)
left join {rows} as shown on force.force_code = shown.force_code and strand.code = shown.strand
where shown.strand is null
"""

_OTHER_THAN_THE_MEASURE = """
select measure.period_start
from {candidate}.assurance_measure as measure
left join (
    select force_code, count(*) filter (where is_met) as met
    from {rows}
    group by force_code
) as strand using (force_code)
where measure.measure_code = 'intel_plan_strands_met'
    and measure.org_unit_code = 'ALL'
    and measure.period_start = date_trunc('month', <<today>>)::date
    and measure.numerator <> coalesce(strand.met, 0)
"""


@mart("fct_plan_strand", one_row_per=("strand",), names_from_sources=("plan_ref",))
def fct_plan_strand() -> Promises:
    """Collect, analyse and share: whether each has a plan that meets the requirement."""
    return [
        one_of("strand", STRANDS, words="The strands are collect, analyse and share."),
        nothing(
            "no_strand_missing",
            sql(_MISSING_STRANDS, strands=as_rows(STRANDS)),
            words="All three strands are shown, also one without a plan.",
            dimension="completeness",
        ),
        filled(
            "has_owner",
            "has_evidence",
            "is_met",
            "is_met_on_time",
            words="Every strand says {column}, yes or no.",
        ),
        every_row(
            "met_as_defined",
            "is_met = (has_owner and has_evidence and coalesce(approved_on <= "
            f"{_TODAY}, false) and coalesce(review_due_on >= {_TODAY}, false))",
            words="A strand is met by a plan with owner, evidence, approval and time left.",
            columns=("is_met",),
        ),
        every_row(
            "plan_or_nothing",
            "plan_ref is not null or not (has_owner or has_evidence or is_met)",
            words="A strand without a plan has no owner and no evidence, and is not met.",
            columns=("plan_ref",),
        ),
        nothing(
            "strands_add_up",
            sql(_OTHER_THAN_THE_MEASURE, today=_TODAY),
            words="This month's figure is the number of strands that are met.",
        ),
        strands_stand(),
    ]
