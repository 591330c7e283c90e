"""Read the entries of sign-off, and prove that nobody has changed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from oic_assurance.errors import UnknownNameError
from oic_assurance.settings import SIGN_OFF_ROLES, Settings
from oic_assurance.warehouse.connections import connect, readable_marts
from oic_assurance.warehouse.processing_log import enter
from oic_assurance.warehouse.roles import SIGN_OFF
from oic_assurance.warehouse.rows import named_rows

REOPENED = "REOPENED"
#: The steps of a closure in their order.
STEPS = ("STEPS_AGREED", "EVIDENCE", "FORCE", "COMMISSIONER", "INSPECTORATE")
#: The role that makes each step (`signoff.rule`).
ROLES = dict(zip(STEPS, SIGN_OFF_ROLES, strict=True))
#: The step that closes. The inspectorate confirms a closure.
CLOSING = "COMMISSIONER"
#: What each step is called for people.
WORDS = {
    "STEPS_AGREED": "steps agreed",
    "EVIDENCE": "evidence shown",
    "FORCE": "signed by the force",
    "COMMISSIONER": "signed by the Commissioner",
    "INSPECTORATE": "signed by the inspectorate",
    REOPENED: "reopened",
}
#: For each latest entry of a recommendation: the state of the recommendation, in words.
STATES = {
    "": "open",
    "STEPS_AGREED": "steps agreed",
    "EVIDENCE": "evidence shown",
    "FORCE": "signed by the force, not by the Commissioner",
    "COMMISSIONER": "closed",
    "INSPECTORATE": "closed, and confirmed by the inspectorate",
    REOPENED: "reopened",
}

#: The title of a recommendation that the register does not have any more.
LEFT_REGISTER = "not in the register any more"

_ENTRIES: LiteralString = """
select entry.entry_id, entry.force_code, entry.recommendation_code, entry.point_code, entry.round,
    entry.step, entry.by_role, entry.account, entry.login, entry.claimed_by, entry.through,
    entry.entered_at, entry.because, entry.cause, entry.made_on, entry.as_at,
    entry.content_fingerprint, entry.status, entry.numerator, entry.denominator, entry.value,
    entry.ci_low, entry.ci_high, entry.evidence_place, entry.evidence_sha256, entry.evidence_bytes,
    encode(entry.entry_hash, 'hex') as entry_hash, checked.outcome as evidence_state,
    checked.checked_at as evidence_checked_at, shown.figure_period
from signoff.entry as entry
left join audit.published_position as shown
    on entry.made_on = shown.publication_id
    and entry.force_code = shown.force_code
    and entry.point_code = shown.point_code
left join lateral (
    select one.outcome, one.checked_at
    from signoff.evidence_check as one
    where one.entry_id = entry.entry_id
    order by one.check_id desc
    limit 1
) as checked on true
where entry.force_code = %s and (%s::text is null or entry.recommendation_code = %s)
order by entry.entry_id
"""
_REGISTER = """
select r.recommendation_code, r.point_code, r.title
from {marts}.dim_recommendation as r
where r.publication_id = (select p.publication_id from marts.publication as p where p.is_current)
    and r.force_code = %s
