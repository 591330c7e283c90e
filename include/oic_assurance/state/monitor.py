"""What a monitor such as Icinga shows: one state, one line, and an exit code.

The exit codes are those of Nagios plugins, which Icinga, Checkmk and Zabbix read too.
"""

from collections.abc import Sequence
from typing import Literal

from oic_assurance.state.read import Problem

State = Literal["ok", "warning", "critical", "unknown"]
EXIT_CODES: dict[State, int] = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
LONGEST_LINE = 1000


def state_of(problems: Sequence[Problem]) -> State:
    """Return how urgent the open problems are: as urgent as the most urgent of them."""
    if any(problem.severity == "critical" for problem in problems):
        return "critical"
    return "warning" if problems else "ok"


def named(problems: Sequence[Problem]) -> list[str]:
    """Return what each problem is called and what it is about.

    What exactly happened is told of what readers are kept waiting for. `assurance status` says it
    of all problems: a reason can be long, and a monitor shows its line to many people.
    """
    return [
        f"{problem.title.partition(': ')[0]} ({problem.subject})"
        + (f": {problem.for_many.rstrip('.')}" if problem.for_many else "")
        for problem in problems
    ]


def line(problems: Sequence[Problem], readers_see: str) -> str:
    """Return one line for a monitor, with the number of problems as performance data."""
    parts = [*named(problems), *([f"readers see {readers_see}"] if readers_see else [])]
    return one_line(state_of(problems), "; ".join(parts), f"problems={len(problems)}")


def one_line(state: State, text: str, data: str = "") -> str:
    """Return a state with a text, and after a bar the performance data, as plugins print it."""
    plain = " ".join(text.replace("|", "/").split())[:LONGEST_LINE]
    return f"{state.upper()} - {plain}" + (f" | {data}" if data else "")
