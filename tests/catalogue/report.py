"""The catalogue as a table: for the screen, and for docs/defects.md."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from oic_assurance.settings import PROJECT_ROOT
from tests.catalogue.defect import NOTHING, STAGES
from tests.catalogue.runner import Result

PAGE = PROJECT_ROOT / "docs" / "defects.md"
_TITLES = {
    "source": "A source system",
    "file": "A delivered file",
    "model": "A model",
    "mart": "A mart",
    "publication": "Between gate and publication",
}
_HEAD = """\
<!-- Written by `make catalogue` from tests/catalogue: change the defects, then run it again. -->
# Defects

{count} defects, each of them a small program that harms a healthy, simulated force in a way that
has happened to real pipelines, and what notices it. `blocked` means that nothing is published or
that the delivery is not taken; `caveat` that it is published with a warning that readers see. The
last column counts the published figures that it would have moved by more than their own interval
(figures of at least twenty records; hours, which have none, by more than a quarter): all such are
blocked or carry a caveat that says so; where a deployment has warnings approved
([approve-a-warning.md](how-to/approve-a-warning.md)) nobody reads those before a person has
looked. A
dash: nothing was built of it.

A source or a file is harmed in the night before the second day of a force that has a publication;
then what is delivered is landed, and the marts that figures are in are built. A rule is changed in
one place, and what follows from it is built anew; what no gate of a run would notice is asked of
the rule's unit tests, without which it is not released. A mart is harmed as it was built.

{totals}
"""
_TABLE = """
## {title}

| defect | what happened | caught by | at | what it says | figures moved |
|---|---|---|---|---|---:|
"""


def line(result: Result) -> str:
    """Return a defect in a line of the screen."""
    one, catcher = result.defect, result.catcher
    by = f"{catcher.gate}: {catcher.check}" if catcher else NOTHING
    told = f"{one.stage:11} {one.name:38} {_fate(result):8} {by}"
    return f"{told}  {_moved(result)} moved, {result.seconds:.0f} s"


def totals(results: Sequence[Result]) -> str:
    """Return how many there are of each stage and fate."""
    fates = Counter((each.defect.stage, _fate(each)) for each in results)
    kinds = ("blocked", "caveat", "told", NOTHING)
    lines = [f"| {' | '.join(('harms', 'defects', *kinds))} |", f"|---|{'---:|' * 5}"]
    for stage in STAGES:
        counts = [fates[stage, kind] for kind in kinds]
        if sum(counts):
            lines.append(f"| {' | '.join(map(str, (stage, sum(counts), *counts)))} |")
    return "\n".join(lines)


def write_page(results: Sequence[Result], path: Path = PAGE) -> None:
    """Write docs/defects.md."""
    text = _HEAD.format(count=len(results), totals=totals(results))
    for stage in STAGES:
        text += _TABLE.format(title=_TITLES[stage])
        text += "".join(_row(each) for each in results if each.defect.stage == stage)
    path.write_text(text, encoding="utf-8")


def _row(result: Result) -> str:
    one, catcher = result.defect, result.catcher
    by, at, says = NOTHING, "", ""
    if catcher is not None:
        by, at, says = f"`{catcher.check}`", f"{catcher.gate}, {_fate(result)}", catcher.message
    cells = (one.name.replace("_", " "), one.words, by, at, says, _moved(result))
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _fate(result: Result) -> str:
    if result.is_blocked:
        return "blocked"
    severities = {each.severity for each in result.found}
    return "caveat" if "warning" in severities else "told" if severities else NOTHING


def _moved(result: Result) -> str:
    return "–" if result.moved is None else str(len(result.moved))
