"""The number of exceptions of each kind."""

from expectations.shared.code_lists import AGE_BANDS, EXCEPTIONS, POINTS
from expectations.shared.mart_suite import known_unit, mart_suite
from expectations.vocabulary import Expectations, every_row, filled, no_rows, one_of

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


@mart_suite(
    "assurance_exception_summary",
    one_row_per=("exception_code", "point_code", "org_unit_code", "age_band"),
)
def assurance_exception_summary() -> Expectations:
    """Numbers of exceptions by kind, unit and age, for readers who may not see single records."""
    return [
        filled(
            "exceptions",
            "oldest_age_days",
            description="Every row has a value in {column}.",
        ),
        known_unit(),
        one_of(
            "point_code",
            POINTS,
            description="Every row belongs to an assurance point.",
        ),
        one_of("age_band", AGE_BANDS, description="Every row is in one of the four age bands."),
        one_of("exception_code", EXCEPTIONS, description="Every row has a defined exception code."),
        every_row(
            "at_least_one_exception",
            "exceptions >= 1 and oldest_age_days >= 0",
            description="Every row counts at least one exception.",
            columns=("exceptions", "oldest_age_days"),
        ),
        no_rows(
            "adds_up_to_the_list",
            _NOT_AS_LISTED,
            description="Every number equals the number of listed exceptions of its kind.",
            dimension="reconciliation",
        ),
    ]
