"""The outcome of each expectation, and the gate's verdict that follows from all outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from expectations.vocabulary import Expectation, Suite

VerdictName = Literal["passed", "warning", "critical"]


@dataclass(frozen=True)
class Outcome:
    """The result of one expectation: `evaluated` rows were checked and `unexpected` rows failed."""

    suite: Suite
    expectation: Expectation
    success: bool
    evaluated: int | None = None
    unexpected: int | None = None
    #: For an expectation about the columns of a table: the missing and unexpected columns, as JSON.
    observed: str | None = None
    exception: str | None = None
    #: The keys of the first rows that failed: for each row, its key columns and their values.
    keys: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The gate's decision about one stage of one build."""

    stage: str
    verdict: VerdictName
    suites: int
    expectations: int
    failed: tuple[Outcome, ...]

    @property
    def blocks(self) -> bool:
        """Return whether the verdict blocks publication."""
        return self.verdict == "critical"


def decide(stage: str, suites: Sequence[Suite], outcomes: Sequence[Outcome]) -> Verdict:
    """Return the verdict of a stage.

    If a critical expectation failed, the verdict is critical, which blocks publication. Otherwise,
    if an expectation with severity `warning` failed, the verdict is `warning`. A failed expectation
    with severity `info` does not change the verdict.
    """
    failed = tuple(outcome for outcome in outcomes if not outcome.success)
    severities = {outcome.expectation.severity for outcome in failed}
    name: VerdictName = "passed"
    if "critical" in severities:
        name = "critical"
    elif "warning" in severities:
        name = "warning"
    return Verdict(stage, name, len(suites), len(outcomes), failed)
