"""What the daily run does for sign-off: check the evidence, and reopen closures.

- Before a build, the evidence of each step in force is read and hashed again. If the evidence has
  changed, its closure is reopened at once. If the file is missing or cannot be read, people are
  notified, but nothing is reopened. The file may be unchanged: for example, its network share is
  not mounted for an hour.
- After a publication, each closure that the model `int_sign_off_reopening` lists is reopened.
"""

from dataclasses import dataclass

import psycopg

from oic_assurance.operations.sign_off.entries import Entry, evidence_in_force
from oic_assurance.operations.sign_off.evidence import read_evidence
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.roles import SIGN_OFF
from oic_assurance.warehouse.rows import one_value, relation_exists

_DUE = """
select recommendation_code, cause, words
from intermediate.int_sign_off_reopening
where force_code = %s
    and publication_id = %s
    and exists (
        select
        from marts.publication as shown
        where shown.is_current
            and shown.publication_id = int_sign_off_reopening.publication_id
    )
order by recommendation_code
"""
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


def reopen_due(settings: Settings, build_id: int) -> list[str]:
    """Reopen the closures that a build lists as to be reopened, and return their codes.

    If the build's publication is not the current one, nothing is reopened. A closure that has no
    step in force any more is left out, so a repeated call changes nothing.
    """
    with connect(settings, role="oic_gate") as gate:
        if not relation_exists(gate, "intermediate.int_sign_off_reopening"):
            return []
        due = gate.execute(_DUE, (settings.force_code, build_id)).fetchall()
    reopened = []
    for code, cause, words in due:
        with connect(settings, role=SIGN_OFF) as connection:
            if _reopen(connection, settings, code, cause, words):
                reopened.append(code)
    return reopened


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
