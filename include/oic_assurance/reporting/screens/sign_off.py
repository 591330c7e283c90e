"""The screens of `assurance signoff`."""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.operations.sign_off.daily import CheckedEvidence
from oic_assurance.operations.sign_off.entries import REOPENED, Entry, Subject
from oic_assurance.reporting.screens.layout import (
    count,
    interval,
    moment,
    share,
    short_moment,
    table,
    wrapped,
)

#: For each cause of a reopening: the words that explain it.
CAUSES = {
    "SLIPPED": "the point slipped",
    "RESTATED": "the figure that it was signed on was restated",
    "EVIDENCE_CHANGED": "the evidence has changed",
    "DECISION": "somebody decided so",
}
#: What each step is called for people.
WORDS = {
    "STEPS_AGREED": "steps agreed",
    "EVIDENCE": "evidence shown",
    "FORCE": "signed by the force",
    "COMMISSIONER": "signed by the Commissioner",
    "INSPECTORATE": "signed by the inspectorate",
    REOPENED: "reopened",
}


@dataclass(frozen=True)
class SignOffs:
    """All recommendations of the register with their entries."""

    subjects: Sequence[Subject]


@dataclass(frozen=True)
class CheckedSignOffs:
    """What a check of the evidence and of the entries has found."""

    evidence: Sequence[CheckedEvidence]
    #: The numbers of the entries that are not as they were made. 0: the last entries are missing.
    broken_entries: Sequence[int]

    @property
    def is_sound(self) -> bool:
        """Tell whether all evidence is unchanged, and no entry was changed or is missing."""
        return not self.broken_entries and all(one.outcome == "unchanged" for one in self.evidence)


def list_screen(listed: SignOffs) -> str:
    """Return a table of all recommendations: the state of the sign-off, and the next step."""
    rows = [
        (
            one.recommendation_code,
            one.state,
            one.next_step or "",
            str(one.in_force[-1].made_on) if one.in_force else "",
            _evidence_state(one.evidence),
            one.rests_on,
        )
        for one in listed.subjects
    ]
    heads = ("Code", "State", "Next step", "On publication", "Evidence", "Rests on")
    return "\n".join(table(heads, rows)) + "\n"


def subject_screen(subject: Subject) -> str:
    """Return every entry about a recommendation, the oldest first."""
    lines = [
        f"{subject.recommendation_code}: {subject.state}",
        *wrapped(subject.title),
        *wrapped(f"A closure rests on {subject.rests_on}."),
    ]
    if subject.next_step:
        lines.append(f"Next step: {subject.next_step}")
    for entry in subject.entries:
        lines += ["", *_lines(entry)]
    return "\n".join(lines) + "\n"


def entry_screen(entry: Entry) -> str:
    """Return an entry that was just made."""
    return "\n".join([entry.recommendation_code, "", *_lines(entry)]) + "\n"


def check_screen(checked: CheckedSignOffs) -> str:
    """Return what a check has found, and what to do about it."""
    if not checked.evidence:
        lines = ["No evidence is in force."]
    else:
        rows = [
            (
                one.recommendation_code,
                one.outcome,
                one.why or "",
                "reopened" if one.is_reopened else "",
            )
            for one in checked.evidence
        ]
        lines = table(("Code", "Evidence", "Why", "Closure"), rows)
    if checked.broken_entries:
        named = ", ".join(str(number) for number in checked.broken_entries if number)
        what = f"Entries {named} are not as they were made." if named else ""
        end = "The last entries are missing." if 0 in checked.broken_entries else ""
        lines += ["", *wrapped(f"{what} {end} Call data engineering: somebody changed them.")]
    return "\n".join(lines) + "\n"


def _lines(entry: Entry) -> list[str]:
    cause = f": {CAUSES[entry.cause]}" if entry.cause else ""
    lines = [
        f"{entry.entry_id}. {WORDS[entry.step]}{cause}",
        f"   {moment(entry.entered_at)} by {entry.account} as {entry.by_role} ({entry.through})",
        *wrapped(entry.because, indent=3),
    ]
    if entry.made_on is not None:
        figure = ""
        if entry.value is not None:
            figure = (
                f", {share(entry.value)} ({entry.numerator} of {entry.denominator}, "
                f"{interval(entry.ci_low, entry.ci_high)})"
            )
        status = f": {entry.status}{figure}" if entry.status else ""
        lines += wrapped(f"on publication {entry.made_on}{status}", indent=3)
    if entry.evidence_place:
        size = count(entry.evidence_bytes or 0, "byte")
        lines += wrapped(f"evidence {entry.evidence_place}, {size}", indent=3)
        lines.append(f"   SHA-256 {entry.evidence_sha256}")
        if entry.evidence_state:
            lines.append(
                f"   {entry.evidence_state}, checked {short_moment(entry.evidence_checked_at)}"
            )
    return lines


def _evidence_state(entry: Entry | None) -> str:
    if entry is None:
        return ""
    return entry.evidence_state or "not checked yet"
