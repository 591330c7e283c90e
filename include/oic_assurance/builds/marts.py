"""Build the marts with dbt in two stages.

The first stage builds all marts except the sealed marts. The second stage builds the sealed marts.
"""

from typing import get_args

import psycopg
from psycopg import sql

from oic_assurance.builds.constraints import load_constraints, store_broken, store_constraints
from oic_assurance.builds.data_tests import SEALED_TAG, load_tests, run_tests
from oic_assurance.builds.dbt import BuildFailed, forget_project, note_described
from oic_assurance.builds.engine import run_models
from oic_assurance.builds.orphans import drop_orphans
from oic_assurance.builds.record import ROLE, Build, Purpose, finish_build
from oic_assurance.builds.required_tests import (
    record_datasets,
    record_required_tests,
    record_tested_tables,
)
from oic_assurance.builds.test_results import blocked_because, store_test_results
from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.limits import end_overdue

CANDIDATES = ("candidate", "candidate_public")
SEALED = f"tag:{SEALED_TAG}"
# A build runs no unit tests: they check the rules, not the data, so they need to run only when
# somebody changes the rules. The data tests run by themselves (`data_tests.py`).
ONLY_MODELS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")


def build_marts(settings: Settings, build: Build) -> None:
    """Build all unsealed marts into an empty candidate, and store dbt's test results.

    Raises:
        GateBlocked: A critical dbt test fails.
        AssuranceError: A model cannot be built.
    """
    _check_purpose(build)
    end_overdue(settings)
    _drop_candidate(settings, build)
    forget_project()
    record_required_tests(settings, build.build_id, build.purpose)
    record_datasets(settings, build.purpose)
    drop_orphans(settings, build)
    _build(settings, build, "marts", ["--exclude", SEALED])


def seal_marts(settings: Settings, build: Build) -> None:
    """Build the marts that show the gate's verdict, after the other marts have been audited.

    Raises:
        GateBlocked: A critical dbt test fails.
        AssuranceError: A model cannot be built.
    """
    _check_purpose(build)
    _build(settings, build, "sealed", ["--select", SEALED])
    note_described(settings, build.purpose)
    finish_build(settings, build)


def drop_schemas(warehouse: psycopg.Connection, prefix: str) -> None:
    """Drop every schema that this role may drop and whose name begins with the prefix.

    The schemas hold personal data, so they must not remain after use.
    """
    if not prefix:
        raise AssertionError("the daily build's schemas have no prefix")
    names = warehouse.execute(
        "select nspname from pg_catalog.pg_namespace where starts_with(nspname, %s)"
        " and pg_has_role(nspowner, 'USAGE')",
        (prefix,),
    ).fetchall()
    for (name,) in names:
        warehouse.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))


def _check_purpose(build: Build) -> None:
    if build.purpose not in get_args(Purpose):
        raise AssuranceError(f"Build {build.build_id}: dbt has no target '{build.purpose}'.")


def _build(settings: Settings, build: Build, stage: str, selection: list[str]) -> None:
    """Build the selected models, then run the data tests that read one of them.

    A model that reads wrong rows may not be buildable. So the tests of the models that were built
    run even then, because a failed test names the table in which something is wrong. A model whose
    rows break one of its constraints is a failed check too.
    """
    is_sealing = stage == "sealed"
    tests = [one for one in load_tests(settings, build.purpose) if one.is_sealed == is_sealing]
    declared = load_constraints(settings, build.purpose)
    constraints = [one for one in declared if one.is_sealed == is_sealing]
    try:
        built = run_models(settings, build.purpose, ["build", *ONLY_MODELS, *selection])
    except BuildFailed as error:
        exist = {node.node.unique_id for node in error.built}
        results = run_tests(settings, [one for one in tests if exist.issuperset(one.parents)])
        with connect(settings, role=ROLE) as warehouse:
            store_broken(
                warehouse, build.build_id, f"postgresql_{stage}", constraints, error.failed
            )
            store_test_results(warehouse, build.build_id, f"dbt_{stage}", results)
        _block(settings, build)
        raise
    results = run_tests(settings, tests)
    # The results and the fingerprints of the tables that they are about are stored in one
    # transaction.
    with connect(settings, role=ROLE) as warehouse:
        record_tested_tables(warehouse, build.build_id, _candidates(build), built)
        store_constraints(warehouse, build.build_id, f"postgresql_{stage}", constraints)
        store_test_results(warehouse, build.build_id, f"dbt_{stage}", results)
    _block(settings, build)


def _block(settings: Settings, build: Build) -> None:
    """Raise an error that says which critical check failed, if any did."""
    with connect(settings, role=ROLE) as warehouse:
        if why := blocked_because(warehouse, build.build_id):
            raise GateBlocked(why)


def _drop_candidate(settings: Settings, build: Build) -> None:
    with connect(settings, role=ROLE) as warehouse:
        for schema in _candidates(build):
            warehouse.execute(
                sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            )


def _candidates(build: Build) -> list[str]:
    return [build.schema_prefix + schema for schema in CANDIDATES]
