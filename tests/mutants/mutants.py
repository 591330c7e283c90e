"""List every mutant of the rules, and mark the changed places in a copy of the dbt project.

In the marked copy, every place that can be changed is between two comments with its number. dbt
parses and compiles the copy once. The comments are still in the compiled SQL, so a mutant is made
by replacing the text between them, without compiling again.
"""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.changes import Change, changes

PROJECT = Path(__file__).resolve().parents[2]
DBT = PROJECT / "dbt_project"
#: The folders and files of the dbt project that contain the rules.
RULES = (
    "models/intermediate/calendar",
    "models/intermediate/people",
    "models/intermediate/nccu",
    "models/intermediate/training",
    "models/intermediate/plans",
    "models/intermediate/measures",
    "models/intermediate/position",
    "models/intermediate/exceptions",
    "macros/versions/moments.sql",
    "macros/versions/snapshot_versions.sql",
    "macros/versions/version_as_at.sql",
    "macros/measures",
    "macros/statistics",
    "macros/match_documents.sql",
)
_MARKS = re.compile(r"/\*<?\d+>?\*/")


@dataclass(frozen=True)
class Mutant:
    """A rule with one change.

    `place` is the number of the changed place in the marked copy. `says` is the file's line before
    the change, and `was` is the text that is replaced.
    """

    number: int
    place: int
    file: str
    change: Change
    line: int
    says: str
    was: str

    @property
    def model(self) -> str:
        """The name of the changed model or macro file."""
        return Path(self.file).stem

    @property
    def folder(self) -> str:
        """The name of the file's folder. The table of results has a row for each folder."""
        return Path(self.file).parent.name

    @property
    def becomes(self) -> str:
        """The kind of change, the old text and the new text, on one line."""
        was = f"{self.was[:60]}…" if len(self.was) > 60 else self.was
        return f"{self.change.kind}: {was or '(nothing)'} -> {self.change.becomes or '(nothing)'}"

    def __str__(self) -> str:
        return f"{self.number:5} {self.model}:{self.line}  {self.becomes}"


def all_mutants() -> list[Mutant]:
    """Return every mutant of the rules. Its number stays the same until the files change."""
    found: list[Mutant] = []
    places = 0
    for path in rule_files():
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(DBT).as_posix()
        known: dict[tuple[int, int, bool], int] = {}
        for change in changes(source):
            place = known.setdefault(_span(change), places + len(known))
            found.append(_mutant(len(found), place, name, source, change))
        places += len(known)
    return found


def rule_files() -> list[Path]:
    """Return the files in which mutants are made, in the order of `RULES`.

    A folder in `RULES` means all its SQL files, sorted by name.
    """
    found: list[Path] = []
    for rule in RULES:
        path = DBT / rule
        found += [path] if path.is_file() else sorted(path.glob("*.sql"))
    return found


def write_marked(project: Path, mutants: Iterable[Mutant]) -> None:
    """Copy the dbt project to the folder `project`, and mark the mutants' places in the copy."""
    shutil.rmtree(project / DBT.name, ignore_errors=True)
    shutil.copytree(DBT, project / DBT.name, ignore=shutil.ignore_patterns("target", "logs"))
    spans: dict[str, dict[int, Change]] = defaultdict(dict)
    for mutant in mutants:
        spans[mutant.file][mutant.place] = mutant.change
    for file, places in spans.items():
        path = project / DBT.name / file
        path.write_text(_marked(path.read_text(encoding="utf-8"), places), encoding="utf-8")


def holds(marked: str, mutant: Mutant) -> bool:
    """Return whether SQL that was compiled from the marked copy contains the place of a mutant."""
    return f"/*<{mutant.place}*/" in marked


def unmarked(marked: str, mutant: Mutant | None = None) -> str:
    """Return SQL that was compiled from the marked copy, without the comments that mark places.

    If a mutant is given, its change is made in the SQL.
    """
    if mutant is not None:
        place = re.escape(f"/*<{mutant.place}*/") + ".*?" + re.escape(f"/*{mutant.place}>*/")
        becomes = mutant.change.becomes
        marked = re.sub(place, lambda _: becomes, marked, flags=re.S)
    return _MARKS.sub("", marked)


def _mutant(number: int, place: int, name: str, source: str, change: Change) -> Mutant:
    begins = source.rfind("\n", 0, change.start) + 1
    says, following = (line.strip() for line in f"{source[begins:]}\n".split("\n")[:2])
    return Mutant(
        number=number,
        place=place,
        file=name,
        change=change,
        line=source.count("\n", 0, change.start) + 1,
        # If a join is long, the formatter puts the joined table on the next line, so that line is
        # added.
        says=f"{says} {following}" if says in {"inner join", "left join"} else says,
        was=" ".join(source[change.start : change.end].split()),
    )


def _span(change: Change) -> tuple[int, int, bool]:
    return change.start, change.end, change.is_argument


def _marked(source: str, places: dict[int, Change]) -> str:
    """Return a file's text with marked places. A place may lie inside another place."""
    marks: list[tuple[int, int, int, str]] = []
    for number, change in places.items():
        quote = '"' if change.is_argument else ""
        begins, ends = f"{quote}/*<{number}*/", f"/*{number}>*/{quote}"
        length = change.end - change.start
        if length == 0:
            marks.append((change.start, 1, 0, begins + ends))
        else:
            marks.append((change.start, 2, -length, begins))
            marks.append((change.end, 0, length, ends))
    for position, _, _, mark in sorted(marks, reverse=True):
        source = source[:position] + mark + source[position:]
    return source
