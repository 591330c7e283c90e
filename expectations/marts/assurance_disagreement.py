"""Disagreements between the force, the Commissioner and the data."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_WITHOUT_A_DAY_OF_AGREEMENT = """
with
    disagreement as (
        select *, lag(coalesce(disagreed_until, 'infinity')) over (
            partition by force_code, point_code order by disagreed_from
        ) as previous_until
        from {rows}
    )
select point_code, disagreed_from
from disagreement
where disagreed_from - 1 <= previous_until
"""


@mart_suite(
    "assurance_disagreement",
    one_row_per=("point_code", "disagreed_from"),
    sentence_columns=(
        "force_self_assessment",
        "commissioner_judgement",
    ),
)
def assurance_disagreement() -> Expectations:
    """Periods in which the force, the Commissioner and the data disagreed on a point."""
    return [
        every_row(
            "days_are_counted",
            sql("days = coalesce(disagreed_until, <<today>>) - disagreed_from + 1", today=_TODAY),
            description=(
                "Every disagreement's days are counted from its first day to its last, or to today."
            ),
            columns=("days", "disagreed_from", "disagreed_until"),
        ),
        every_row(
            "ended_before_today",
            sql("coalesce(disagreed_until, <<today>> - 1) < <<today>>", today=_TODAY),
            description="Every disagreement that is over ended before today.",
            columns=("disagreed_until",),
            dimension="validity",
        ),
        no_rows(
            "agreement_between_disagreements",
            _WITHOUT_A_DAY_OF_AGREEMENT,
            description="Between any two disagreements on a point there is a day of agreement.",
        ),
    ]
