"""Every word of the force, the Commissioner and the data on each point, over time."""

from expectations.codes import POINTS, VOICES
from expectations.mart import mart
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_GAPS = """
select point_code, voice, changed_on
from (
    select *, lead(changed_on) over (
        partition by force_code, point_code, voice order by changed_on
    ) as next_change_on
    from {rows}
) as word
where stood_until is distinct from next_change_on - 1 or stood_until < changed_on
"""

_OTHER_THAN_THE_DAY = """
select voice.point_code, voice.voice, voice.changed_on
from {rows} as voice
left join {candidate}.assurance_position_day as position
    on voice.force_code = position.force_code and voice.point_code = position.point_code
    and voice.changed_on = position.day
where voice.voice = 'DATA' and voice.status is distinct from position.status
"""


@mart("assurance_voice", one_row_per=("point_code", "voice", "changed_on"), our_words=("status",))
def assurance_voice() -> Promises:
    """Every word of the force, the Commissioner and the data on each point, over time."""
    return [
        one_of("point_code", POINTS, words="The points are the four that reassurance is asked on."),
        one_of("voice", VOICES, words="The voices are the force, the Commissioner and the data."),
        filled("status", "is_assured", words="Everything that was said has its {column}."),
        every_row(
            "said_by_today",
            sql("changed_on <= <<today>>", today=_TODAY),
            words="Nobody has said anything after the day that the figures are for.",
            columns=("changed_on",),
            dimension="validity",
        ),
        nothing(
            "one_word_at_a_time",
            _GAPS,
            words="Each voice's word stands until the day before its next, the last still.",
        ),
        nothing(
            "data_say_their_status",
            _OTHER_THAN_THE_DAY,
            words="What the data say is the status of that day.",
        ),
    ]
