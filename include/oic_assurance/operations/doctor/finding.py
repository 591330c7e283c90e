"""What the doctor looks at, and what it finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import reason

#: `unknown` means that something could not be looked at, for example because the server is down.
State = Literal["ok", "attention", "failed", "unknown"]
#: The exit code of the command for the worst state of its findings.
EXIT_CODES: dict[State, int] = {"ok": 0, "unknown": 1, "attention": 1, "failed": 2}
NO_SERVER = "the warehouse does not answer"


@dataclass(frozen=True)
class Finding:
    """The state of one thing, in one line, and what to do about it."""

    #: What was looked at, such as `disk` or a connection.
    subject: str
    state: State
    what: str
    #: What to do next, with a command. Empty if there is nothing to do.
    todo: str = ""


@dataclass(frozen=True)
class Look:
    """A look at one part of the installation."""

    #: The heading of its findings. Looks that follow one another may share a heading.
    title: str
    #: What it looks at, in case that it cannot look.
    subject: str
    find: Callable[[Settings], Iterable[Finding]]
    #: Whether the look needs a session of the warehouse.
    needs_warehouse: bool = False


@dataclass(frozen=True)
class Examined:
    """A look with its findings."""

    title: str
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Examination:
    """All looks at an installation, in the order in which they are shown."""

    looks: Sequence[Examined]

    @property
    def state(self) -> State:
        """The worst state of all findings."""
        states = [finding.state for look in self.looks for finding in look.findings]
        order: tuple[State, ...] = ("failed", "attention", "unknown")
        return next((state for state in order if state in states), "ok")


def examine(
    settings: Settings, looks: Sequence[Look], answers: bool, tell: Callable[[str], None]
) -> Examination:
    """Take every look, and return what was found.

    `answers` says whether the warehouse answers. If it does not, the looks that need it find only
    that they could not look. `tell` gets the subject of each look when it begins. If a look fails,
    its subject could not be looked at, and the other looks go on.
    """
    return Examination([_taken(settings, look, answers, tell) for look in looks])


def _taken(settings: Settings, look: Look, answers: bool, tell: Callable[[str], None]) -> Examined:
    tell(look.subject)
    if look.needs_warehouse and not answers:
        return Examined(look.title, [Finding(look.subject, "unknown", NO_SERVER)])
    findings: list[Finding] = []
    try:
        findings.extend(look.find(settings))
    except AssuranceError as error:
        findings.append(Finding(look.subject, "unknown", error.message))
    except psycopg.Error as error:
        # PostgreSQL's own message can contain values of records.
        findings.append(Finding(look.subject, "unknown", reason(error)))
    except OSError as error:
        findings.append(Finding(look.subject, "unknown", f"{error}"))
    return Examined(look.title, findings)
