"""When each exception was opened and closed, and why it was closed."""

from expectations.shared.code_lists import CLOSED_BECAUSE, EXCEPTIONS
from expectations.shared.mart_suite import mart_suite, not_later, officer_keys
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_OPEN_BUT_NOT_LISTED = """
with open_spell as (select * from {rows} where is_open)
select coalesce(open_spell.exception_key, listed.exception_key) as exception_key
from open_spell
full join {candidate}.assurance_exception as listed using (force_code, exception_key)
where open_spell.exception_key is null or listed.exception_key is null
"""

# A spell is an unbroken period during which an exception is on the list, from opening to closing.
_SPELLS_OUT_OF_ORDER = """
with
    numbered as (
        select
            *,
            row_number() over (
                partition by force_code, exception_key order by first_seen_at
            ) as position,
            count(*) over (partition by force_code, exception_key) as spells
        from {rows}
    )
select exception_key, spell
from numbered
where spell <> position or is_latest <> (spell = spells) or is_open and not is_latest
"""


@mart_suite(
    "assurance_exception_history",
    one_row_per=("exception_key", "spell"),
    source_text_columns=("record_ref",),
)
def assurance_exception_history() -> Expectations:
    """When each exception was opened and closed, and why it was closed."""
    return [
        one_of("exception_code", EXCEPTIONS, description="Every row has a defined exception code."),
        one_of("closed_because", CLOSED_BECAUSE, description="Every reason is a defined one."),
        officer_keys(),
        not_later(
            "first_seen_at",
            "No exception was first seen after the moment that the figures are for.",
        ),
        not_later("closed_at", "No exception closed after the moment that the figures are for."),
        every_row(
            "closed_says_when_and_why",
            """
            is_open = (closed_at is null)
            and is_open = (closed_because is null)
            and coalesce(closed_at >= opened_at, true)
            """,
            description=(
                "Every closed exception has a reason, and a closing time after its opening."
            ),
            columns=("opened_at", "closed_at", "closed_because"),
        ),
        no_rows(
            "spells_in_order",
            _SPELLS_OUT_OF_ORDER,
            description=(
                "Every exception's spells are numbered in order, and only the last can be open."
            ),
        ),
        no_rows(
            "open_is_on_the_list",
            _OPEN_BUT_NOT_LISTED,
            description="The open exceptions are exactly those on the list of exceptions.",
        ),
    ]
