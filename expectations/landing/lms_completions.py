"""E-learning."""

from expectations.landed import landed
from expectations.records import of_current, refers_to, while_in_post
from expectations.vocabulary import Promises


@landed("lms/completions")
def completion() -> Promises:
    """E-learning modules, each attempt as the learning system reports it."""
    return [
        refers_to(
            "employee_no",
            "hr/personnel",
            "employee_no",
            key="row_key",
            words="Training is taken by people that the personnel file knows.",
        ),
        of_current(
            "score_in_range",
            "score between 0 and 100",
            among="score is not null",
            words="Scores are between nought and a hundred.",
            columns=("score",),
        ),
        while_in_post(
            "(record.completed_at at time zone 'Europe/London')::date",
            key="record.row_key",
            words="Training is completed by people while they are in post.",
        ),
    ]
