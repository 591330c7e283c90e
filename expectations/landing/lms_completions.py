"""E-learning completions."""

from expectations.shared.current_records import nearly_all_records, refers_to, while_in_post
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import Expectations


@landing_suite("lms/completions")
def completion() -> Expectations:
    """Every attempt at an e-learning module, as the learning system reports it."""
    return [
        refers_to(
            "employee_no",
            "hr/personnel",
            "employee_no",
            key="row_key",
            description="Everybody who takes training is listed in the personnel file.",
        ),
        nearly_all_records(
            "score_in_range",
            "score between 0 and 100",
            where="score is not null",
            description="Every score is between 0 and 100.",
            columns=("score",),
        ),
        while_in_post(
            "(record.completed_at at time zone 'Europe/London')::date",
            key="record.row_key",
            description="Everybody who completed training was in post on that day.",
        ),
    ]
