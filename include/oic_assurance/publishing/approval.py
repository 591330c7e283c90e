"""Approval: before readers see a build, a named person decides about its warnings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg

from oic_assurance.builds.record import Build
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.candidate_checks import audited_content, publishable_build
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.publication import ROLE, find_publication
from oic_assurance.publishing.schemas import PUBLISHED_SCHEMAS
from oic_assurance.publishing.verdicts import check_gates
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, person, refusals
from oic_assurance.warehouse.rows import find_record, find_value

Through = Literal["airflow", "command line", "expiry"]


@dataclass(frozen=True)
class Decision:
    """A person's decision about a build's warnings."""

    is_approved: bool
    who: str
    reason: str
    decided_at: datetime


def warnings_to_approve(settings: Settings, build_id: int) -> list[str]:
    """If a build waits for a decision, return its warnings, one line each.

    If the build does not wait, the list is empty.
    """
    with connect(settings, role=ROLE) as conn:
        if not waits(conn, settings, build_id):
            return []
        rows = conn.execute(
            """
            select suite || ': ' || coalesce(nullif(description, ''), expectation)
            from audit.latest_expectation_result
            where build_id = %s and severity = 'warning' and not success and not holds
            order by 1
            """,
            (build_id,),
        ).fetchall()
        return [*held_because(conn, build_id), *(row[0] for row in rows)]


def waits(conn: psycopg.Connection, settings: Settings, build_id: int) -> bool:
    """Return whether a build waits for a person's decision about its warnings.

    A build that could not be published even with approval does not wait.
    """
    try:
        build = publishable_build(conn, build_id)
        needs_decision = _needs_decision(conn, settings, build, check_gates(conn, build_id))
    except NotPublishableError:
        return False
    return (
        needs_decision
        and _decision(conn, build_id) is None
        and find_publication(conn, build_id) is None
    )


def decide(
    settings: Settings,
    build_id: int,
    *,
    is_approved: bool,
    who: str,
    login: str,
    reason: str,
    through: Through,
) -> None:
    """Record a person's decision about the warnings of a build.

    The decision applies only to the tables that were audited. If the build is made and audited
    again with different content, a new decision is needed.

    `who` is the name that the person gave, and `login` is the login that they used. If the settings
    require a second person, the login that started the run may reject its build but not approve it.
    A person who acts with a login of their own never approves a run that they have started, and the
    warehouse records the login as the name. An approval that stands is not made again.

    Raises:
        UsageError: The name or the reason is missing, the build is already published, the build has
            no warning, or a second person must approve the build.
        AssuranceError: The build could not be published even if its warnings were approved.
    """
    if not who.strip() or not reason.strip():
        raise UsageError("A decision needs a name and a reason: readers will ask for both.")
    with connect(settings, role=ROLE) as conn:
        if find_publication(conn, build_id) is not None:
            raise UsageError(
                f"Build {build_id} is published already: `assurance publication rollback ID "
                "--reason …` shows readers an earlier one."
            )
        try:
            build = publishable_build(conn, build_id)
            verdict = check_gates(conn, build_id)
        except NotPublishableError as error:
            raise AssuranceError(
                f"There is nothing to decide about build {build_id}: {error}."
            ) from error
        if verdict != "warning":
            raise UsageError(f"Build {build_id} has no warnings, so it needs no decision.")
        content = audited_content(conn, PUBLISHED_SCHEMAS, build_id)
        decided = _decision(conn, build_id)
        if is_approved and decided is not None and decided.is_approved:
            return
        if person() is not None:
            with refusals():
                conn.execute(
                    "select audit.decide_approval(%s, %s, %s, %s)",
                    (build_id, is_approved, reason, content),
                )
            return
        if is_approved and settings.second_person:
            _check_second_person(conn, build, login)
        conn.execute(
            """
            insert into audit.approval (
                build_id, is_approved, who, login, reason, through, content_fingerprint
            )
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            (
                build_id,
                is_approved,
                who.strip(),
                login,
                reason.strip(),
                through,
                content,
            ),
        )


def _check_second_person(conn: psycopg.Connection, build: Build, login: str) -> None:
    started_by = find_value(
        conn, "select started_by from audit.run where run_id = %s", (build.run_id,)
    )
    if started_by == login:
        raise UsageError(
            f"'{login}' started the run of build {build.build_id}: somebody else must approve it."
        )


def check_approval(
    conn: psycopg.Connection, settings: Settings, build: Build, verdict: str
) -> None:
    """Refuse a build whose warnings were rejected, or whose warnings lack a required approval.

    A rejection counts even if the settings do not require an approval.

    Raises:
        NotPublishableError: The warnings were rejected, or wait for a decision.
    """
    decision = _decision(conn, build.build_id)
    if decision is None and _needs_decision(conn, settings, build, verdict):
        held = held_because(conn, build.build_id)
        why = f", because the past has changed ({'; '.join(held)})" if held else ""
        raise NotPublishableError(
            f"its warnings wait for somebody to decide{why}: `assurance publication approve "
            f"{build.build_id} --reason …`, or `reject`"
        )
    if decision is not None and verdict == "warning" and not decision.is_approved:
        raise NotPublishableError(
            f"its warnings were rejected by {decision.who} ({decision.reason})"
        )


def held_because(conn: psycopg.Connection, build_id: int) -> list[str]:
    """Return why failed checks hold a build back regardless of the approval setting.

    Each reason names a point with its earlier and its new figure or status. If the rows that failed
    the check are no longer stored, the reason is the description of the check.
    """
    query = "select words from audit.held_change where build_id = %s order by place"
    return [str(words) for (words,) in conn.execute(query, (build_id,)).fetchall()]


def _needs_decision(
    conn: psycopg.Connection, settings: Settings, build: Build, verdict: str
) -> bool:
    """Return whether the build has warnings that a person must approve.

    Approval is required if the setting requires it now, or required it when the build was opened.
    Regardless of the setting, approval is required if a check holds the build back because
    corrections alone have moved a position (mart contract, *Status*).
    """
    if verdict != "warning":
        return False
    return (
        settings.approve_warnings
        or build.wants_approval
        or bool(held_because(conn, build.build_id))
    )


def _decision(conn: psycopg.Connection, build_id: int) -> Decision | None:
    """Return the latest decision about a build's tables as they were last audited.

    Returns None if nobody has decided.
    """
    return find_record(
        conn,
        Decision,
        """
        select is_approved, who, reason, decided_at
        from audit.approval
        where build_id = %s and content_fingerprint = %s
        order by approval_id desc
        limit 1
        """,
        (build_id, audited_content(conn, PUBLISHED_SCHEMAS, build_id)),
    )
