"""A person's word on a build's warnings, where the deployment wants one before readers see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.rows import class_row

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.evidence import BuildRecord, audited_content, read_build
from oic_assurance.publishing.faces import FACES
from oic_assurance.publishing.gates import check_gates
from oic_assurance.publishing.publication import ROLE, find_publication
from oic_assurance.publishing.refusal import NotPublishableError
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
    content_fingerprint: str


def warnings_to_approve(settings: Settings, build_id: int) -> list[str]:
    """Return the warnings of a build that waits for a decision; none when it does not wait.

    A build that may not be published for another reason waits for nothing: publication will say so.
    """
    with connect(settings, role=ROLE) as conn:
        try:
            build = read_build(conn, build_id)
            is_asked = _is_asked(settings, build, check_gates(conn, build_id))
        except NotPublishableError:
            return []
        if not is_asked or _latest(conn, build_id) or find_publication(conn, build_id):
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


def decide(
    settings: Settings, build_id: int, *, is_approved: bool, who: str, reason: str, through: Through
) -> None:
    """Put on record what somebody decided about the warnings of a build, as it was audited."""
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
                build_id, is_approved, who, reason, through, content_fingerprint
            )
            values (%s, %s, %s, %s, %s, %s)
            """,
            (
                build_id, is_approved, who.strip(), reason.strip(), through,
                audited_content(conn, FACES, build_id),
            ),
        )  # fmt: skip


def check_approval(
    conn: psycopg.Connection, settings: Settings, build: BuildRecord, verdict: str
) -> None:
    """Refuse a build with warnings that nobody has approved as it is, where that is asked for."""
    if not _is_asked(settings, build, verdict):
        return
    latest = _latest(conn, build.build_id)
    if latest is None:
        raise NotPublishableError(
            "its warnings wait for somebody to decide: `assurance publication approve "
            f"{build.build_id} --reason …`, or `reject`"
        )
    if not latest.is_approved:
        raise NotPublishableError(f"its warnings were rejected by {latest.who} ({latest.reason})")
    if latest.content_fingerprint != audited_content(conn, FACES, build.build_id):
        raise NotPublishableError(
            f"it is not what {latest.who} has approved: its tables were built anew since"
        )


def _is_asked(settings: Settings, build: BuildRecord, verdict: str) -> bool:
    """Tell whether somebody must decide: as it was when the build was opened, or is now."""
    return verdict == "warning" and (settings.approve_warnings or build.wants_approval)


def _latest(conn: psycopg.Connection, build_id: int) -> Decision | None:
    cursor = conn.cursor(row_factory=class_row(Decision))
    return cursor.execute(
        """
        select is_approved, who, reason, decided_at, content_fingerprint
        from audit.approval
        where build_id = %s
        order by approval_id desc
        limit 1
        """,
        (build_id,),
    ).fetchone()
