"""When the force, the Commissioner and the data disagreed."""

from expectations.codes import POINTS
from expectations.mart import mart
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_WITHOUT_A_BREAK = """
select point_code, disagreed_from
from (
    select *, lag(coalesce(disagreed_until, 'infinity')) over (
        partition by force_code, point_code order by disagreed_from
    ) as until_before
    from {rows}
) as stretch
where disagreed_from - 1 <= until_before
"""


@mart(
    "assurance_disagreement",
    one_row_per=("point_code", "disagreed_from"),
    our_words=(
        "force_self_assessment",
        "commissioner_judgement",
    ),
)
def assurance_disagreement() -> Promises:
    """When the force, the Commissioner and the data disagreed on a point."""
    return [
        one_of("point_code", POINTS, words="The points are the four that reassurance is asked on."),
        filled("days", "data_status", words="Every disagreement has its {column}."),
        every_row(
            "days_are_counted",
            sql("days = coalesce(disagreed_until, <<today>>) - disagreed_from + 1", today=_TODAY),
            words="A disagreement has its days counted from the first to the last, or to today.",
            columns=("days", "disagreed_from", "disagreed_until"),
        ),
        every_row(
            "over_means_past",
            sql("coalesce(disagreed_until, <<today>> - 1) < <<today>>", today=_TODAY),
            words="What is over ended before today.",
            columns=("disagreed_until",),
            dimension="validity",
        ),
        nothing(
            "a_break_between",
            _WITHOUT_A_BREAK,
            words="Between two disagreements on a point lies a day of agreement.",
        ),
    ]
