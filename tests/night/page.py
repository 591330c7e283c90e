"""Read the page for the night as a person on call does: find the row of what was seen.

The page is written so that a program can read it too:

- A row of a table has a symptom, one command, and what to do.
- A symptom has alternatives, separated by a semicolon. One of them must fit.
- In an alternative, each phrase in *italics* is literally in what the operator reads, and each name
  in `code` is a task or a DAG that is red, or that waits. `…` in a phrase stands for any text.
- If several rows fit, the one with the most is meant. A phrase counts more than a name or the
  heading of a notification, because it says why.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.state.apply import problem_kinds

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "at-night.md"
#: What a problem of each kind is called.
TITLES = {code: str(kind["title"]) for code, kind in problem_kinds().items()}
_ITALICS, _CODE = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)"), re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Seen:
    """What an operator sees: text (a message, or the last line of an error), and red names."""

    text: str = ""
    #: The tasks and DAGs that are red, or that wait for an answer.
    red: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Alternative:
    """One way in which a symptom shows itself."""

    phrases: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def weight(self) -> int:
        """How specific the alternative is."""
        headings = sum(phrase in TITLES.values() for phrase in self.phrases)
        return len(self.names) + headings + 2 * (len(self.phrases) - headings)

    def fits(self, seen: Seen) -> bool:
        """Tell whether all phrases and names of the alternative were seen."""
        return (
            self.weight > 0
            and all(_pattern(phrase).search(seen.text) for phrase in self.phrases)
            and seen.red.issuperset(self.names)
        )


@dataclass(frozen=True)
class Row:
    """A row of the page."""

    symptom: str
    command: str
    what_to_do: str

    @property
    def alternatives(self) -> list[Alternative]:
        """The ways in which the symptom shows itself."""
        return [
            Alternative(tuple(_ITALICS.findall(part)), tuple(_CODE.findall(part)))
            for part in self.symptom.split(";")
        ]

    def weight(self, seen: Seen) -> int:
        """Return how specifically the row describes what was seen. 0 means not at all."""
        return max((one.weight for one in self.alternatives if one.fits(seen)), default=0)


def rows() -> list[Row]:
    """Return every row of the page's tables about symptoms."""
    found, is_table = [], False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells == ["symptom", "one command", "what to do"]:
            is_table = True
        elif not line.startswith("|"):
            is_table = False
        elif is_table and not set(line) <= set("|- "):
            found.append(Row(*cells))
    return found


def look_up(seen: Seen) -> Row:
    """Return the row that a person would follow.

    Raises:
        LookupError: No row fits, or several fit equally well.
    """
    fitting = {row: weight for row in rows() if (weight := row.weight(seen)) > 0}
    best = [row for row, weight in fitting.items() if weight == max(fitting.values())]
    if len(best) != 1:
        names = "; ".join(row.symptom for row in best) or "no row"
        raise LookupError(f"{seen}: {names}")
    return best[0]


def command_of(row: Row) -> list[str]:
    """Return the words of a row's command."""
    [text] = _CODE.findall(row.command)
    return re.findall(r'"[^"]*"|\S+', text)


def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(r".*?".join(map(re.escape, phrase.split("…"))), re.DOTALL)
