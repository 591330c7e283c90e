"""The closures that a publication reopens."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, no_rows

# The query finds signatures in force of points that are slipping or overdue on the as-at day, and
# whose closure is not listed. If a dataset of the force is not fresh, it finds none: the status of
# a point can then be unknown, and an unknown status reopens no closure.
_CLOSED_AND_SLIPPING = """
select step.recommendation_code, step.round, step.step
from {intermediate}.int_sign_off_step as step
inner join {candidate}.assurance_position_day as position
    on step.force_code = position.force_code
    and step.point_code = position.point_code
    and position.day = ({as_at} at time zone 'Europe/London')::date
left join {rows} as listed
    on step.force_code = listed.force_code
    and step.recommendation_code = listed.recommendation_code
    and step.round = listed.round
where step.is_in_force and step.step in ('FORCE', 'COMMISSIONER', 'INSPECTORATE')
    and position.status in ('slipping', 'overdue')
    and listed.recommendation_code is null
    and not exists (
        select
        from {candidate}.source_freshness as source
        where source.force_code = step.force_code and source.verdict <> 'fresh'
    )
"""


@mart_suite("sign_off_reopening", one_row_per=("recommendation_code",), sentence_columns=("words",))
def sign_off_reopening() -> Expectations:
    """Every closure whose figure no longer stands is reopened, and it is said why."""
    return [
        no_rows(
            "no_closure_of_a_slipping_point",
            _CLOSED_AND_SLIPPING,
            description="Every closure of a point that is slipping or overdue is listed here.",
        ),
    ]
