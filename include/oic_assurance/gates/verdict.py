"""What a gate says: the outcome of each expectation, and the verdict that follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from expectations.vocabulary import Expectation, Suite

VerdictName = Literal["passed", "warning", "critical"]


@dataclass(frozen=True)
class Outcome:
    """How one expectation came out."""

    suite: Suite
    expectation: Expectation
    success: bool
    evaluated: int | None = None
    unexpected: int | None = None
    #: What else there is to say, where rows are not the matter.
    observed: str | None = None
    exception: str | None = None
    #: The first rows that broke it, each by the columns of its key.
    keys: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the gate decided about one stage of one build."""

    stage: str
    verdict: VerdictName
    suites: int
    expectations: int
    failed: tuple[Outcome, ...]

    @property
    def blocks(self) -> bool:
        """Return whether nothing may be published."""
        return self.verdict == "critical"


def decide(stage: str, suites: Sequence[Suite], outcomes: Sequence[Outcome]) -> Verdict:
    """Give the verdict: one failed critical expectation blocks, one failed warning is a caveat."""
    failed = tuple(outcome for outcome in outcomes if not outcome.success)
    severities = {outcome.expectation.severity for outcome in failed}
    name: VerdictName = "passed"
    if "critical" in severities:
        name = "critical"
    elif "warning" in severities:
        name = "warning"
    return Verdict(stage, name, len(suites), len(outcomes), failed)
