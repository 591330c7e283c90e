"""The number of exceptions of each kind."""

from expectations.shared.code_lists import AGE_BANDS, EXCEPTIONS, POINTS
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_NOT_AS_LISTED = """
with
    listed as (
        select
            force_code, exception_code, point_code, org_unit_code, age_band,
            count(*) as exceptions
        from {candidate}.assurance_exception
        group by force_code, exception_code, point_code, org_unit_code, age_band
    )
select coalesce(listed.exception_code, shown.exception_code) as exception_code
from listed
full join
    {rows} as shown
    using (force_code, exception_code, point_code, org_unit_code, age_band)
where listed.exceptions is distinct from shown.exceptions
"""

_NOT_THE_PEOPLE = """
with
    listed as (
        select force_code, exception_code, point_code, count(distinct officer_key) as people
        from {candidate}.assurance_exception
        group by force_code, exception_code, point_code
    ),
    shown as (
        select force_code, exception_code, point_code, sum(people) as people
        from {rows}
        group by force_code, exception_code, point_code
    )
select listed.exception_code, listed.point_code
from listed
inner join shown using (force_code, exception_code, point_code)
where listed.people <> shown.people
"""


@mart_suite(
    "assurance_exception_summary",
    one_row_per=("exception_code", "point_code", "org_unit_code", "age_band"),
)
def assurance_exception_summary() -> Expectations:
    """Numbers of exceptions by kind, unit and age, for readers who may not see single records."""
    return [
        one_of(
            "point_code",
            POINTS,
            description="Every row belongs to an assurance point.",
        ),
        one_of("age_band", AGE_BANDS, description="Every row is in one of the four age bands."),
        one_of("exception_code", EXCEPTIONS, description="Every row has a defined exception code."),
        every_row(
            "at_least_one_exception",
            "exceptions >= 1 and oldest_age_days >= 0 and people between 0 and exceptions",
            description="Every row counts at least one exception, and no more people than these.",
            columns=("exceptions", "people", "oldest_age_days"),
        ),
        no_rows(
            "adds_up_to_the_list",
            _NOT_AS_LISTED,
            description="Every number equals the number of listed exceptions of its kind.",
            dimension="reconciliation",
        ),
        no_rows(
            "people_counted_once",
            _NOT_THE_PEOPLE,
            description="Every officer is counted once for a kind and a point.",
            columns=("people",),
            dimension="reconciliation",
        ),
    ]
