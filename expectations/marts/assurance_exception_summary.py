"""What needs somebody to act, in numbers."""

from expectations.codes import AGE_BANDS, EXCEPTIONS, POINTS
from expectations.mart import known_unit, mart
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of

_NOT_AS_LISTED = """
select coalesce(listed.exception_code, summed.exception_code) as exception_code
from (
    select force_code, exception_code, point_code, org_unit_code, age_band, count(*) as exceptions
    from {candidate}.assurance_exception
    group by force_code, exception_code, point_code, org_unit_code, age_band
) as listed
full join
    {rows} as summed
    using (force_code, exception_code, point_code, org_unit_code, age_band)
where listed.exceptions is distinct from summed.exceptions
"""


@mart(
    "assurance_exception_summary",
    one_row_per=("exception_code", "point_code", "org_unit_code", "age_band"),
)
def assurance_exception_summary() -> Promises:
    """How much waits, by kind, team and age, for those who may not see whose it is."""
    return [
        filled(
            "exceptions",
            "oldest_age_days",
            words="Every number of what waits has its {column}.",
        ),
        known_unit(),
        one_of("point_code", POINTS, words="What waits belongs to an assurance point."),
        one_of("age_band", AGE_BANDS, words="What waits is in one of four age bands."),
        one_of("exception_code", EXCEPTIONS, words="What waits says what is wrong."),
        every_row(
            "somebody_waits",
            "exceptions >= 1 and oldest_age_days >= 0",
            words="A number of what waits is at least one.",
            columns=("exceptions", "oldest_age_days"),
        ),
        nothing(
            "adds_up_to_the_list",
            _NOT_AS_LISTED,
            words="The numbers of what waits are those of the list, by kind, team and age.",
            dimension="reconciliation",
        ),
    ]
