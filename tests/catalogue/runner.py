"""Inject a defect into the simulated force, build the damaged tables, and collect failed checks."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from expectations.catalogue import suites_of
from expectations.vocabulary import Stage, Suite
from oic_assurance.builds.compared_with import set_steps_aside
from oic_assurance.builds.dbt import forget_project, run_dbt
from oic_assurance.builds.marts import SEALED
from oic_assurance.builds.record import ROLE, Build
from oic_assurance.builds.test_results import store_test_results
from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.gates.results import save
from oic_assurance.gates.run import GATE_ROLE, run_suites
from oic_assurance.gates.table_names import Places
from oic_assurance.gates.verdict import decide
from oic_assurance.warehouse.connections import connect
from tests.catalogue import deliveries
from tests.catalogue.days import run_days
from tests.catalogue.defect import NOTHING, Defect
from tests.catalogue.findings import Finding, figures, findings, moved, refusals
from tests.catalogue.world import DAY, RUN, World
from tests.databases import administrator

BUILD = ("build", "--exclude-resource-type", "unit_test")
#: The table of figures, and the tables whose rows the figures count. If a source or a file is
#: damaged, only these tables and the models that they need are built and checked.
FIGURES = (
    "assurance_measure", "assurance_position_day", "fct_intelligence_report", "fct_nccu_referral",
    "fct_oic_incident", "fct_plan_strand", "fct_training_requirement",
)  # fmt: skip
#: The tables that the gate uses to compare figures and positions with those published before.
COMPARED = ("compared__figure", "restated__position", "restated__verdict")


@dataclass(frozen=True)
class Result:
    """The result of one defect: the findings, the moved figures, and the duration.

    `moved` is None if the defect was blocked before any figures were computed. For a defect that
    lasts several days, `contradiction` says what happened otherwise than the defect says.
    """

    defect: Defect
    found: tuple[Finding, ...]
    moved: tuple[tuple[str, ...], ...] | None
    seconds: float
    contradiction: str = ""

    @property
    def catcher(self) -> Finding | None:
        """The finding of the check that `caught_by` names, or None if that check did not fail."""
        return next((one for one in self.found if one.check == self.defect.caught_by), None)

    @property
    def is_blocked(self) -> bool:
        """Whether a critical finding blocks the publication, so no reader sees the defect."""
        return any(one.is_critical for one in self.found)

    @property
    def has_a_caveat(self) -> bool:
        """Whether the check that `caught_by` names failed as a warning, so readers see a caveat."""
        return self.catcher is not None and self.catcher.severity == "warning"

    @property
    def is_held(self) -> bool:
        """Whether the build waits for a person, whatever the deployment's settings."""
        return any(one.holds for one in self.found)

    @property
    def moved_positions(self) -> list[str]:
        """The points whose position moved on the damaged day."""
        return [key[1] for key in self.moved or () if key[0] == "position of the day"]

    @property
    def problem(self) -> str:
        """How the result contradicts the catalogue. Empty if it does not.

        The result contradicts the catalogue in five cases:

        - The days of a defect that lasts several days went otherwise than the defect says.
        - A figure that moved would be published without a caveat.
        - A position that moved because of damaged past records would be published without a
          person's approval.
        - The check that `caught_by` names did not fail.
        - A check failed on a defect that no check should catch.
        """
        if self.contradiction:
            return self.contradiction
        seen = "; ".join(f"{one.gate} {one.severity}: {one.check}" for one in self.found[:20])
        if self.moved and not (self.is_blocked or self.has_a_caveat):
            first = ", ".join("/".join(key) for key in self.moved[:3])
            return f"moves {len(self.moved)} ({first}) and is published: {seen or NOTHING}"
        changes_the_past = not self.defect.only_new_records
        if changes_the_past and self.moved_positions and not (self.is_blocked or self.is_held):
            points = ", ".join(self.moved_positions)
            return f"moves the position of {points} and is not held: {seen}"
        if self.defect.caught_by == NOTHING:
            loud = [one for one in self.found if one.severity != "info"]
            return f"is caught, although no check should catch it: {seen}" if loud else ""
        return "" if self.catcher else f"is not caught by its check, but by: {seen or NOTHING}"


