"""The words of a notification: the same for a mailbox, a chat and a machine that reads JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from oic_assurance.clock import LONDON
from oic_assurance.notifications.alarm import TITLES, Change, Event

_HEADS: dict[Event, str] = {"new": "", "changed": " (another cause than before)", "over": ""}
LONGEST_SUBJECT = 120


def subject_line(force_code: str, news: Sequence[Change]) -> str:
    """Return one line that says whether to get up: what is wrong, or that it is over."""
    first = next((change for change in news if change.event != "over"), news[0])
    line = _title(first)
    if len(news) > 1:
        line += f", and {len(news) - 1} more"
    text = f"OIC assurance {force_code}: {line}"
    return text if len(text) <= LONGEST_SUBJECT else text[: LONGEST_SUBJECT - 1].rstrip() + "…"


def body(news: Sequence[Change]) -> str:
    """Return the whole message as plain text, what is wrong before what is over."""
    ordered = sorted(news, key=lambda change: change.event == "over")
    return "\n\n".join(_paragraph(change) for change in ordered) + "\n"


def payload(force_code: str, news: Sequence[Change]) -> dict[str, Any]:
    """Return the message as JSON; chats that take a `text` show it as it is."""
    subject = subject_line(force_code, news)
    return {
        "text": f"{subject}\n\n{body(news)}",
        "subject": subject,
        "force_code": force_code,
        "changes": [
            {
                "event": change.event,
                "kind": change.kind,
                "subject": change.subject,
                "what": change.what,
                "since": change.since.isoformat(),
                "readers_see": change.alarm.readers_see if change.alarm else None,
                "who": change.alarm.who if change.alarm else None,
                "command": change.alarm.command if change.alarm else None,
            }
            for change in news
        ],
    }


def _title(change: Change) -> str:
    about = f": {change.subject}" if change.kind in ("source", "delivery") else ""
    over = "Over: " if change.event == "over" else ""
    return f"{over}{TITLES[change.kind]}{about}"


def _paragraph(change: Change) -> str:
    lines = [f"{_title(change)}{_HEADS[change.event]}", f"  What          {change.what}"]
    lines.append(f"  Since         {_moment(change.since)}")
    if change.alarm is not None:
        lines += [
            f"  Readers see   {change.alarm.readers_see}",
            f"  Who fixes it  {change.alarm.who}",
            f"  Start with    {change.alarm.command}",
        ]
    return "\n".join(lines)


def _moment(value: datetime) -> str:
    return f"{value.astimezone(LONDON):%a %d %b %Y %H:%M}"
