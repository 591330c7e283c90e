"""Who needs which training, and who has it."""

from expectations.codes import TRAINING_REQUIREMENTS
from expectations.mart import known_unit, mart, officer_keys
from expectations.past import as_many_as_published
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_IN_TWO_PLACES = """
select officer_key
from {rows}
group by force_code, officer_key
having count(distinct (org_unit_code, is_in_post, is_long_term_absent)) > 1
"""


@mart("fct_training_requirement", one_row_per=("officer_key", "requirement_code"))
def fct_training_requirement() -> Promises:
    """Every person and every item of training that their role needs."""
    return [
        officer_keys(always=False),
        filled(
            "org_unit_code",
            "is_in_post",
            "is_long_term_absent",
            "is_complete",
            words="Every requirement has its {column}.",
        ),
        one_of(
            "requirement_code",
            TRAINING_REQUIREMENTS,
            words="Every requirement is the Hydra package or one of the four modules.",
        ),
        known_unit(),
        every_row(
            "complete_means_a_day",
            "is_complete = (completed_on is not null)",
            words="Whoever is complete became so on a day, and nobody else has one.",
            columns=("is_complete", "completed_on"),
        ),
        every_row(
            "completed_by_today",
            f"completed_on is null or completed_on <= {_TODAY}",
            words="Nobody is complete on a day that is still to come.",
            columns=("completed_on",),
            dimension="validity",
        ),
        nothing(
            "one_place_a_person",
            _IN_TWO_PLACES,
            words="Everybody is in one unit and either in post or not, whatever they need.",
            dimension="consistency",
        ),
        as_many_as_published("fct_training_requirement"),
    ]
