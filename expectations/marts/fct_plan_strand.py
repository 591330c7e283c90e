"""The three strands of the intelligence plan."""

from expectations.shared.code_lists import STRANDS, STRANDS_MET, sql_rows
from expectations.shared.compared_publication import strands_stay_met
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_MISSING_STRANDS = """
with force as (select distinct force_code from {candidate}.assurance_measure)
select force.force_code, strand.code as strand
from force
cross join (values <<strands>>) as strand (code)
left join {rows} as shown on force.force_code = shown.force_code and strand.code = shown.strand
where shown.strand is null
"""

_DIFFERENT_FROM_THE_MEASURE = """
with
    strand as (
        select force_code, count(*) filter (where is_met) as met
        from {rows}
        group by force_code
    )
select measure.period_start
from {candidate}.assurance_measure as measure
left join strand using (force_code)
where measure.measure_code = '<<measure>>'
    and measure.org_unit_code = 'ALL'
    and measure.period_start = date_trunc('month', <<today>>)::date
    and measure.numerator <> coalesce(strand.met, 0)
"""


@mart_suite("fct_plan_strand", one_row_per=("strand",), source_text_columns=("plan_ref",))
def fct_plan_strand() -> Expectations:
    """Each strand (collect, analyse, share), and whether a plan meets its requirement."""
    return [
        no_rows(
            "no_strand_missing",
            sql(_MISSING_STRANDS, strands=sql_rows(STRANDS)),
            description="Every one of the three strands is shown, even without a plan.",
            dimension="completeness",
        ),
        every_row(
            "met_as_defined",
            f"""
            is_met = (
                has_owner
                and has_evidence
                and coalesce(approved_on <= {_TODAY}, false)
                and coalesce(review_due_on >= {_TODAY}, false)
            )
            """,
            description=(
                "A strand is met if and only if its plan has an owner, evidence, an approval and "
                "no overdue review."
            ),
            columns=("is_met",),
        ),
        every_row(
            "without_plan_not_met",
            "plan_ref is not null or not (has_owner or has_evidence or is_met)",
            description="No strand without a plan has an owner or evidence, or is met.",
            columns=("plan_ref",),
        ),
        no_rows(
            "strands_add_up",
            sql(
                _DIFFERENT_FROM_THE_MEASURE,
                today=_TODAY,
                measure=STRANDS_MET,
            ),
            description="This month's figure equals the number of strands that are met.",
        ),
        strands_stay_met(),
    ]
