"""The last check before a release agrees with the rule, and finds figures that break the rule."""

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from oic_assurance.publishing.released_figures import Figure, contradictions
from tests.oracle import disclosure as oracle

K = 5
UNITS = ("D1", "D2", "REST")
numbers = st.tuples(st.integers(0, 30), st.integers(0, 12))
months_of_units = st.lists(
    st.fixed_dictionaries(dict.fromkeys(UNITS, numbers)), min_size=1, max_size=5
)
histories = st.lists(months_of_units, min_size=1, max_size=5).map(
    lambda history: sorted(history, key=len)
)


def figures(shown: dict[oracle.Period, dict[str, oracle.Figure]], counted_as: str) -> list[Figure]:
    """Return the figures of one of the oracle's releases."""
    return [
        Figure("F", "m", counted_as, f"2025-{first + 1:02}-01", f"2025-{last + 1:02}-28", unit,
               *numbers, None)
        for (first, last), units in shown.items()
        for unit, numbers in units.items()
    ]  # fmt: skip


def added(released: list[Figure], shown: list[Figure], release_id: int) -> list[Figure]:
    """Return all recorded figures after a release.

    The release adds the figures of each period for which the total of the force is new.
    """
    latest = {f.period: f.numbers for f in released if f.org_unit_code == "ALL"}
    new = {
        f.period for f in shown if f.org_unit_code == "ALL" and latest.get(f.period) != f.numbers
    }
    return [*released, *(replace(f, release_id=release_id) for f in shown if f.period in new)]


NOBODY = dict.fromkeys(UNITS, (0, 0))


# Units are compared with the last month end that shows units. For the force, another one is later.
@example([[NOBODY | {"REST": (0, 5)}], [NOBODY] * 4 + [NOBODY | {"D2": (0, 6)}]], "people")
@given(histories, st.sampled_from(["events", "people"]))
def test_releases_by_the_rule_pass(
    history: list[list[dict[str, oracle.Figure]]], counted_as: str
) -> None:
    releases, released = oracle.Releases(K), list[Figure]()
    for number, months in enumerate(history):
        release = releases.release_people if counted_as == "people" else releases.release_events
        shown = figures(release(months), counted_as)
        assert contradictions(shown, released, K) == []
        released = added(released, shown, number)


@given(histories, st.integers(0, 100), st.integers(1, K - 1), st.sampled_from([-1, 1]))
def test_a_figure_that_moves_by_a_small_number_is_found(
    history: list[list[dict[str, oracle.Figure]]], which: int, step: int, sign: int
) -> None:
    """A released total of the force is shown again, with one number changed by less than k."""
    releases, released = oracle.Releases(K), list[Figure]()
    shown: list[Figure] = []
    for number, months in enumerate(history):
        shown = figures(releases.release_events(months), "events")
        released = added(released, shown, number)
    totals = [f for f in shown if f.org_unit_code == "ALL"]
    if not totals:
        return
    one = totals[which % len(totals)]
    moved = replace(one, numerator=one.numerator + sign * step)
    earlier = {f.numbers for f in released if f.period == one.period and f.org_unit_code == "ALL"}
    if moved.numerator >= 0 and moved.numbers not in earlier:
        assert contradictions([moved], released, K)
