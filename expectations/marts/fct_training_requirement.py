"""The training that officers need and have completed."""

from expectations.shared.code_lists import TRAINING_REQUIREMENTS
from expectations.shared.mart_suite import mart_suite, officer_keys
from expectations.shared.own_history import as_many_as_published
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_OFFICERS_WITH_TWO_STATES = """
select officer_key
from {rows}
group by force_code, officer_key
having count(distinct (org_unit_code, is_in_post, is_long_term_absent)) > 1
"""


@mart_suite("fct_training_requirement", one_row_per=("officer_key", "requirement_code"))
def fct_training_requirement() -> Expectations:
    """Every officer with each training item that the officer's role needs."""
    return [
        officer_keys(),
        one_of(
            "requirement_code",
            TRAINING_REQUIREMENTS,
            description="Every requirement is a training item of the policy.",
        ),
        every_row(
            "complete_has_a_date",
            "is_complete = (completed_on is not null)",
            description="The completed requirements, and no others, have a date of completion.",
            columns=("is_complete", "completed_on"),
        ),
        every_row(
            "completed_by_today",
            f"completed_on is null or completed_on <= {_TODAY}",
            description="No date of completion is in the future.",
            columns=("completed_on",),
            dimension="validity",
        ),
        no_rows(
            "one_place_a_person",
            _OFFICERS_WITH_TWO_STATES,
            description=(
                "Every officer has the same unit and service status in all of their requirements."
            ),
            dimension="consistency",
        ),
        as_many_as_published("fct_training_requirement"),
    ]
