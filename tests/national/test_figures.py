"""The marts of the national view against an own computation in plain Python."""

import csv
import random
from collections import defaultdict
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from tests.conftest import PROJECT_ROOT
from tests.national.funnels import Dispersion, dispersion, exact_limits, limits, reading
from tests.national.made_up import POINTS
from tests.national.world import NationalWorld, made_up

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "national" / "national_force.csv"
FEWEST = 4
#: A limit has six decimal places.
HALF_A_PLACE = 0.501e-6
FUNNELS = ("NCCU_INTEL", "HYDRA", "ELEARNING")


def test_every_figure_of_the_comparison(world: NationalWorld) -> None:
    """All forces, with figures that chance explains at one point and does not at another."""
    chance = random.Random(5)
    groups: dict[str, list[str]] = defaultdict(list)
    figures: dict[str, dict[str, tuple[int, int]]] = {}
    with SEED.open(encoding="utf-8", newline="") as seed:
        for row in csv.DictReader(seed):
            groups[row["comparison_group"]].append(row["force_code"])
            figures[row["force_code"]] = _figures(chance)
    figures["E23000003"]["HYDRA"] = (0, 0)
    figures["E23000005"]["NCCU_INTEL"] = (200, 300)
    for code in groups["WALES"]:
        figures[code]["HYDRA"] = (50, 50)
    for code, made in figures.items():
        world.export(made_up(code, made))

    world.run()

    shown = {(r["reporting_force_code"], r["point_code"]): r for r in world.mart("national_funnel")}
    assert set(shown) == {(code, point) for code in figures for point in FUNNELS}
    edges = {
        (r["comparison_group"], r["point_code"], r["denominator"]): r
        for r in world.mart("national_funnel_limit")
    }
    found = {(r["comparison_group"], r["point_code"]): r for r in world.mart("national_group")}
    spreads = {point: dispersion(_compared(point, groups, figures)) for point in FUNNELS}
    assert spreads["NCCU_INTEL"].widened_by == 1.0
    assert spreads["HYDRA"].widened_by > 1.0
    for point, (group, codes) in product(FUNNELS, groups.items()):
        _check_group(found[(group, point)], [figures[code][point] for code in codes])
        assert found[(group, point)]["phi"] == pytest.approx(spreads[point].phi, rel=1e-9)
        compared = _compared(point, groups, figures)
        if group in compared:
            centre = Fraction(
                sum(n for n, _ in compared[group]), sum(d for _, d in compared[group])
            )
            assert found[(group, point)]["centre"] == pytest.approx(float(centre), abs=1e-12)
            for code in codes:
                row = shown[(code, point)]
                _check_force(row, figures[code][point], centre, spreads[point])
                edge = edges.get((group, point, row["denominator"]))
                assert edge is None or edge["lower_95"] == row["lower_95"]
        else:
            assert found[(group, point)]["centre"] is None
            assert {shown[(code, point)]["reading"] for code in codes} == {"NOT_COMPARED"}
    readings = {row["reading"] for row in shown.values()}
    assert readings >= {"WITHIN", "ABOVE_95", "BELOW_998", "NOT_COMPARED"}
    assert {r["why_not_compared"] for r in shown.values()} == {
        None,
        "NO_CASES",
        "NO_VARIATION",
        "TOO_FEW_FORCES",
    }


def _check_group(row: dict[str, Any], numbers: list[tuple[int, int]]) -> None:
    """Check what the forces of a group have together."""
    assert row["numerator"] == sum(n for n, _ in numbers)
    assert row["denominator"] == sum(d for _, d in numbers)
    assert row["forces"] == sum(d > 0 for _, d in numbers)
    assert row["forces_in_group"] == len(numbers)


def _check_force(
    row: dict[str, Any], figure: tuple[int, int], centre: Fraction, spread: Dispersion
) -> None:
    """Check the limits and the reading of one force."""
    numerator, cases = figure
    if not cases:
        assert row["why_not_compared"] == "NO_CASES"
        return
    expected = limits(cases, centre, spread)
    for name, limit in expected.items():
        reach = HALF_A_PLACE * spread.widened_by
        assert row[name] == pytest.approx(limit, abs=reach), (row["reporting_force_code"], name)
    for name, limit in exact_limits(cases, centre).items():
        assert row[f"exact_{name}"] == pytest.approx(limit, abs=HALF_A_PLACE)
    assert row["reading"] == reading(numerator / cases, expected)


def _figures(chance: random.Random) -> dict[str, tuple[int, int]]:
    cases = {point: chance.randint(20, 400) for point in POINTS}
    shares = {"NCCU_INTEL": 0.8, "HYDRA": chance.uniform(0.6, 0.95), "ELEARNING": 0.97}
    made = {
        point: (sum(chance.random() < share for _ in range(cases[point])), cases[point])
        for point, share in shares.items()
    }
    return made | {"INTEL_PLAN": (chance.randint(0, 3), 3)}


def _compared(
    point: str,
    groups: dict[str, list[str]],
    figures: dict[str, dict[str, tuple[int, int]]],
) -> dict[str, list[tuple[int, int]]]:
    """Return the figures of the groups that have a centre."""
    found = {}
    for group, codes in groups.items():
        numbers = [figures[code][point] for code in codes if figures[code][point][1]]
        total = sum(d for _, d in numbers)
        if len(numbers) >= FEWEST and 0 < sum(n for n, _ in numbers) < total:
            found[group] = numbers
    return found
