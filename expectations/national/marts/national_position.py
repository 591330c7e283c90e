"""The position of each force, by assurance point."""

from expectations.national.marts.national_force_state import WHY_UNKNOWN
from expectations.national.marts.no_rank import no_rank
from expectations.shared.code_lists import POINTS, POSITION_STATUSES
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of, sql

_DIFFERENT_FROM_REPORT = """
with reported as (
    select distinct on (reporting_force_code, publication_id, point_code)
        reporting_force_code, publication_id, point_code, status, numerator, denominator, value
    from {raw_general}.force_position
    where batch_id <= {known_batch_id} and version_at <= {as_at}
    order by reporting_force_code, publication_id, point_code, version_at desc, batch_id desc
)
select shown.reporting_force_code, shown.point_code
from {rows} as shown
left join reported
    on shown.reporting_force_code = reported.reporting_force_code
    and shown.force_publication_id = reported.publication_id
    and shown.point_code = reported.point_code
where shown.state = 'REPORTED'
    and (
        shown.status is distinct from reported.status
        or shown.numerator is distinct from reported.numerator
        or shown.denominator is distinct from reported.denominator
        or shown.value is distinct from reported.value::double precision
    )
"""

_MISSING_POINTS = """
select force.reporting_force_code
from {candidate}.national_force_state as force
left join {rows} as shown using (reporting_force_code)
where force.state <> 'WITHDRAWN'
group by force.reporting_force_code
having count(shown.point_code) <> <<points>>
"""


@mart_suite(
    "national_position",
    one_row_per=("reporting_force_code", "point_code"),
    source_text_columns=("caveat", "reporting_force_code"),
    sentence_columns=("caveat",),
)
def national_position() -> Expectations:
    """Every force and assurance point, with its status and figure."""
    return [
        no_rank(),
        one_of("point_code", POINTS, description="Every point is a defined one."),
        one_of("status", POSITION_STATUSES, description="Every status is a defined one."),
        one_of(
            "why_unknown",
            (*WHY_UNKNOWN, "NOT_UNDERTAKEN", "STALE_SOURCES"),
            description="Every reason is a defined one.",
        ),
        no_rows(
            "every_point_of_every_force",
            sql(_MISSING_POINTS, points=str(len(POINTS))),
            description="Every force has each point.",
            dimension="completeness",
        ),
        every_row(
            "unknown_has_no_figure",
            "status = 'unknown' and numerator is null and denominator is null and value is null"
            " and why_unknown is not null and caveat is not null",
            where="state = 'UNKNOWN'",
            description="A position that is unknown has no figure, and says why.",
            columns=("state", "numerator", "denominator", "value", "caveat"),
        ),
        every_row(
            "no_last_figure_beside_a_figure",
            "last_value is null and last_as_at is null",
            where="state = 'REPORTED'",
            description="No position has both a figure and a last figure.",
            columns=("last_value", "last_as_at"),
        ),
        every_row(
            "last_figure_says_when",
            "last_as_at is not null and last_publication_id is not null",
            where="last_value is not null",
            description="Every last figure says of which moment and publication it is.",
            columns=("last_value", "last_as_at"),
        ),
        no_rows(
            "position_as_reported",
            _DIFFERENT_FROM_REPORT,
            description="Every figure is the one that the force has published.",
            columns=("numerator", "denominator", "value"),
        ),
    ]
