"""What the form for a step of a sign-off shows, and what its answer does.

Airflow shows the form (`platform/airflow/sign_off.py`).
"""

from oic_assurance.operations.sign_off.entries import read_subjects
from oic_assurance.operations.sign_off.steps import make_step
from oic_assurance.settings import Settings


def show_steps(settings: Settings, code: str) -> list[str]:
    """Return lines that say which steps of a recommendation's closure have been made."""
    (subject,) = read_subjects(settings, code, f"Airflow asks for a step about {code}")
    lines = [f"{code}: {subject.title}", f"state: {subject.state}"]
    lines += [f"{entry.step} by {entry.account}: {entry.because}" for entry in subject.in_force]
    return [*lines, f"a closure rests on {subject.rests_on}"]


def make(
    settings: Settings, code: str, step: str, *, account: str, because: str, evidence: str | None
) -> None:
    """Make a step of a sign-off for a person who has answered.

    Raises:
        AssuranceError: A rule of sign-off does not allow the step.
    """
    make_step(
        settings,
        code,
        step,
        account=account,
        through="airflow",
        because=because,
        evidence=evidence,
    )
