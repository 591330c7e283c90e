"""E-learning."""

from expectations.landed import landed, of_current, refers_to
from expectations.vocabulary import INFO, Promises


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
            "row_key",
            "score between 0 and 100",
            among="score is not null",
            words="Scores are between nought and a hundred.",
            columns=("score",),
        ),
        of_current(
            "time_unambiguous",
            "row_key",
            "not completed_at_is_ambiguous",
            among="completed_at is not null",
            words="Completions do not fall in the hour that a clock change repeats or skips.",
            columns=("completed_at",),
            severity=INFO,
        ),
    ]