def run(world: World, one: Defect) -> Result:
    """Restore the healthy force, inject a defect, and run the stages after the damage.

    Findings that the healthy force has too are left out of the result.
    """
    began = time.monotonic()
    if one.stage == "days":
        found, moved_on_the_day, contradiction = run_days(world, one)
        seconds = time.monotonic() - began
        return Result(one, tuple(found), moved_on_the_day, seconds, contradiction)
    inject = _damage_source if one.stage == "source" else _damage_file
    world.restore("eve")
    forget_project()
    errors = inject(world, one)
    with administrator(world.settings) as warehouse:
        found = [*refusals(warehouse, RUN), *findings(warehouse, world.build().build_id)]
        found = [*errors, *(each for each in found if each not in world.known)]
        found.sort(key=lambda each: ("critical", "warning", "info").index(each.severity))
        moved_figures = None
        # If a dbt test stops the build, the build is incomplete and its figures are not compared.
        if not any(each.gate == "dbt" and each.is_critical for each in found):
            moved_figures = _moved(world, warehouse)
    return Result(one, tuple(found), moved_figures, time.monotonic() - began)


def _moved(world: World, warehouse: psycopg.Connection) -> tuple[tuple[str, ...], ...] | None:
    """Return the keys of the figures that moved, or None if no figures were built."""
    row = warehouse.execute("select to_regclass('candidate.assurance_measure')").fetchone()
    if row is None or row[0] is None:
        return None
    before = {key: one for key, one in world.figures.items() if key[0] != "position"}
    return tuple(moved(before, figures(warehouse, with_position=False)))


def _damage_source(world: World, one: Defect) -> list[Finding]:
    world.execute(one.place, str(one.damage()))
    return _run_the_day(world, one.place)


def _damage_file(world: World, one: Defect) -> list[Finding]:
    damaged = one.damage(deliveries.files(world, one.place))
    assert isinstance(damaged, bytes | dict)
    deliveries.deliver(world, one.place, damaged, DAY)
    return _run_the_day(world, one.place)


def _run_the_day(world: World, place: str) -> list[Finding]:
    """Land the second day, and build and check the tables of figures.

    Stops if the damaged delivery is refused or the gate blocks the build. Returns dbt's errors.
    """
    world.land()
    build = world.build()
    with administrator(world.settings) as warehouse:
        if any(one.is_critical for one in refusals(warehouse, RUN)):
            return []
    # If the landing stage of the gate blocks the build, the defect is caught, and no marts are
    # needed.
    if _audit(world, build, "landing", [s for s in suites_of("landing") if _checks(s, place)]):
        return []
    set_steps_aside(world.settings, build)
    # Checks compare the new figures with those of the last publication. They read the earlier
    # figures from `compared__figure`, so it is built too.
    return _build(world, build, [f"+{table}" for table in (*FIGURES, *COMPARED)])


def _build(world: World, build: Build, selection: Sequence[str]) -> list[Finding]:
    """Build the selected models, and run their dbt tests and the suites of the tables of figures.

    Returns dbt's errors.
    """
    # With "cautious", dbt leaves out tests that also read a model that is not built here.
    selected = ["--indirect-selection", "cautious", "--select", *selection]
    with _errors_of() as errors:
        nodes = run_dbt(world.settings, build.purpose, [*BUILD, *selected, "--exclude", SEALED])
        with connect(world.settings, role=ROLE) as warehouse:
            store_test_results(warehouse, build.build_id, "dbt_marts", nodes)
        if not any(node.blocks for node in nodes):
            of_figures = [
                suite
                for suite in suites_of("marts")
                if suite.schema == "candidate" and suite.table in FIGURES
            ]
            _audit(world, build, "marts", of_figures)
    return errors


def _checks(suite: Suite, place: str) -> bool:
    """Return whether a suite checks a table of the source system or dataset `place`."""
    return suite.dataset == place or suite.dataset.startswith(f"{place}/")


def _audit(world: World, build: Build, stage: Stage, suites: Sequence[Suite]) -> bool:
    """Run a stage's suites and save their results. Return whether the results block the build."""
    outcomes = run_suites(world.settings, suites, Places(build))
    verdict = decide(stage, suites, outcomes)
    with connect(world.settings, role=GATE_ROLE) as warehouse:
        save(warehouse, build, verdict, outcomes, {})
    return verdict.blocks


@contextmanager
def _errors_of() -> Iterator[list[Finding]]:
    """Yield an empty list, and add dbt's error to it if an `AssuranceError` ends the block.

    The gate's failed checks are stored in the database, where `findings` reads them.
    """
    errors: list[Finding] = []
    try:
        yield errors
    except AssuranceError as error:
        if not isinstance(error, GateBlocked):
            name, _, message = error.message.partition(":")
            errors.append(Finding("dbt", "critical", name, message.strip()))
