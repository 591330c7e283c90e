"""Make the steps of a closure, reopen it by a person's decision, and check its evidence.

The database functions in schema `signoff` check the rules of sign-off. So the rules also hold for a
session that calls the functions without this module. This module gives the functions the current
publication and the hash of the evidence. It also checks whether the account may take the role.
"""

from dataclasses import dataclass
from typing import Literal

import psycopg

from oic_assurance.errors import AssuranceError, UnknownNameError, UsageError
from oic_assurance.operations.sign_off.entries import (
    ROLES,
    STEPS,
    Entry,
    Subject,
    evidence_in_force,
    find_entries,
    read_register,
    read_subjects,
)
from oic_assurance.operations.sign_off.evidence import (
    Reading,
    checked_place,
    read_evidence,
    read_new,
)
from oic_assurance.publishing.audited_position import check_position
from oic_assurance.publishing.publication import ROLE as PUBLISH
from oic_assurance.publishing.publication import asked_publication
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.connections import connect, person, refusals
from oic_assurance.warehouse.processing_log import seal
from oic_assurance.warehouse.roles import SIGN_OFF
from oic_assurance.warehouse.rows import find_value, one_value

Through = Literal["command line", "airflow"]

_ENTER = """
select signoff.make_step(
    %(force)s, %(code)s, %(step)s, %(account)s, %(through)s, %(because)s, %(publication)s,
    %(fingerprint)s, %(place)s, %(sha256)s, %(size)s, %(each_by_another)s, %(claim)s
)
"""
_REOPEN = """
select signoff.decide_reopening(
    %(force)s, %(code)s, %(because)s, %(role)s, %(account)s, %(through)s, %(claim)s
)
"""
# While the file was read, somebody may have reopened the closure and begun another. The file is no
# evidence of that one.
_REOPEN_CHANGED = """
select signoff.reopen(
    of_force => %(force)s, code => %(code)s, why => 'EVIDENCE_CHANGED', words => %(words)s,
    claim => %(claim)s
)
where not exists (
    select
    from signoff.entry as reopened
    where reopened.force_code = %(force)s and reopened.recommendation_code = %(code)s
        and reopened.step = 'REOPENED' and reopened.entry_id > %(entry)s
)
"""


def make_step(
    settings: Settings,
    code: str,
    step: str,
    *,
    account: str,
    through: Through,
    because: str,
    publication_id: int | None = None,
    evidence: str | None = None,
) -> Entry:
    """Make a step of a closure, and return its entry.

    Args:
        settings: The settings of the deployment.
        code: The code of the recommendation. For an assurance point, this is the point's code.
        step: One of `STEPS`.
        account: The account of the person, on this machine or in Airflow. In a process that acts as
            a person, the warehouse records the person's login instead.
        through: Where the person made the step.
        because: What was agreed, shown or decided, in the words of the person.
        publication_id: The publication on which the step is made, or None for the current one. A
            publication that is not current is refused.
        evidence: For the step EVIDENCE, the place of the file.

    Raises:
        UsageError: A rule of sign-off does not allow the step. The message says which rule.
        AssuranceError: Nothing is published yet, or the position in the published table is not the
            one that the gate has audited.
    """
    if step not in STEPS:
        raise UnknownNameError("step", step, STEPS)
    check_holder(settings, ROLES[step], account)
    _check_code(settings, code)
    with connect(settings, role=PUBLISH) as connection:
        publication = asked_publication(connection, publication_id)
        if publication.is_current:
            # Its positions are compared with those that the gate has audited.
            check_position(connection, publication.publication_id)
    with connect(settings, role=SIGN_OFF) as connection:
        shown = Subject(code, None, "", find_entries(connection, settings, code)).evidence
    place, read = None, Reading("read")
    if step == "EVIDENCE":
        place = checked_place(settings, evidence or "", below_folder_only=through == "airflow")
        read = read_new(settings, place)
    elif evidence:
        raise UsageError(f"The step {step} shows no evidence. The step EVIDENCE does.")
    elif step != "STEPS_AGREED" and shown is not None and shown.evidence_place is not None:
        # A signature covers the file that was shown: its SHA-256 must be the same.
        read = read_evidence(settings, shown.evidence_place)
        if read.outcome != "read":
            raise UsageError(
                f"The evidence of {code} is {read.outcome} ({read.why}), so nothing is signed."
            )
    entry_id = _call(
        settings,
        _ENTER,
        force=settings.force_code,
        code=code,
        step=step,
        account=account,
        through=through,
        because=because,
        publication=publication.publication_id,
        fingerprint=publication.content_fingerprint,
        place=place,
        sha256=read.sha256,
        size=read.size_bytes,
        each_by_another=settings.second_person,
        claim=account_at_host(),
    )
    return _entry(settings, code, entry_id)


