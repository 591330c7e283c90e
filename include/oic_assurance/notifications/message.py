"""The text of a notification, for e-mail, chat programs and programs that read JSON."""

from collections.abc import Sequence
from typing import Any

from oic_assurance.clock import london_text
from oic_assurance.commands import as_typed
from oic_assurance.notifications.notification import Change, Event
from oic_assurance.settings import Settings, name_of_force

_HEADS: dict[Event, str] = {"new": "", "changed": " (another cause than before)", "over": ""}
LONGEST_SUBJECT = 120


def subject_line(settings: Settings, news: Sequence[Change]) -> str:
    """Return the subject of a message: one line of at most `LONGEST_SUBJECT` characters.

    The subject names one change and states how many others there are. It names an open problem if
    there is one, and otherwise a problem that is over. `news` holds at least one change.
    """
    first = next((change for change in news if change.event != "over"), news[0])
    line = first.title
    if len(news) > 1:
        line += f", and {len(news) - 1} more"
    text = f"OIC assurance, {name_of_force(settings)}: {line}"
    return text if len(text) <= LONGEST_SUBJECT else text[: LONGEST_SUBJECT - 1].rstrip() + "…"


def body(news: Sequence[Change]) -> str:
    """Return the message as plain text: open problems first, then problems that are over."""
    ordered = sorted(news, key=lambda change: change.event == "over")
    return as_typed("\n\n".join(_paragraph(change) for change in ordered)) + "\n"


def payload(settings: Settings, news: Sequence[Change]) -> dict[str, Any]:
    """Return the message as a JSON object. Chat programs show its field `text`.

    `since` is in ISO 8601. If a problem is over, `readers_see`, `who` and `command` are null.
    """
    subject = subject_line(settings, news)
    return {
        "text": f"{subject}\n\n{body(news)}",
        "subject": subject,
        "force_code": settings.force_code,
        "force_name": name_of_force(settings),
        "changes": [
            {
                "event": change.event,
                "kind": change.kind,
                "subject": change.subject,
                "what": change.what,
                "since": change.since.isoformat(),
                "readers_see": change.problem.readers_see if change.problem else None,
                "who": change.problem.who if change.problem else None,
                "command": change.problem.what_to_do if change.problem else None,
            }
            for change in news
        ],
    }


def _paragraph(change: Change) -> str:
    lines = [f"{change.title}{_HEADS[change.event]}", f"  What          {change.what}"]
    lines.append(f"  Since         {london_text(change.since)}")
    if change.problem is not None:
        if change.problem.examples:
            lines.append(f"  For example   {change.problem.examples}")
        lines += [
            f"  Readers see   {change.problem.readers_see}",
            f"  Who fixes it  {change.problem.who}",
            f"  Start with    {change.problem.what_to_do}",
        ]
    return "\n".join(lines)
