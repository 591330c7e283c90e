"""Screens about notifications: what is wrong now, and what was sent."""

from dataclasses import dataclass

from oic_assurance.notifications.message import body
from oic_assurance.notifications.notification import Problem, changes
from oic_assurance.notifications.notify import Attempt


@dataclass(frozen=True)
class Problems:
    """What is wrong now."""

    problems: list[Problem]


@dataclass(frozen=True)
class Attempts:
    """The messages of one call of `assurance notify`, by channel."""

    attempts: list[Attempt]


def problems_screen(found: Problems) -> str:
    """Return the message about everything that is wrong now."""
    return body(changes(found.problems, [])) if found.problems else "Nothing is wrong.\n"


def attempts_screen(sent: Attempts) -> str:
    """Return each message that was delivered, with its channel and recipients."""
    return "".join(
        f"Notified {attempt.to_whom} by {attempt.channel}:\n\n{body(attempt.news)}"
        for attempt in sent.attempts
        if not attempt.failure
    )
