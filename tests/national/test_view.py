"""A national view of one day, on which all forces report.

Its marts equal an own computation in plain Python, the dashboards and the pack can be made from
them, and the public table gives away nothing that a force withholds.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from oic_assurance.reporting.dashboards.datasets import Dataset, datasets
from oic_assurance.reporting.national.make import make_national_pack
from oic_assurance.warehouse.connections import url
from tests.browser import axe
from tests.conftest import PROJECT_ROOT
from tests.databases import Prepared
from tests.mutants.units import run_unit_tests
from tests.national.funnels import Dispersion, dispersion, exact_limits, limits, reading
from tests.national.made_up import POINTS, Force
from tests.national.test_public import K, shown_to_the_public
from tests.national.test_rules import rules
from tests.national.world import DAY, MIDLANDS, NationalWorld, made_up, national_world

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright.
    from playwright.sync_api import Browser

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "national" / "national_force.csv"
FEWEST = 4
#: A limit has six decimal places.
HALF_A_PLACE = 0.501e-6
FUNNELS = ("NCCU_INTEL", "HYDRA", "ELEARNING")
RESTATED = (8, "hydra_completion", DAY.replace(month=1, day=1), 3, "LATE_RECORD", 0.5, 0.75)
RELEASING = MIDLANDS[:6]


@dataclass(frozen=True)
class View:
    """The view, the forces of each group, and the figures of each force by point."""

    world: NationalWorld
    groups: dict[str, list[str]]
    figures: dict[str, dict[str, tuple[int, int]]]


@pytest.fixture(scope="module")
def view(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
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
    released: dict[str, tuple[int, int] | None] = dict.fromkeys(RELEASING, (40, 60))
    # One force withholds its figure, and one is poisoned with a small number.
    released |= {RELEASING[4]: None, RELEASING[5]: (58, 60)}
    with national_world(prepared, tmp_path_factory.mktemp("view")) as world:
        for code, made in figures.items():
            of_hydra = {"HYDRA": released[code]} if code in released else {}
            force: Force = made_up(code, made, released=of_hydra)
            if code == MIDLANDS[0]:
                force.restatements.append(RESTATED)
            world.export(force)
        world.run()
        yield View(world, groups, figures)


def test_every_figure_of_the_comparison(view: View) -> None:
    world, groups, figures = view.world, view.groups, view.figures
    shown = {
        (r["reporting_force_code"], r["point_code"]): r
        for r in world.mart("national_funnel")
        if r["point_code"] in FUNNELS
    }
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


@pytest.mark.parametrize(
    "dataset", datasets(PROJECT_ROOT, "national").values(), ids=lambda d: d.name
)
def test_a_dataset_has_the_described_columns_and_types(view: View, dataset: Dataset) -> None:
    described = {c.name: c.type for c in dataset.columns.values() if c.computed is None}
    with psycopg.connect(url(view.world.settings, "bi"), row_factory=dict_row) as reader:
        cursor = reader.execute(dataset.sql.encode())
        found = {
            column.name: reader.execute(
                "select format_type(%s, null)", (column.type_code,)
            ).fetchone()
            for column in cursor.description or ()
        }
    assert {name: (row or {})["format_type"] for name, row in found.items()} == described
    assert cursor.rowcount > 0


def test_the_pack_shows_the_restated_figure_and_the_readings(view: View) -> None:
    pack = make_national_pack(view.world.settings)
    page = Path(pack.page).read_text(encoding="utf-8")

    assert "Hydra completed" in page
    assert "Late records" in page
    assert "9 forces around" in page
    assert pack.paper.read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_the_pack_is_accessible(view: View, browser: "Browser") -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(Path(make_national_pack(view.world.settings).page).as_uri())
    assert axe.problems(page) == []


def test_a_total_is_of_what_is_shown_so_nothing_is_left_to_subtract(view: View) -> None:
    shown = shown_to_the_public(view.world, "HYDRA")
    assert {shown[code]["why_withheld"] for code in RELEASING[4:]} == {"WITHHELD"}
    for area in ("MIDLANDS", "K04000001"):
        total = shown[area]
        parts = [row for code, row in shown.items() if code in RELEASING and not row["is_withheld"]]
        assert total["numerator"] - sum(row["numerator"] for row in parts) == 0
        assert total["denominator"] - sum(row["denominator"] for row in parts) == 0
        assert total["forces_shown"] == 4
    for row in shown.values():
        for number in (row["numerator"], row["denominator"]):
            assert number is None or number >= K


def test_every_unit_test_of_the_national_models_passes(view: View) -> None:
    nodes = run_unit_tests(view.world.settings, "test_type:unit")

    assert {rule["name"] for rule in rules()} <= {node.name for node in nodes}
    assert [node.name for node in nodes if not node.succeeded] == []


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