def reopen_by_decision(
    settings: Settings, code: str, *, role: str, account: str, through: Through, because: str
) -> Entry:
    """Reopen a closure because a person has decided so, and return the new entry.

    Raises:
        UsageError: No step of the closure is in force, or the account may not take the role.
    """
    if role not in ROLES.values():
        raise UnknownNameError("role", role, ROLES.values())
    check_holder(settings, role, account)
    entry_id = _call(
        settings,
        _REOPEN,
        force=settings.force_code,
        code=code,
        because=because,
        role=role,
        account=account,
        through=through,
        claim=account_at_host(),
    )
    if entry_id is None:
        _check_code(settings, code)
        raise UsageError(f"No step of {code} is in force, so there is nothing to reopen.")
    return _entry(settings, code, entry_id)


def check_holder(settings: Settings, role: str, account: str) -> None:
    """Check that an account may take a role, if the deployment lists the accounts of each role.

    The rights of a person's own login are in the warehouse, which checks them.

    Raises:
        UsageError: `ASSURANCE_SIGN_OFF_ROLES` is set and does not give the role to the account.
    """
    if person() is not None or not settings.sign_off_roles:
        return
    if (role, account) not in settings.sign_off_roles:
        raise UsageError(
            f"The account '{account}' may not sign off as {role}: ASSURANCE_SIGN_OFF_ROLES does "
            "not list it."
        )


def _check_code(settings: Settings, code: str) -> None:
    with connect(settings, role="oic_gate") as gate:
        try:
            register = read_register(gate, settings)
        except psycopg.errors.UndefinedTable as error:
            raise AssuranceError("Nothing has been published yet: run `assurance run`.") from error
    codes = [one.recommendation_code for one in register]
    if not codes:
        raise AssuranceError("Nothing has been published yet: run `assurance run`.")
    if code not in codes:
        raise UnknownNameError("recommendation", code, codes)


def _call(settings: Settings, statement: str, **values: object) -> int | None:
    """Call a function of `signoff`, seal the log of processing, and return the entry's number.

    Raises:
        UsageError: A rule does not allow the entry, or the person lacks the right.
    """
    with refusals(), connect(settings, role=SIGN_OFF) as connection:
        entry_id: int | None = one_value(connection, statement.encode(), values)
    seal(settings, role=SIGN_OFF)
    return entry_id


def _entry(settings: Settings, code: str, entry_id: int | None) -> Entry:
    with connect(settings, role=SIGN_OFF) as connection:
        entries = find_entries(connection, settings, code)
    return next(entry for entry in entries if entry.entry_id == entry_id)


@dataclass(frozen=True)
class CheckedEvidence:
    """The result of checking the evidence of one step.

    `outcome` is `unchanged`, `changed`, `missing` or `unreadable`.
    """

    recommendation_code: str
    entry_id: int
    outcome: str
    why: str | None
    is_reopened: bool


def check_evidence(settings: Settings, run_id: str | None = None) -> list[CheckedEvidence]:
    """Read and hash the evidence of each step in force, and record what was found.

    The daily run does this before a build. A file that is missing or cannot be read reopens
    nothing, because it may be unchanged: for example, its network share is not mounted for an hour.
    Closures that slipped or whose figure was restated are reopened when the publication that shows
    this becomes current (`publishing/pointer.py`).

    If the evidence has changed, its closure is reopened. The result of each check is recorded in a
    transaction of its own.
    """
    with connect(settings, role=SIGN_OFF) as connection:
        shown = evidence_in_force(connection, settings)
    return [_check(settings, entry, run_id) for entry in shown]


def _check(settings: Settings, entry: Entry, run_id: str | None) -> CheckedEvidence:
    found = read_evidence(settings, entry.evidence_place or "")
    outcome: str = found.outcome
    if found.outcome == "read":
        outcome = "unchanged" if found.sha256 == entry.evidence_sha256 else "changed"
    code, is_reopened = entry.recommendation_code, False
    with connect(settings, role=SIGN_OFF) as connection:
        connection.execute(
            "select signoff.enter_check(%s, %s, %s, %s, %s)",
            (entry.entry_id, outcome, found.sha256, found.why, run_id),
        )
        if outcome == "changed":
            values = {
                "force": settings.force_code,
                "code": code,
                "words": "the evidence is not the file that was shown: its SHA-256 is another",
                "claim": account_at_host(),
                "entry": entry.entry_id,
            }
            is_reopened = find_value(connection, _REOPEN_CHANGED, values) is not None
    return CheckedEvidence(code, entry.entry_id, outcome, found.why, is_reopened)


def show_steps(settings: Settings, code: str) -> list[str]:
    """Return lines that say which steps of a recommendation's closure have been made."""
    (subject,) = read_subjects(settings, code, f"Airflow asks for a step about {code}")
    lines = [f"{code}: {subject.title}", f"state: {subject.state}"]
    lines += [f"{entry.step} by {entry.account}: {entry.because}" for entry in subject.in_force]
    return [*lines, f"a closure rests on {subject.rests_on}"]
