"""What a look at the installation finds, and how it is recorded.

SQL sees no disk, no certificate, no clock of a host and no archived file. A run, the watch and
`assurance doctor` look at them, and record what they found with its moment.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.state.apply import ROLE, problem_kinds
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.rows import one_value

#: `advice`: it works, and could be better. `attention` and `failed`: it is a problem. `unknown`: it
#: could not be looked at, for example because the server is down.
State = Literal["ok", "advice", "attention", "failed", "unknown"]
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
    #: A number for monitoring, such as the end of a certificate in Unix time.
    amount: float | None = None
    #: Since when it is so, if the look knows. Otherwise it is since it was first found.
    since: datetime | None = None
    #: The kind of problem, if it is another one than that of the look.
    code: str = ""


@dataclass(frozen=True)
class Look:
    """A look at one part of the installation."""

    #: The heading of its findings. Looks that follow one another may share a heading.
    title: str
    #: What it looks at, in case that it cannot look.
    subject: str
    find: Callable[[Settings], Iterable[Finding]]
    #: The kinds of problems that it finds, as in `problems.yml`. The first is that of findings
    #: that name no other. Without one, nothing is recorded.
    codes: tuple[str, ...]
    #: Whether the look needs a session of the warehouse.
    needs_warehouse: bool = True


@dataclass(frozen=True)
class Found:
    """A look with its findings."""

    look: Look
    findings: Sequence[Finding]


def take(look: Look, settings: Settings, *, answers: bool = True) -> Found:
    """Take a look. If it cannot be taken, its one finding is `unknown`, and says why.

    `answers` says whether the warehouse answers.
    """
    if look.needs_warehouse and not answers:
        return Found(look, [Finding(look.subject, "unknown", NO_SERVER)])
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
    return Found(look, findings)


def record(settings: Settings, found: Sequence[Found]) -> None:
    """Record what looks have found on this host, in place of what they found before.

    What could not be looked at stays as it was last found, with the moment of that look. The server
    says when, because this host's clock may be what is wrong.

    Raises:
        ServerError: The warehouse cannot be reached.
        AssuranceError: The server cannot store it, for example because its disk is full.
    """
    host = socket.gethostname()
    rows = {
        (finding.code or one.look.codes[0], finding.subject): finding
        for one in found
        if one.look.codes
        for finding in one.findings
        if finding.state != "unknown"
    }
    looked_at = {code for one in found for code in one.look.codes}
    not_seen = {
        code
        for one in found
        for code in one.look.codes
        if any(finding.state == "unknown" for finding in one.findings)
    }
    try:
        with connect(settings, role=ROLE) as warehouse:
            now = one_value(warehouse, "select now()")
            for (code, subject), one in rows.items():
                known = (one.state, one.what, one.todo, one.amount, one.since or now, now)
                where = "" if problem_kinds()[code].get("is_of_deployment") else host
                warehouse.execute(_RECORD, (code, subject, where, *known, one.since))
            gone = {"host": host, "now": now, "codes": list(looked_at - not_seen)}
            warehouse.execute(_FORGET, gone)
    except psycopg.OperationalError as error:
        raise AssuranceError(f"What was found cannot be put on record: {reason(error)}.") from error


# What was not found again is over. A host that did not look for a day, while others did, is gone.
_FORGET = """
delete from audit.observation as old
where (
        old.host in (%(host)s, '') and old.problem_code = any (%(codes)s)
        and old.observed_at < %(now)s
    )
    or (
        old.observed_at < %(now)s - interval '26 hours'
        and exists (
            select
            from audit.observation as other
            where other.problem_code = old.problem_code and other.host <> old.host
                and other.observed_at > old.observed_at
        )
    )
"""
_RECORD = """
insert into audit.observation as known (
    problem_code, subject, host, state, what, todo, amount, since, observed_at
)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (problem_code, subject, host) do update
set state = excluded.state, what = excluded.what, todo = excluded.todo, amount = excluded.amount,
    observed_at = excluded.observed_at,
    since = coalesce(
        %s, case when known.state = excluded.state then known.since else excluded.since end
    )
"""
