"""The statuses that differ from those that readers saw before."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, no_rows

_LISTED_WRONGLY = """
select position.point_code
from {intermediate}.int_position as position
inner join {audit}.build as build on build.build_id = {build_id}
left join {audit}.published_position as shown
    on shown.publication_id = build.compared_with
    and shown.force_code = position.force_code
    and shown.point_code = position.point_code
left join {rows} as listed
    on position.force_code = listed.force_code and position.point_code = listed.point_code
where coalesce(shown.status <> position.status, false) <> (listed.point_code is not null)
    or (listed.status_before, listed.status_after) <> (shown.status, position.status)
"""


@mart_suite("assurance_status_change", one_row_per=("point_code",))
def assurance_status_change() -> Expectations:
    """Every status that differs from the one that readers saw before, and no other."""
    return [
        no_rows(
            "every_change_is_listed",
            _LISTED_WRONGLY,
            description="The listed changes of status are those from the compared publication.",
        )
    ]
