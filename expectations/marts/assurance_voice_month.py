"""How often the force and the Commissioner said complete when the data did not."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows

# The statements that said complete are counted again, from the mart `assurance_voice`.
_STATEMENTS = """
with
    said as (
        select
            said.force_code, said.voice, date_trunc('month', said.changed_on)::date as period_start,
            count(*) as statements
        from {candidate}.assurance_voice as said
        where said.voice <> 'DATA' and said.is_assured
        group by 1, 2, 3
    )
select counted.voice, counted.period_start
from {rows} as counted
left join said
    on counted.force_code = said.force_code
    and counted.voice = said.voice
    and counted.period_start = said.period_start
where counted.denominator > coalesce(said.statements, 0)
"""


@mart_suite("assurance_voice_month", one_row_per=("voice", "period_start"))
def assurance_voice_month() -> Expectations:
    """Every month, with the statements that said complete and those that the data contradicted."""
    return [
        every_row(
            "contradicted_within_said",
            "0 <= numerator and numerator <= denominator "
            "and 0 <= days_contradicted and days_contradicted <= days_said_complete",
            description="Every count of contradictions is within the count of statements or days.",
            columns=("numerator", "denominator", "days_contradicted", "days_said_complete"),
        ),
        every_row(
            "share_of_statements",
            "case when denominator = 0 then value is null "
            "else abs(value - numerator::double precision / denominator) < 1e-9 end",
            description="Every share is the numerator by the denominator, or blank.",
            columns=("value", "numerator", "denominator"),
        ),
        every_row(
            "first_of_a_month",
            "period_start = date_trunc('month', period_start)::date",
            description="Every period begins on the first day of a month.",
            columns=("period_start",),
            dimension="validity",
        ),
        no_rows(
            "statements_are_those_of_the_voice",
            _STATEMENTS,
            description="Every month has no more statements than the voice made.",
        ),
    ]
