"""Write the catalogue's results to the screen and to docs/defects.md."""

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
    "days": "Two days: the damage and its repair",
    "model": "A model",
    "mart": "A mart",
    "publication": "Between the gate and the publication",
}
_HEAD = """\
<!-- Written by `make catalogue` from tests/catalogue: change the defects, then run it again. -->
# Defects

The catalogue has {count} defects. Each is a small program that damages a healthy simulated force in
a way that has happened to real pipelines. The tables name the check that catches each defect.

| outcome | meaning |
|---|---|
| `blocked` | Nothing is published, or the delivery is refused. |
| `held` | The build is published only after a person has approved it. |
| `caveat` | The build is published with a warning that readers see. |
| `info` | The failed check is only recorded. |
| `nothing` | No check fails. Such a defect moves no figure. |

The last column counts the published figures that the defect would have moved by more than their
interval. It counts only figures of at least twenty records. Hours have no interval, so they count
if they move by more than a quarter. A dash means that no figures were built. Every defect that
moves a figure is blocked or held, or carries a caveat. If a deployment requires approval of
warnings ([approve-a-warning.md](how-to/approve-a-warning.md)), nobody reads these figures before a
named person has approved them.

How a defect is injected depends on its stage:

- **Source and file**: the damage is done in the night before the second day of a force that has a
  publication. Then the deliveries are landed, and the marts with figures are built.
- **Days**: a source or a file is damaged in the same way, and the damage is repaired in the night
  after the second day. Both days run up to the publication. The figures of the third day must be
  those of the healthy force, no point may be unknown, and the build may not wait for a person.
- **Model**: one place in the dbt project is changed, and everything that depends on it is rebuilt.
  If no check of a run would notice the change, the unit tests of the model must fail. A rule is not
  released before they pass.
- **Mart**: the mart is damaged after it is built and before the gate checks it.

{totals}
"""
_TABLE = """
## {title}

| defect | what happened | caught by | at | message | figures moved |
|---|---|---|---|---|---:|
"""


def line(result: Result) -> str:
    """Return the result of a defect as one line for the screen."""
    one, catcher = result.defect, result.catcher
    by = f"{catcher.gate}: {catcher.check}" if catcher else NOTHING
    start = f"{one.stage:11} {one.name:38} {_outcome(result):8} {by}"
    return f"{start}  {_moved(result)} moved, {result.seconds:.0f} s"


def totals(results: Sequence[Result]) -> str:
    """Return a Markdown table with the number of defects for each stage and outcome."""
    outcomes = Counter((each.defect.stage, _outcome(each)) for each in results)
    kinds = ("blocked", "held", "caveat", "info", NOTHING)
    lines = [f"| {' | '.join(('stage', 'defects', *kinds))} |", f"|---|{'---:|' * 6}"]
    for stage in STAGES:
        counts = [outcomes[stage, kind] for kind in kinds]
        if sum(counts):
            lines.append(f"| {' | '.join(map(str, (stage, sum(counts), *counts)))} |")
    return "\n".join(lines)


def write_page(results: Sequence[Result], path: Path = PAGE) -> None:
    """Write docs/defects.md from the results of all defects."""
    text = _HEAD.format(count=len(results), totals=totals(results))
    for stage in STAGES:
        text += _TABLE.format(title=_TITLES[stage])
        text += "".join(_row(each) for each in results if each.defect.stage == stage)
    path.write_text(text, encoding="utf-8")


def _row(result: Result) -> str:
    one, catcher = result.defect, result.catcher
    by, at, message = NOTHING, "", ""
    if catcher is not None:
        by, message = f"`{catcher.check}`", catcher.message
        at = f"{catcher.gate}, {_outcome(result)}"
    cells = (one.name.replace("_", " "), one.description, by, at, message, _moved(result))
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _outcome(result: Result) -> str:
    if result.is_blocked:
        return "blocked"
    if any(each.holds for each in result.found):
        return "held"
    severities = {each.severity for each in result.found}
    return "caveat" if "warning" in severities else "info" if severities else NOTHING


def _moved(result: Result) -> str:
    return "–" if result.moved is None else str(len(result.moved))
