"""What readers are told about each point in words."""

from expectations.shared.code_lists import POSITION_STATUSES
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

ANSWERS = ("YES", "NOT_YET", "NO", "NOT_DUE", "NO_CASES", "NOT_KNOWN")
SENTENCES = (
    "status_words",
    "distance_words",
    "deadline_words",
    "second_words",
    "policy_words",
    "trend_words",
    "change_words",
    "forecast_words",
)

_OTHER_THAN_THE_POSITION = """
select point_code
from {candidate}.assurance_position as position
full join {rows} as shown using (force_code, point_code)
where shown.status is distinct from position.status
    or shown.status_word is distinct from position.status_word
    or shown.status_since is distinct from case
        when shown.status_word <> 'No clear change' then position.status_since
    end
    or (shown.status_word = 'No clear change') is distinct from (
        position.status = 'slipping' and position.change_high is not null
        and not position.is_change_clear
    )
    or shown.period_words is distinct from position.figure_period
    or shown.caveat_words is distinct from position.caveat
    or (shown.policy_words is null) is distinct from position.policy_confirmed
    or (shown.second_words is null) is distinct from (position.second_value is null)
    or shown.answer_code = 'YES' and position.source_status <> 'fresh'
    or shown.answer_code = 'NOT_DUE' and coalesce(position.days_to_deadline, 0) <= 0
    or position.target_unit = 'share' and position.value is not null
        and abs(replace(shown.figure_words, '%', '')::numeric - 100 * position.value) > 0.0501
"""

_SAYS_OTHERWISE = """
case
    when status in ('met_on_time', 'met_late', 'sustained') then answer_code = 'YES'
    when status = 'unknown' then answer_code = 'NOT_KNOWN'
    when status = 'no_cases' then answer_code = 'NO_CASES'
    when status = 'overdue' then answer_code = 'NO'
    when status = 'slipping' then answer_code in ('NO', 'NOT_YET')
    else answer_code in ('NOT_YET', 'NOT_DUE')
end
"""


@mart_suite(
    "assurance_answer",
    one_row_per=("point_code",),
    stage="sealed",
    sentence_columns=(*SENTENCES, "question", "caveat_words"),
)
def assurance_answer() -> Expectations:
    """Every point in words."""
    return [
        one_of("status", POSITION_STATUSES, description="Every status is a defined one."),
        one_of("answer_code", ANSWERS, description="Every answer is a defined one."),
        every_row(
            "answer_follows_the_status",
            _SAYS_OTHERWISE,
            description="Every answer follows from the status, and is not Yes for unknown.",
            columns=("answer_code", "status"),
        ),
        every_row(
            "words_are_whole",
            f"concat_ws(' ', {', '.join(SENTENCES)}) !~ '[{{}}]'",
            description="Every place in the sentences is filled in.",
            columns=SENTENCES,
            dimension="completeness",
        ),
        no_rows(
            "words_are_the_position",
            _OTHER_THAN_THE_POSITION,
            description="The words say what the position of the point says.",
        ),
    ]
