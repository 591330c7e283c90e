"""A check of health: its form, how it is made, and how what it finds is put on record.

SQL sees no disk, no certificate, no clock of a host and no archived file. Checks measure them, and
what they find is recorded with its moment.

A measurement belongs to what was measured, and the next one replaces it, whoever takes it. What
each host has for itself, such as a disk or a clock, is one thing for each host. What the hosts have
in common, such as a source's columns, a served certificate or an archived file, is one thing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import click
import psycopg

from oic_assurance.errors import AssuranceError, UnknownNameError
from oic_assurance.settings import Settings
from oic_assurance.state.apply import ROLE, problem_kinds
from oic_assurance.warehouse.account import account_at_host, host_name
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.rows import one_value

#: `advice`: it works, and could be better. `attention` and `failed`: it is a problem. `unknown`: it
#: could not be measured, for example because the server is down.
State = Literal["ok", "advice", "attention", "failed", "unknown"]
NO_SERVER = "the warehouse does not answer"


@dataclass(frozen=True)
class Finding:
    """The state of one thing, in one line, and what to do about it."""

    #: What was measured, such as `disk` or a connection.
    subject: str
    state: State
    what: str
    #: What to do next, with a command. Empty if there is nothing to do.
    todo: str = ""
    #: A number for monitoring, such as the end of a certificate in Unix time.
    amount: float | None = None
    #: Since when it is so, if the check knows. Otherwise it is since it was first found.
    since: datetime | None = None
    #: The kind of problem, if it is another one than that of the check.
    code: str = ""
    #: Whether the hosts have it in common, if that is not as `problems.yml` says of the kind.
    is_of_deployment: bool | None = None
    #: Whether the record says it already, for example because it is not seen from here.
    is_on_record: bool = False
    #: Whether it hides the state of further things of the first kind of the check.
    hides_rest: bool = False


@dataclass(frozen=True)
class Check:
    """A check of one part of the installation."""

    #: The heading of its findings. Checks that follow one another may share a heading.
    title: str
    #: What it measures. The subject of its finding if it cannot measure.
    name: str
    measure: Callable[[Settings], Iterable[Finding]]
    #: The kinds of problems that it finds, as in `problems.yml`. The first is that of findings
    #: that name no other. Without one, nothing is recorded.
    codes: tuple[str, ...]
    #: Whether it needs a session of the warehouse.
    needs_warehouse: bool = True


@dataclass(frozen=True)
class Measured:
    """A check with its findings."""

    check: Check
    findings: Sequence[Finding]
    #: Whether it was made to its end.
    is_whole: bool = True


def answers(settings: Settings) -> bool:
    """Tell whether the warehouse accepts a session of its owner."""
    try:
        connect(settings).close()
    except AssuranceError:
        return False
    return True


def measure(
    settings: Settings, checks: Iterable[Check], show: Callable[[Check], None] = lambda _: None
) -> list[Measured]:
    """Make checks. The one finding of a check that cannot be made is `unknown`, and says why.

    `show` is called with each check before it is made.
    """
    # A server that is down for a moment must not look like logins that cannot log in.
    is_there, measured = answers(settings), []
    for check in checks:
        show(check)
        findings: list[Finding] = []
        why = "" if is_there or not check.needs_warehouse else NO_SERVER
        try:
            if not why:
                findings.extend(check.measure(settings))
        except AssuranceError as error:
            why = error.message
        except psycopg.Error as error:
            # PostgreSQL's own message can contain values of records.
            why = reason(error)
        except OSError as error:
            why = f"{error}"
        if why:
            findings.append(Finding(check.name, "unknown", why))
        measured.append(Measured(check, findings, is_whole=not why))
    return measured


def record(settings: Settings, measured: Sequence[Measured]) -> None:
    """Record what checks have found, each in place of the last measurement of the same thing.

    What could not be measured stays as it was last found, with the moment of that check and who
    made it. The server says when, because this host's clock may be what is wrong.

    Raises:
        ServerError: The warehouse cannot be reached.
        AssuranceError: The server cannot store it, for example because its disk is full.
    """
    here, who = host_name(settings), account_at_host()
    if command := click.get_current_context(silent=True):
        typed = command.command_path.removeprefix(command.find_root().info_name or "")
        who = f"{who} with `assurance{typed}`"
    rows: dict[tuple[str, str, str], Finding] = {}
    codes, not_measured, not_seen = set[str](), set[str](), set[str]()
    for one in measured:
        (codes if one.is_whole else not_measured).update(one.check.codes)
        for finding in one.findings if one.check.codes else ():
            # A check says the first thing that is wrong with its subject, and sees no further.
            if finding.state not in ("ok", "advice") or finding.is_on_record:
                not_seen.add(finding.subject)
            if finding.hides_rest:
                not_measured.add(one.check.codes[0])
            if finding.state != "unknown" and not finding.is_on_record:
                code, is_common = finding.code or one.check.codes[0], finding.is_of_deployment
                if is_common is None:
                    is_common = bool(problem_kinds()[code].get("is_of_deployment"))
                rows[code, finding.subject, "" if is_common else here] = finding
    try:
        with connect(settings, role=ROLE) as warehouse:
            now = one_value(warehouse, "select now()")
            # Two hosts that record what they have in common would wait for each other.
            warehouse.execute("lock table audit.observation in share row exclusive mode")
            for key, row in rows.items():
                known = (row.state, row.what, row.todo, row.amount, row.since or now, now, who)
                warehouse.execute(_RECORD, (*key, *known, row.since))
            # What was not found again is over.
            warehouse.execute(
                """
                delete from audit.observation
                where host in (%s, '') and problem_code = any (%s) and observed_at < %s
                    and not subject = any (%s)
                """,
                (here, list(codes - not_measured), now, list(not_seen)),
            )
    except psycopg.OperationalError as error:
        raise AssuranceError(f"What was found cannot be put on record: {reason(error)}.") from error


def forget(settings: Settings, host: str) -> int:
    """Forget what was measured on a host that is gone. Return how many things that were.

    Raises:
        UnknownNameError: Nothing of this host is on record.
        ServerError: The warehouse cannot be reached.
    """
    with connect(settings, role=ROLE) as warehouse:
        query = "select distinct host from audit.observation where host <> '' order by host"
        hosts = [name for (name,) in warehouse.execute(query)]
        if host not in hosts:
            raise UnknownNameError("host", host, hosts)
        return warehouse.execute("delete from audit.observation where host = %s", (host,)).rowcount


_RECORD = """
insert into audit.observation as known (
    problem_code, subject, host, state, what, todo, amount, since, observed_at, observed_by
)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (problem_code, subject, host) do update
set state = excluded.state, what = excluded.what, todo = excluded.todo, amount = excluded.amount,
    observed_at = excluded.observed_at, observed_by = excluded.observed_by,
    since = coalesce(
        %s, case when known.state = excluded.state then known.since else excluded.since end
    )
"""
