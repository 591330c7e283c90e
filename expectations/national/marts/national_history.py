"""What the figure of each force was in each of its publications."""

from expectations.national.marts.no_rank import no_rank
from expectations.shared.code_lists import POINTS, POSITION_STATUSES
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_CURRENT_DIFFERS = """
select position.reporting_force_code, position.point_code
from {candidate}.national_position as position
left join {rows} as shown
    on position.reporting_force_code = shown.reporting_force_code
    and position.point_code = shown.point_code
    and position.force_publication_id = shown.force_publication_id
where position.state = 'REPORTED' and shown.value is distinct from position.value
"""


@mart_suite(
    "national_history",
    one_row_per=("reporting_force_code", "point_code", "force_publication_id"),
    source_text_columns=("reporting_force_code",),
)
def national_history() -> Expectations:
    """Every publication of every force, with its figures and why they changed."""
    return [
        no_rank(),
        one_of("point_code", POINTS, description="Every point is a defined one."),
        one_of("status", POSITION_STATUSES, description="Every status is a defined one."),
        one_of(
            "why_changed",
            ("FIRST", "UNCHANGED", "RESTATED", "NEW_RECORDS"),
            description="Every reason is a defined one.",
        ),
        every_row(
            "restated_has_causes",
            "causes is not null",
            where="why_changed = 'RESTATED'",
            description="Every restated figure has its causes.",
            columns=("why_changed", "causes"),
        ),
        no_rows(
            "history_ends_with_the_position",
            _CURRENT_DIFFERS,
            description="Every position is in the history of its force.",
        ),
    ]
