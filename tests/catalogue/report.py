"""Write the catalogue's results to the screen, and to the file from which a page is made."""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.catalogue.defect import NOTHING, STAGES, Defect, catalogue

if TYPE_CHECKING:
    # The runner imports the whole pipeline, which a page does not need.
    from tests.catalogue.runner import Result

RESULTS = Path(__file__).with_name("defects.csv")
_COLUMNS = ("defect", "check", "gate", "outcome", "message", "moved")
_KINDS = ("blocked", "held", "caveat", "info", NOTHING)
_TITLES = {
    "source": "A source system",
    "file": "A delivered file",
    "days": "Two days: the damage and its repair",
}
_TABLE = """
## {title}

| defect | what happened | caught by | at | message | figures moved |
|---|---|---|---|---|---:|
"""


def line(result: "Result") -> str:
    """Return the result of a defect as one line for the screen."""
    one, catcher = result.defect, result.catcher
    by = f"{catcher.gate}: {catcher.check}" if catcher else NOTHING
    start = f"{one.stage:11} {one.name:38} {_outcome(result):8} {by}"
    return f"{start}  {_moved(result)} moved, {result.seconds:.0f} s"


def totals(outcomes: Counter[tuple[str, str]]) -> str:
    """Return a Markdown table with the number of defects for each stage and outcome."""
    lines = [f"| {' | '.join(('stage', 'defects', *_KINDS))} |", f"|---|{'---:|' * 6}"]
    for stage in STAGES:
        counts = [outcomes[stage, kind] for kind in _KINDS]
        if sum(counts):
            lines.append(f"| {' | '.join(map(str, (stage, sum(counts), *counts)))} |")
    return "\n".join(lines) + "\n"


def counted(results: "Iterable[Result]") -> Counter[tuple[str, str]]:
    """Count the results for each stage and outcome."""
    return Counter((each.defect.stage, _outcome(each)) for each in results)


def write_results(results: "Iterable[Result]", path: Path = RESULTS) -> None:
    """Write the results of all defects as the file from which `make docs` makes a page."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for each in results:
            found = each.catcher
            caught = (found.check, found.gate) if found else ("", "")
            message, moved = found.message if found else "", _moved(each)
            writer.writerow((each.defect.name, *caught, _outcome(each), message, moved))


def tables() -> str:
    """Return the totals and the tables of the page about defects, as Markdown."""
    with RESULTS.open(encoding="utf-8", newline="") as file:
        results = {row["defect"]: row for row in csv.DictReader(file)}
    known = [one for one in catalogue() if one.name in results]
    text = totals(Counter((one.stage, results[one.name]["outcome"]) for one in known))
    for stage in STAGES:
        rows = [_row(one, results[one.name]) for one in known if one.stage == stage]
        text += _TABLE.format(title=_TITLES[stage]) + "".join(rows) if rows else ""
    return text


def _row(one: Defect, result: dict[str, str]) -> str:
    by = f"`{result['check']}`" if result["check"] else NOTHING
    at = f"{result['gate']}, {result['outcome']}" if result["gate"] else ""
    name = one.name.replace("_", " ")
    cells = (name, one.description, by, at, result["message"], result["moved"])
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _outcome(result: "Result") -> str:
    if result.is_blocked:
        return "blocked"
    if any(each.holds for each in result.found):
        return "held"
    severities = {each.severity for each in result.found}
    return "caveat" if "warning" in severities else "info" if severities else NOTHING


def _moved(result: "Result") -> str:
    return "–" if result.moved is None else str(len(result.moved))
