"""What a reader must know before using the figure of a point."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

CAVEATS = (
    "SOURCE_NOT_FRESH",
    "SOURCE_QUIET",
    "VERDICT_CORRECTED",
    "MOVED_BY_CORRECTIONS",
    "MANY_CORRECTIONS",
    "SIGN_OFF",
    "CHECK_FAILED",
    "ROW_IN_QUARANTINE",
    "FILE_REFUSED",
)

# A source that is not fresh must be told at every point that rests on it, and what was left out at
# every point that it could move.
_NOT_TOLD = """
select due.point_code, due.dataset
from (
    select freshness.force_code, rests_on.point_code, rests_on.dataset, 'SOURCE_NOT_FRESH' as code
    from {candidate}.source_freshness as freshness
    inner join {policy}.point_dataset as rests_on using (dataset)
    where freshness.verdict <> 'fresh'
    union all
    select left_out.force_code, rests_on.point_code, rests_on.dataset, left_out.left_out_code
    from {candidate}.assurance_left_out as left_out
    inner join {policy}.point_dataset as rests_on using (dataset)
    where rests_on.can_move and left_out.left_out_code in ('ROW_IN_QUARANTINE', 'FILE_REFUSED')
) as due
left join {rows} as told
    on due.force_code = told.force_code and due.point_code = told.point_code
    and due.dataset = told.dataset and due.code = told.caveat_code
where told.point_code is null
"""

_INTERVAL_WITHOUT_THE_FIGURE = """
select shown.point_code, shown.place
from {rows} as shown
inner join {candidate}.assurance_position as position using (force_code, point_code)
where shown.could_be_low > position.value + 1e-9 or shown.could_be_high < position.value - 1e-9
"""


@mart_suite(
    "assurance_caveat",
    one_row_per=("point_code", "place"),
    stage="sealed",
    source_text_columns=("words",),
    sentence_columns=("words",),
)
def assurance_caveat() -> Expectations:
    """Every caveat of each point, with what it could move."""
    return [
        one_of("caveat_code", CAVEATS, description="Every kind of caveat is a defined one."),
        every_row(
            "could_be_a_share",
            "could_be_low between 0 and could_be_high and could_be_high <= 1",
            where="could_be_low is not null",
            description="Every range of a figure lies between zero and one.",
            columns=("could_be_low", "could_be_high"),
            dimension="validity",
        ),
        no_rows(
            "told_at_every_point",
            _NOT_TOLD,
            description="What is stale or left out is told at every point that rests on it.",
            dimension="completeness",
        ),
        no_rows(
            "range_holds_the_figure",
            _INTERVAL_WITHOUT_THE_FIGURE,
            description="Every range of a figure holds the figure.",
        ),
    ]
