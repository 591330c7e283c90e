"""The answer to the question whether the Board can be assured."""

from expectations.marts.assurance_answer import ANSWERS
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_OTHER_COUNTS = """
with
    counted as (
        select
            force_code,
            count(*) as points,
            count(*) filter (where answer_code = 'YES') as met,
            count(*) filter (where answer_code = 'NOT_DUE') as not_due,
            count(*) filter (where answer_code = 'NO_CASES') as no_cases,
            count(*) filter (where answer_code = 'NOT_KNOWN') as not_known
        from {candidate}.assurance_answer
        group by force_code
    )
select force_code
from counted
full join {rows} as shown using (force_code)
where (counted.points, counted.met, counted.not_due, counted.no_cases, counted.not_known)
    is distinct from (
        shown.points, shown.points_met, shown.points_not_due, shown.points_no_cases,
        shown.points_not_known
    )
"""


@mart_suite(
    "assurance_headline", one_row_per=(), stage="sealed", sentence_columns=("words", "detail")
)
def assurance_headline() -> Expectations:
    """Every point by its answer, and the answer on all in one sentence."""
    return [
        one_of("answer_code", ANSWERS, description="Every answer is a defined one."),
        every_row(
            "yes_means_all",
            "(answer_code = 'YES') = (points_met = points)",
            description="The answer is Yes if all points are met, and only then.",
            columns=("answer_code", "points_met", "points"),
        ),
        every_row(
            "not_known_is_said",
            "(answer_code = 'NOT_KNOWN') = (points_not_known > 0)",
            description="The answer is Not known if the status of a point is, and only then.",
            columns=("answer_code", "points_not_known"),
        ),
        every_row(
            "words_are_whole",
            "words || detail !~ '[{}]'",
            description="Every place in the sentences is filled in.",
            columns=("words", "detail"),
            dimension="completeness",
        ),
        no_rows(
            "points_are_counted",
            _OTHER_COUNTS,
            description="Every number of points is that of the answers.",
        ),
    ]
