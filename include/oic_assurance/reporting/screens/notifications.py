"""The screens of `assurance notify`: the problems that exist now, and the messages sent."""

from dataclasses import dataclass

from oic_assurance.notifications.message import body
from oic_assurance.notifications.notification import Problem, changes
from oic_assurance.notifications.notify import Attempt


@dataclass(frozen=True)
class Problems:
    """All problems that exist now."""

    problems: list[Problem]


@dataclass(frozen=True)
class Attempts:
    """The messages that one call of `assurance notify` tried to send, one per channel."""

    attempts: list[Attempt]


def problems_screen(found: Problems) -> str:
    """Return the text of a notification about all problems that exist now."""
    return body(changes(found.problems, [])) if found.problems else "Nothing is wrong.\n"


def attempts_screen(sent: Attempts) -> str:
    """Return the text of each delivered message, with its channel and recipients."""
    return "".join(
        f"Notified {attempt.to_whom} by {attempt.channel}:\n\n{body(attempt.news)}"
        for attempt in sent.attempts
        if not attempt.failure
    )
