"""Store the results for mutants, read the survivors' reasons, and make the table of results."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from tests.mutants.mutants import Mutant

SURVIVORS = Path(__file__).with_name("survivors.yml")
Outcome = Literal["unit test", "oracle", "unreadable", "survived"]
#: The minimum share of mutants that must be caught.
LEAST_SHARE = 0.95


@dataclass(frozen=True)
class Result:
    """The result of one mutant.

    `by` is the unit test or mart that noticed the mutant, or empty if nothing did.
    """

    number: int
    outcome: Outcome
    by: str = ""


class Results:
    """Results in a file, with one line of JSON for each mutant that was judged.

    After an interrupted run, the next run reads the file and judges only the remaining mutants.
    `known` maps the number of each judged mutant to its result.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[int, Result] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                result = Result(**json.loads(line))
                self.known[result.number] = result

    def add(self, result: Result) -> None:
        """Save a result to disk before the next mutant begins."""
        self.known[result.number] = result
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(vars(result)) + "\n")


#: What identifies a mutant in survivors.yml: the model, the text of the line, and the description
#: of the change with the old and the new text.
Key = tuple[str, str, str]


def key(mutant: Mutant) -> Key:
    """Return the key of a mutant. The key stays the same if lines are added above the change."""
    return mutant.model, mutant.says, mutant.becomes


def reasons_of_survivors() -> dict[Key, str]:
    """Return the reason for each survivor that is listed in survivors.yml.

    Raises:
        ValueError: a survivor is listed twice, or its reason has fewer than 20 characters.
    """
    found: dict[Key, str] = {}
    for entry in yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) or []:
        for line, several in entry["lines"].items():
            for change in several:
                place = (entry["model"], line, change)
                if place in found or len(entry["why"]) < 20:
                    raise ValueError(f"survivors.yml: {place} is listed twice or has no reason.")
                found[place] = " ".join(entry["why"].split())
    return found


def as_entries(mutants: Iterable[Mutant]) -> str:
    """Return mutants as YAML for survivors.yml, with empty reasons that a person must write."""
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
    """Return a Markdown table with a row for each folder of rules, and a row for all folders.

    The columns count the folder's mutants by result. Mutants that are not valid SQL do not count.
    """
    reasons = reasons_of_survivors()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in mutants:
        outcome: str = known[mutant.number].outcome
        if outcome == "survived":
            outcome = "explained" if key(mutant) in reasons else "survived"
        for folder in (mutant.folder, "all"):
            counts[folder][outcome] += 1
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
    """Return the share of mutants that were caught. Mutants that are invalid SQL do not count."""
    outcomes = Counter(result.outcome for result in known)
    caught = outcomes["unit test"] + outcomes["oracle"]
    return caught / max(caught + outcomes["survived"], 1)


def _row(folder: str, outcomes: Counter[str]) -> str:
    caught = outcomes["unit test"] + outcomes["oracle"]
    made = caught + outcomes["explained"] + outcomes["survived"]
    return (
        f"| {folder} | {made} | {outcomes['unit test']} | {outcomes['oracle']} | "
        f"{caught / max(made, 1):.1%} | {outcomes['explained']} | {outcomes['survived']} |"
    )