order by r.point_code is null, r.recommendation_code
"""


#: One step of a closure, or one reopening: a row of `_ENTRIES`. `evidence_state` is what the latest
#: check of the evidence has found. It is None before the first check, and for an entry that shows
#: no evidence. `entry_hash` is in hexadecimal.
Entry = Any


@dataclass(frozen=True)
class Subject:
    """A recommendation with its entries, the oldest first."""

    recommendation_code: str
    point_code: str | None
    title: str
    entries: Sequence[Entry]

    @property
    def in_force(self) -> list[Entry]:
        """Return the steps since the latest reopening."""
        steps: list[Entry] = []
        for entry in self.entries:
            steps = [] if entry.step == REOPENED else [*steps, entry]
        return steps

    @property
    def state(self) -> str:
        """Return in words how far the closure is."""
        return STATES[self.entries[-1].step if self.entries else ""]

    @property
    def is_closed(self) -> bool:
        """Tell whether the Commissioner's signature is in force."""
        return any(entry.step == CLOSING for entry in self.in_force)

    @property
    def next_step(self) -> str | None:
        """Return the step that comes next, or None if all steps are in force."""
        made = {entry.step for entry in self.in_force}
        return next((step for step in STEPS if step not in made), None)

    @property
    def rests_on(self) -> str:
        """Return what a closure rests on: a figure and evidence, or evidence alone."""
        return "figure and evidence" if self.point_code else "evidence alone"

    @property
    def evidence(self) -> Entry | None:
        """Return the step that shows the evidence, if it is in force."""
        return next((entry for entry in self.in_force if entry.step == "EVIDENCE"), None)

    @property
    def evidence_state(self) -> str | None:
        """Return what the latest check of this evidence has found."""
        if self.evidence is None:
            return None
        return self.evidence.evidence_state or "not checked yet"

    @property
    def made_on(self) -> int | None:
        """Return the publication on which the latest step in force was made."""
        return self.in_force[-1].made_on if self.in_force else None


def read_register(connection: psycopg.Connection, settings: Settings) -> list[Any]:
    """Return the register of the current publication (the mart `dim_recommendation`).

    Four recommendations are assurance points. The others have no `point_code`. `connection` has the
    role `oic_gate`.
    """
    query = _REGISTER.format(marts=readable_marts()).encode()
    return named_rows(connection, query, (settings.force_code,))


def read_subjects(settings: Settings, code: str | None, because: str) -> list[Subject]:
    """Return the recommendations with their entries, the assurance points first.

    Last are those with entries that are not in the register any more: what is in force stays so.
    With `code`, only that recommendation is returned. The entries name accounts of people, so the
    consultation is logged, with `because` as the reason.

    Raises:
        UnknownNameError: Neither the register nor an entry has this code.
    """
    with connect(settings, role="oic_gate") as gate:
        register = read_register(gate, settings)
    with connect(settings, role=SIGN_OFF) as connection:
        entries = find_entries(connection, settings, code)
        if entries:
            enter(
                connection,
                "consultation",
                f"who made {len(entries)} entries of sign-off",
                because=because,
                concerns=[f"sign-off:{entry.entry_id}" for entry in entries],
            )
    found = {one.recommendation_code: (one.point_code, one.title) for one in register}
    for entry in entries:
        found.setdefault(entry.recommendation_code, (entry.point_code, LEFT_REGISTER))
    if code is not None and code not in found:
        raise UnknownNameError("recommendation", code, list(found))
    return [
        Subject(one, *what, entries=[e for e in entries if e.recommendation_code == one])
        for one, what in found.items()
        if code in (None, one)
    ]


def find_entries(
    connection: psycopg.Connection, settings: Settings, code: str | None
) -> list[Entry]:
    """Return the entries of a force, or of one recommendation, the oldest first."""
    return named_rows(connection, _ENTRIES, (settings.force_code, code, code))


def evidence_in_force(connection: psycopg.Connection, settings: Settings) -> list[Entry]:
    """Return the steps in force that show evidence."""
    by_code: dict[str, list[Entry]] = {}
    for entry in find_entries(connection, settings, None):
        by_code.setdefault(entry.recommendation_code, []).append(entry)
    subjects = (Subject(code, None, "", entries) for code, entries in by_code.items())
    return [subject.evidence for subject in subjects if subject.evidence is not None]


def broken_entries(settings: Settings) -> list[int]:
    """Return the numbers of the entries that do not match the chain of their hashes.

    Such an entry was changed, or the entry before it was removed. 0 stands for last entries that
    were removed.
    """
    with connect(settings, role=SIGN_OFF) as connection:
        rows = connection.execute("select * from signoff.broken_entries()").fetchall()
    return [int(row[0]) for row in rows]
