"""Test that there are enough defects, that each is caught, and that clean days raise no alarm."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from expectations.catalogue import suites_of
from oic_assurance.builds.dbt import PROJECT as DBT
from oic_assurance.builds.record import Build
from oic_assurance.gates.run import run_suites
from oic_assurance.gates.table_names import Places
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.migrate import migrate
from tests.catalogue.defect import NOTHING, Defect, Edit, catalogue
from tests.catalogue.findings import Figure, Figures, moved
from tests.crash.world import PROJECT, environment_of_tests
from tests.databases import temporary_warehouse
from tests.integration.gates.world import make_world

#: Defects of marts that can be tested on the small simulated force of `tests/integration/gates`.
QUICK = (
    "records_lost", "percentages_for_shares", "minutes_for_hours", "missing_set_to_in_time",
    "plans_met_without_an_owner", "days_for_hours_in_the_measure", "nulls_as_zero",
    "training_complete_without_a_date",
)  # fmt: skip
SMALL, DAMAGED = "warehouse_catalogue", "warehouse_damaged"


def test_there_are_enough_defects_of_each_stage_and_each_is_described() -> None:
    defects = catalogue()
    stages = Counter(one.stage for one in defects)

    assert len(defects) >= 150
    assert stages["source"] + stages["file"] >= 80
    assert stages["days"] >= 6
    assert stages["model"] >= 25
    assert stages["mart"] >= 25
    for one in defects:
        assert one.description.endswith("."), one.name
        assert one.caught_by == NOTHING or len(one.caught_by.split()) >= 1, one.name


@pytest.mark.parametrize(
    "one", [one for one in catalogue() if one.stage == "model"], ids=lambda one: one.name
)
def test_the_place_that_a_model_defect_changes_occurs_once(one: Defect) -> None:
    edit = one.damage()

    assert isinstance(edit, Edit)
    assert (PROJECT / DBT / edit.path).read_text(encoding="utf-8").count(edit.old) == 1
    assert edit.old != edit.new


def test_a_figure_has_moved_if_it_left_its_interval_disappeared_or_is_new() -> None:
    half, nothing = Figure(0.5, 0.4, 0.6), Figure(None, None, None)
    before: Figures = {
        ("within",): half,
        ("beyond",): half,
        ("gone",): half,
        ("hours",): Figure(20.0, None, None),
        ("nothing",): nothing,
    }
    after: Figures = {
        ("within",): Figure(0.6, 0, 1),
        ("beyond",): Figure(0.61, 0, 1),
        ("new",): half,
        ("hours",): Figure(26.0, None, None),
        ("nothing",): nothing,
    }

    assert moved(before, after) == [("beyond",), ("gone",), ("hours",), ("new",)]
    assert moved(before, before) == []


@pytest.fixture(scope="module")
def small_force(home: Path) -> Iterator[Build]:
    """A build of a small simulated force. Each defect damages a copy of its database."""
    settings = load_settings()
    with temporary_warehouse(SMALL):
        migrate(settings)
        yield make_world(settings)


@pytest.mark.parametrize("name", QUICK)
def test_a_damaged_mart_is_caught_by_the_check_in_the_catalogue(
    small_force: Build, name: str
) -> None:
    settings = load_settings()
    (one,) = [one for one in catalogue() if one.name == name]
    suites = [suite for suite in suites_of("marts") if one.caught_by.startswith(f"{suite.name} ")]
    with temporary_warehouse(DAMAGED, template=SMALL):
        with psycopg.connect(admin_url(settings, DAMAGED), autocommit=True) as admin:
            admin.execute(str(one.damage()).encode())
        outcomes = run_suites(settings, suites, Places(small_force))

    failed = {
        f"{outcome.suite.name} {outcome.expectation.name}": outcome.expectation.severity
        for outcome in outcomes
        if not outcome.success
    }
    assert failed.get(one.caught_by) == "critical"


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--clean", "60"]], ids=["defects", "clean days"])
def test_every_defect_is_caught_and_sixty_clean_days_raise_no_alarm(options: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.catalogue", *options],
        cwd=PROJECT,
        env=environment_of_tests(),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
