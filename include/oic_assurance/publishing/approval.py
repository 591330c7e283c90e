"""A person's word on a build's warnings, where the deployment wants one before readers see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.rows import class_row

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.evidence import BuildRecord, audited_content, read_build
from oic_assurance.publishing.publication import ROLE, find_publication
from oic_assurance.publishing.schemas import FACES
from oic_assurance.publishing.verdicts import check_gates
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

Through = Literal["airflow", "command line", "expiry"]


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a build's warnings."""

    is_approved: bool
    who: str
    reason: str
    decided_at: datetime


def warnings_to_approve(settings: Settings, build_id: int) -> list[str]:
    """Return the warnings of a build that waits for a decision; none when it does not wait."""
    with connect(settings, role=ROLE) as conn:
        if not waits(conn, settings, build_id):
            return []
        rows = conn.execute(
            """
            select suite || ': ' || coalesce(nullif(description, ''), expectation)
            from audit.latest_expectation_result
            where build_id = %s and severity = 'warning' and not success
            order by 1
            """,
            (build_id,),
        ).fetchall()
        return [row[0] for row in rows]


def waits(conn: psycopg.Connection, settings: Settings, build_id: int) -> bool:
    """Tell whether nothing but somebody's decision keeps a build from being published.

    One that may not be published for another reason waits for nothing: publication will say so.
    """
    try:
        build = read_build(conn, build_id)
        is_asked = _is_asked(settings, build, check_gates(conn, build_id))
    except NotPublishableError:
        return False
    return (
        is_asked and _decision(conn, build_id) is None and find_publication(conn, build_id) is None
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
    """Put on record what somebody decided about the warnings of a build, as it was audited.

    `who` is the name that was given, `login` whose login it was given with.
    """
    if not who.strip() or not reason.strip():
        raise UsageError("A decision needs a name and a reason: readers will ask for both.")
    with connect(settings, role=ROLE) as conn:
        if find_publication(conn, build_id) is not None:
            raise UsageError(
                f"Build {build_id} is published already: `assurance publication rollback` shows "
                "readers an earlier one."
            )
        try:
            read_build(conn, build_id)
            verdict = check_gates(conn, build_id)
        except NotPublishableError as refusal:
            raise AssuranceError(
                f"There is nothing to decide about build {build_id}: {refusal}."
            ) from refusal
        if verdict != "warning":
            raise UsageError(f"Build {build_id} carries no warning: it needs no decision.")
        conn.execute(
            """
            insert into audit.approval (
                build_id, is_approved, who, login, reason, through, content_fingerprint
            )
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            (
                build_id, is_approved, who.strip(), login, reason.strip(), through,
                audited_content(conn, FACES, build_id),
            ),
        )  # fmt: skip


def check_approval(
    conn: psycopg.Connection, settings: Settings, build: BuildRecord, verdict: str
) -> None:
    """Refuse a build whose warnings somebody has rejected; where it is asked for, one unapproved.

    A rejection counts also where nobody had to be asked.
    """
    decision = _decision(conn, build.build_id)
    if decision is None and _is_asked(settings, build, verdict):
        raise NotPublishableError(
            "its warnings wait for somebody to decide: `assurance publication approve "
            f"{build.build_id} --reason …`, or `reject`"
        )
    if decision is not None and verdict == "warning" and not decision.is_approved:
        raise NotPublishableError(
            f"its warnings were rejected by {decision.who} ({decision.reason})"
        )


def _is_asked(settings: Settings, build: BuildRecord, verdict: str) -> bool:
    """Tell whether somebody must decide: as it was when the build was opened, or is now."""
    return verdict == "warning" and (settings.approve_warnings or build.wants_approval)


def _decision(conn: psycopg.Connection, build_id: int) -> Decision | None:
    """Return the latest decision about a build's tables as they are; of others there is none."""
    cursor = conn.cursor(row_factory=class_row(Decision))
    return cursor.execute(
        """
        select is_approved, who, reason, decided_at
        from audit.approval
        where build_id = %s and content_fingerprint = %s
        order by approval_id desc
        limit 1
        """,
        (build_id, audited_content(conn, FACES, build_id)),
    ).fetchone()
