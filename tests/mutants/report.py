"""What is told: results that outlive an interruption, why survivors live, a table at the end."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from tests.mutants.mutants import Mutant

SURVIVORS = Path(__file__).with_name("survivors.yml")
Fate = Literal["unit test", "oracle", "unreadable", "lived"]
#: Of all mutants so many are to be caught.
WANTED = 0.95


@dataclass(frozen=True)
class Result:
    """What became of a mutant, and who noticed it."""

    number: int
    fate: Fate
    by: str = ""


class Results:
    """Results, one JSON line each, so that an interrupted run can go on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[int, Result] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                result = Result(**json.loads(line))
                self.known[result.number] = result

    def add(self, result: Result) -> None:
        """Keep a result, on disk before the next begins."""
        self.known[result.number] = result
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(vars(result)) + "\n")


#: A place and a change as a person finds them: the model, its line's text, what becomes of it.
Key = tuple[str, str, str]


def key(mutant: Mutant) -> Key:
    """Return what a mutant is known by, also when lines were added above it."""
    return mutant.model, mutant.says, mutant.becomes


def explained() -> dict[Key, str]:
    """Return why each survivor that is known cannot matter.

    Raises ValueError when one has no reason, or is named twice.
    """
    found: dict[Key, str] = {}
    for entry in yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) or []:
        for line, several in entry["lines"].items():
            for change in several:
                place = (entry["model"], line, change)
                if place in found or len(entry["why"]) < 20:
                    raise ValueError(f"survivors.yml: {place} is named twice or has no reason.")
                found[place] = " ".join(entry["why"].split())
    return found


def as_entries(mutants: Iterable[Mutant]) -> str:
    """Return survivors as they are written in survivors.yml, for a reason to be added."""
    entries: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for mutant in mutants:
        if mutant.becomes not in entries[mutant.model][mutant.says]:
            entries[mutant.model][mutant.says].append(mutant.becomes)
    listed = [
        {"model": model, "why": "", "lines": {line: list(all_) for line, all_ in lines.items()}}
        for model, lines in entries.items()
    ]
    return yaml.safe_dump(listed, sort_keys=False, allow_unicode=True, width=1000)


def table(mutants: list[Mutant], known: dict[int, Result]) -> str:
    """Return the table in Markdown: of each folder how many mutants, and what became of them."""
    reasons = explained()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in mutants:
        fate: str = known[mutant.number].fate
        if fate == "lived":
            fate = "explained" if key(mutant) in reasons else "lived"
        for folder in (mutant.folder, "all"):
            counts[folder][fate] += 1
    lines = [
        "| rules | mutants | caught by a unit test | caught by the oracle | caught | "
        "survivors explained | not explained |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    folders = [folder for folder in counts if folder != "all"]
    for folder in (*folders, "all"):
        lines.append(_row(folder, counts[folder]))
    return "\n".join(lines)


def share_caught(known: Iterable[Result]) -> float:
    """Return which part was caught of those that are SQL."""
    fates = Counter(result.fate for result in known)
    caught = fates["unit test"] + fates["oracle"]
    return caught / max(caught + fates["lived"], 1)


def _row(folder: str, fates: Counter[str]) -> str:
    caught = fates["unit test"] + fates["oracle"]
    made = caught + fates["explained"] + fates["lived"]
    return (
        f"| {folder} | {made} | {fates['unit test']} | {fates['oracle']} | "
        f"{caught / max(made, 1):.1%} | {fates['explained']} | {fates['lived']} |"
    )
