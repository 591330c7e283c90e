"""The screens of `assurance audit`: whether the log of processing is intact, and its entries."""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.operations.audit.chain import Verification
from oic_assurance.operations.audit.collect import Collected
from oic_assurance.operations.audit.report import LoggedEntry, LogReport, Relation
from oic_assurance.reporting.screens.layout import count, moment, short_moment, wrapped

#: How many entries of one section the screen shows. `--json` prints all of them.
SHOWN = 20
_HEADS: dict[Relation, str] = {
    "named": "Entries about {about}",
    "batch": "Entries about deliveries that hold it",
    "list": "Entries about later deliveries of the same lists, which may repeat it",
    "publication": "Entries about builds and publications that were made from these deliveries",
    "mart": "Queries of marts of records, which may have shown it",
    "all": "Entries",
}


@dataclass(frozen=True)
class ShippedHead:
    """The result of shipping the log's head. `failures` has one line for each place that failed."""

    failures: list[str]


def verification_screen(done: Verification) -> str:
    """Return the screen that says whether the log is intact, and what is wrong."""
    size = f"{count(done.entries, 'entry', 'entries')}, {done.unsealed:,} not sealed yet"
    state = "intact" if done.is_intact else "NOT intact"
    lines = wrapped(f"The log of processing is {state}: {size}")
    lines += wrapped(f"Its head is number {done.head_no:,}, {done.head_hash}", 2)
    if done.heads:
        shipped = count(done.heads, "shipped head")
        lines += wrapped(f"Compared with {shipped}, the last of {moment(done.last_shipped_at)}", 2)
    for finding in done.findings:
        lines += ["", *wrapped(finding.sentence, 2)]
    for note in done.notes:
        lines += ["", *wrapped(f"Note: {note}", 2)]
    return "\n".join(lines) + "\n"


def collected_screen(done: Collected) -> str:
    """Return the screen that says what was recorded from the server's own log."""
    lines = wrapped(
        f"{count(done.statements, 'statement')} of readers in {count(done.lines, 'new line')} of "
        f"the server's log: {count(done.entries, 'entry', 'entries')} made, "
        f"{count(done.deleted_files, 'finished file')} deleted"
    )
    for note in done.notes:
        lines += wrapped(f"Note: {note}", 2)
    return "\n".join(lines) + "\n"


def shipped_screen(done: ShippedHead) -> str:
    """Return the screen that says whether the head was shipped."""
    lines = [line for failure in done.failures for line in wrapped(f"Not shipped to {failure}")]
    return "\n".join(lines or ["The head of the log of processing is shipped"]) + "\n"


def report_screen(report: LogReport) -> str:
    """Return the report in words: the entries of each section, sorted by time."""
    begin = f" from {moment(report.since)}" if report.since else ""
    end = f" to {moment(report.until)}" if report.until else ""
    lines = wrapped(
        f"Processing of {report.about}{begin}{end}: "
        f"{count(len(report.entries), 'entry', 'entries')}"
    )
    for relation, head in _HEADS.items():
        found = [entry for entry in report.entries if entry.relation == relation]
        if found:
            title = head.format(about=report.about)
            lines += ["", f"{title} ({len(found):,})", *_section(found)]
    for note in report.notes:
        lines += ["", *wrapped(f"Note: {note}")]
    return "\n".join(lines) + "\n"


def _section(found: Sequence[LoggedEntry]) -> list[str]:
    lines = []
    hidden = len(found) - SHOWN
    if hidden > 0:
        span = f"{short_moment(found[0].at)} to {short_moment(found[hidden - 1].at)}"
        lines += wrapped(f"{count(hidden, 'earlier entry', 'earlier entries')}, {span}", 2)
    for entry in found[-SHOWN:]:
        lines += wrapped(_sentence(entry), 4, f"  {short_moment(entry.at)}  ")
    return lines


def _sentence(entry: LoggedEntry) -> str:
    """Return an entry as one line, such as "disclosure by oic_publish to the public: …"."""
    origin = ", by the server's log" if entry.origin == "server log" else ""
    address = f" from {entry.client_addr}" if entry.client_addr else ""
    to_whom = f" to {entry.to_whom}" if entry.to_whom else ""
    because = f". Why: {entry.because}" if entry.because else ""
    claimed = f" (account {entry.claimed_by}, as it claims)" if entry.claimed_by else ""
    return (
        f"{entry.action} by {entry.who}{address}{claimed}{to_whom}{origin}: {entry.what}{because}"
    )
