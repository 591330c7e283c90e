"""Print the tables of false signs in `docs/explanation/spc.md`.

They say how often a process that does not change shows a sign of a special cause, and how often a
point that does not change is called slipping. Run this
module with `python -m tests.integration.builds.control_rates`.
"""

import random
from collections import Counter

from tests.integration.builds.control_series import QUIET, SNAPSHOT, binomial, quiet, quiet_stock
from tests.oracle.spc import Month, control_rows, series_of
from tests.oracle.stats import difference_interval

SERIES, MONTHS = 3000, 24
PAIRS = 20_000
YEARS = 4_000
#: Cases in the last three months and in the three before, and the share of cases that are met.
POOLED = ((30, 32, 0.88), (48, 43, 0.88), (48, 43, 0.75), (12, 12, 0.88), (30, 30, 0.97))
RULES = ("OUTSIDE_LIMITS", "TWO_OF_THREE", "RUN_OF_SEVEN", "TREND_OF_SEVEN")


def main() -> None:
    """Print a line of a table for each quiet process."""
    for kind, (measure, _) in QUIET.items():
        print(_line(kind, measure, quiet(kind, 2, SERIES, MONTHS)))
    print(_line("a stock of 300 officers", SNAPSHOT, quiet_stock(2, SERIES // 10, MONTHS)))
    for recent, earlier, share in POOLED:
        print(_pooled_line(recent, earlier, share))


def _pooled_line(recent: int, earlier: int, share: float) -> str:
    chance = random.Random(7)
    lower = clear = worse = 0
    for _ in range(PAIRS):
        last, before = (
            sum(chance.random() < share for _ in range(cases)) for cases in (recent, earlier)
        )
        low, high = difference_interval((last, recent), (before, earlier))
        lower += last / recent < before / earlier
        worse += high < 0
        clear += low > 0 or high < 0
    rates = " | ".join(f"{count / PAIRS:.1%}" for count in (lower, clear, worse))
    years = " | ".join(f"{rate:.0%}" for rate in _in_a_year(recent + earlier, share))
    return f"| {recent} and {earlier}, {share:.0%} | {rates} | {years} |"


def _in_a_year(cases: int, share: float) -> tuple[float, float]:
    """Return how often one of the twelve comparisons of a year is clear, and clearly worse."""
    chance = random.Random(8)
    monthly = round(cases / 6)
    clear = worse = 0
    for _ in range(YEARS):
        met = [binomial(chance, monthly, share) for _ in range(17)]
        ends = [
            difference_interval(
                (sum(met[place + 3 : place + 6]), 3 * monthly),
                (sum(met[place : place + 3]), 3 * monthly),
            )
            for place in range(12)
        ]
        worse += any(high < 0 for _, high in ends)
        clear += any(low > 0 or high < 0 for low, high in ends)
    return clear / YEARS, worse / YEARS


def _line(kind: str, measure: str, series: list[list[Month]]) -> str:
    kinds: Counter[str] = Counter()
    causes: list[list[str | None]] = []
    for months in series:
        found = series_of(measure, months, months[-1].start)
        rows = [row for _, row in sorted(control_rows(found).items())]
        kinds[str(rows[0].kind)] += 1
        causes.append([row.special_cause for row in rows[:-1]])
    all_causes = [cause for found in causes for cause in found]
    marked = sum(cause is not None for cause in all_causes) / len(all_causes)
    years = sum(any(found[-12:]) for found in causes) / len(causes)
    rules = (f"{all_causes.count(rule) / len(all_causes):.2%}" for rule in RULES)
    usual = kinds.most_common(1)[0][0]
    return f"| {kind} | {usual} | {marked:.1%} | {' | '.join(rules)} | {years:.0%} |"


if __name__ == "__main__":
    main()
