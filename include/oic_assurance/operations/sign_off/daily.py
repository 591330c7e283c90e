"""Check the evidence of sign-offs, as the daily run does before a build.

The evidence of each step in force is read and hashed again. If the evidence has changed, its
closure is reopened at once. If the file is missing or cannot be read, people are notified, but
nothing is reopened. The file may be unchanged: for example, its network share is not mounted for an
hour.

Closures that slipped or whose figure was restated are reopened when the publication that shows this
becomes current (`publishing/pointer.py`).
"""

from dataclasses import dataclass

import psycopg

from oic_assurance.operations.sign_off.entries import Entry, evidence_in_force
from oic_assurance.operations.sign_off.evidence import read_evidence
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.roles import SIGN_OFF
from oic_assurance.warehouse.rows import one_value

_REOPEN = """
select signoff.reopen(
    of_force => %s, code => %s, why => %s, words => %s, claim => %s
)
"""


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
            words = "the evidence is not the file that was shown: its SHA-256 is another"
            is_reopened = _reopen(connection, settings, code, "EVIDENCE_CHANGED", words)
    return CheckedEvidence(code, entry.entry_id, outcome, found.why, is_reopened)


def _reopen(
    connection: psycopg.Connection, settings: Settings, code: str, cause: str, words: str
) -> bool:
    values = (settings.force_code, code, cause, words, account_at_host())
    return one_value(connection, _REOPEN, values) is not None
