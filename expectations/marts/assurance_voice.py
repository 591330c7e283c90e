"""Status of each point over time, as the force, the Commissioner and the data see it."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_GAPS = """
with
    statement as (
        select *, lead(changed_on) over (
            partition by force_code, point_code, voice order by changed_on
        ) as next_change_on
        from {rows}
    )
select point_code, voice, changed_on
from statement
where stood_until is distinct from next_change_on - 1 or stood_until < changed_on
"""

_DIFFERENT_FROM_THE_DAY = """
select voice.point_code, voice.voice, voice.changed_on
from {rows} as voice
left join {candidate}.assurance_position_day as position
    on voice.force_code = position.force_code and voice.point_code = position.point_code
    and voice.changed_on = position.day
where voice.voice = 'DATA' and voice.status is distinct from position.status
"""


@mart_suite(
    "assurance_voice",
    one_row_per=("point_code", "voice", "changed_on"),
    sentence_columns=("status",),
)
def assurance_voice() -> Expectations:
    """Status of each point over time, as the force, the Commissioner and the data see it."""
    return [
        every_row(
            "said_by_today",
            sql("changed_on <= <<today>>", today=_TODAY),
            description="No statement is from after the day of the figures.",
            columns=("changed_on",),
            dimension="validity",
        ),
        no_rows(
            "one_statement_at_a_time",
            _GAPS,
            description=(
                "Every statement is valid until the day before the next statement in the same view."
            ),
        ),
        no_rows(
            "data_voice_is_the_daily_status",
            _DIFFERENT_FROM_THE_DAY,
            description="Every statement of the data equals the daily status of that day.",
        ),
    ]
