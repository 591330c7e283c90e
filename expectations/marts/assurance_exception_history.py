"""When each exception came on the list, when it went off it, and why."""

from expectations.codes import EXCEPTIONS, POINTS
from expectations.mart import mart, not_later, officer_keys
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of

# What is open is what is on the list, key by key.
_OTHER_THAN_THE_LIST = """
select coalesce(life.exception_key, listed.exception_key) as exception_key
from (select * from {rows} where is_open) as life
full join {candidate}.assurance_exception as listed using (force_code, exception_key)
where life.exception_key is null or listed.exception_key is null
"""

_SPELLS_OUT_OF_ORDER = """
select exception_key, spell
from (
    select *,
        row_number() over (partition by force_code, exception_key order by first_seen_at) as place,
        count(*) over (partition by force_code, exception_key) as spells
    from {rows}
) as life
where spell <> place or is_latest <> (spell = spells) or is_open and not is_latest
"""


@mart(
    "assurance_exception_history",
    one_row_per=("exception_key", "spell"),
    names_from_sources=("record_ref",),
)
def assurance_exception_history() -> Promises:
    """When each exception came on the list, when it went off it, and why."""
    return [
        filled(
            "exception_code",
            "point_code",
            "record_ref",
            "org_unit_code",
            "opened_at",
            "first_seen_at",
            words="Everything that was on the list has its {column}.",
        ),
        officer_keys(always=False),
        one_of("point_code", POINTS, words="Everything on the list belongs to an assurance point."),
        one_of("exception_code", EXCEPTIONS, words="Everything on the list says what is wrong."),
        not_later("first_seen_at", "Nothing was seen after the moment the figures are for."),
        not_later("closed_at", "Nothing has closed after the moment the figures are for."),
        every_row(
            "closed_says_when_and_why",
            "is_open = (closed_at is null) and is_open = (closed_because is null) "
            "and coalesce(closed_at >= opened_at, true)",
            words="What has closed says when and why, and that is after it opened.",
            columns=("opened_at", "closed_at", "closed_because"),
        ),
        nothing(
            "times_follow_one_another",
            _SPELLS_OUT_OF_ORDER,
            words="The times on the list are numbered as they came, and only the last can be open.",
        ),
        nothing(
            "open_is_on_the_list",
            _OTHER_THAN_THE_LIST,
            words="What is open is on the list, and nothing else is.",
        ),
    ]
