"""What a monitor such as Icinga shows: one state, one line, and an exit code.

The exit codes are those of Nagios plugins, which Icinga, Checkmk and Zabbix read too.
"""

from collections.abc import Sequence
from typing import Literal

from oic_assurance.notifications.notification import TITLES, Kind, Problem
from oic_assurance.publishing.publication import Publication

State = Literal["ok", "warning", "critical", "unknown"]
EXIT_CODES: dict[State, int] = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
#: The kinds of problems for which somebody is called at night: readers see no publication of today.
URGENT: frozenset[Kind] = frozenset({"publication", "overdue"})
LONGEST_LINE = 1000


def state_of(problems: Sequence[Problem], *, is_published: bool) -> State:
    """Return how urgent the open problems are.

    - `critical`: nothing has ever been published, the last run made no publication, or no run of
      the day has published by the deadline.
    - `warning`: another problem is open, and readers see a publication that is not overdue.
    - `ok`: no problem is open.
    """
    if not is_published or any(problem.kind in URGENT for problem in problems):
        return "critical"
    return "warning" if problems else "ok"


def line(state: State, problems: Sequence[Problem], publication: Publication | None) -> str:
    """Return one line for a monitor, with the number of problems as performance data.

    The line names kinds and subjects. What exactly happened is in `assurance status`: the reason of
    a failure can be long, and a monitor shows its line to many people.
    """
    parts = [f"{TITLES[problem.kind]} ({problem.subject})" for problem in problems]
    if publication is None:
        parts.insert(0, "Nothing has been published yet")
    else:
        seen = f"publication {publication.publication_id} as at {publication.as_at.isoformat()}"
        parts.append(f"readers see {seen}")
    return one_line(state, "; ".join(parts), f"problems={len(problems)}")


def one_line(state: State, text: str, data: str = "") -> str:
    """Return a state with a text, and after a bar the performance data, as plugins print it."""
    plain = " ".join(text.replace("|", "/").split())[:LONGEST_LINE]
    return f"{state.upper()} - {plain}" + (f" | {data}" if data else "") + "\n"
