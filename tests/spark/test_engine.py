"""Spark on a cluster computes what PostgreSQL computes, for each purpose of a build."""

import stat
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from oic_assurance.builds import engine
from oic_assurance.builds.data_tests import load_tests, run_tests
from oic_assurance.builds.dbt import forget_project, project_manifest
from oic_assurance.builds.deadline import freeze_deadlines
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.recompute import recompute_schemas
from oic_assurance.builds.record import ROLE, get_build, load_build
from oic_assurance.builds.spark import build as spark_build
from oic_assurance.builds.spark.build import TARGETS, register
from oic_assurance.builds.spark.exporting import export
from oic_assurance.builds.spark.folder import Folder, build_folder
from oic_assurance.builds.spark.loading import load
from oic_assurance.builds.spark.session import spark_session
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.reproduce import compute_again, reproduce
from oic_assurance.settings import POSTGRES, Settings
from oic_assurance.warehouse.connections import connect
from tests.databases import administrator
from tests.integration.builds.restated_world import TwoPublications, at
from tests.spark.cluster import Cluster
from tests.spark.relations import Relations, differences, relations_of

pytestmark = pytest.mark.slow

#: Fewer relations than this would mean that a part of the project was not built.
FEWEST = 190


@dataclass(frozen=True)
class Computed:
    """What each engine makes of the second publication, computed again."""

    by_postgres: Relations
    by_spark: Relations
    #: How many constraints of each kind the tables have into which Spark's rows were loaded.
    constraints: dict[str, int]
    #: How many rows fail each data test, by its name, if rows are spoiled.
    failing_by_postgres: dict[str, int]
    failing_by_spark: dict[str, int]


@pytest.fixture(scope="module")
def computed(pair: TwoPublications, on_spark: Settings) -> Computed:
    settings = pair.world.settings
    with connect(settings, role=ROLE) as warehouse:
        original = get_build(warehouse, pair.second)
    with recompute_schemas(settings) as prefix:
        compute_again(settings, original)
        by_postgres = relations_of(settings, prefix)
        with connect(settings, role=ROLE) as warehouse:
            drop_schemas(warehouse, prefix)
        compute_again(on_spark, original)
        by_spark = relations_of(settings, prefix)
        constraints = _constraints(settings, f"{prefix}candidate")
        with administrator(settings) as connection:
            for (schema, name), (columns, rows) in by_spark.items():
                if schema == "intermediate" and rows:
                    _spoil(connection, f"{prefix}{schema}", name, columns)
        tests = load_tests(settings, "reproduce")
        failing = {node.name: node.failures for node in run_tests(settings, tests)}
        return Computed(by_postgres, by_spark, constraints, failing, _run_on_spark(on_spark))


def test_every_relation_is_equal(computed: Computed) -> None:
    assert len(computed.by_postgres) >= FEWEST
    assert differences(computed.by_postgres, computed.by_spark) == []


def test_every_table_has_the_constraints_of_its_contract(computed: Computed) -> None:
    """The tables are PostgreSQL's own, so what the contract of the marts promises holds."""
    assert computed.constraints["p"] > 20
    assert computed.constraints["f"] > 20


def test_data_tests_find_the_same_rows(computed: Computed) -> None:
    """Also if there is something to find: here, rows that occur twice or have lost a value."""
    assert sum(failing > 0 for failing in computed.failing_by_postgres.values()) > 50
    assert computed.failing_by_spark == computed.failing_by_postgres


def _constraints(settings: Settings, schema: str) -> dict[str, int]:
    with administrator(settings) as connection:
        found: dict[str, int] = dict(
            connection.execute(
                """
                select contype::text, count(*)
                from pg_catalog.pg_constraint
                where connamespace = %s::regnamespace
                group by contype
                """,
                (schema,),
            ).fetchall()
        )
    return found


def _spoil(connection: psycopg.Connection, schema: str, name: str, columns: list[str]) -> None:
    """Let two rows of a table occur twice. In one of the copies, every second value is missing."""
    kind = connection.execute(
        "select relkind = 'r' from pg_catalog.pg_class where oid = to_regclass(%s)",
        (sql.Identifier(schema, name).as_string(connection),),
    ).fetchone()
    if kind != (True,):
        return
    place = sql.Identifier(schema, name)
    names = list(map(sql.Identifier, columns))
    connection.execute(
        sql.SQL("insert into {0} ({1}) select {1} from {0} limit 1").format(
            place, sql.SQL(", ").join(names)
        )
    )
    connection.execute(
        sql.SQL("insert into {0} ({1}) select {1} from {0} limit 1").format(
            place, sql.SQL(", ").join(names[::2])
        )
    )


def _run_on_spark(settings: Settings) -> dict[str, int]:
    """Run every data test on Spark, on the rows that are in the warehouse now."""
    tests = load_tests(settings, TARGETS["reproduce"])
    project = project_manifest(settings, "reproduce")
    parents = {parent for test in tests for parent in test.parents}
    places = {spark_build.place_of(project, parent) for parent in parents}
    with build_folder(settings) as folder:
        exported = export(settings, places, (), folder)
        with spark_session(settings, folder) as session:
            register(session, exported, folder)
            return {
                test.node.name: session.sql(f"select count(*) from ({test.query})").first()[0]
                for test in tests
            }


def test_a_publication_that_spark_has_computed_is_reproduced_by_postgresql(
    pair: TwoPublications, on_spark: Settings
) -> None:
    """A run on Spark after two rules were changed, with a deadline that has passed since.

    So the run computes for the purposes `deadline`, `restate` and `daily`.
    """
    world = pair.world
    world.with_policy(pair.folder, "policy_threshold", "timely_hours,48,2020-01-01,,The Board")
    rules = world.with_policy(
        pair.folder, "policy_absence", "LONG_TERM_SICK,2020-01-01,2020-01-31,The Board"
    )
    _let_the_register_be_known_at_the_deadline(world.settings)
    with pytest.MonkeyPatch.context() as patch:
        seen = _watch(patch)
        third = world.publish(
            "2026-04-12T05:30", replace(on_spark, project_root=rules.project_root)
        )
    assert seen == {
        ("deadline", 0o700), ("restate", 0o700), ("daily", 0o700),
    }  # fmt: skip
    assert not [*Path(on_spark.home, "spark").glob("build-*")]
    causes = {row["cause"] for rows in world.restated(third).values() for row in rows}
    assert causes == {"RULE_CHANGE"}

    done = reproduce(rules, third)
    assert done.is_equal, done.tables
    # Another engine is no reason for a restatement.
    assert world.restated(world.publish("2026-04-13T05:30", rules)) == {}

    frozen = world.ask("select * from audit.deadline_position")
    with administrator(world.settings) as connection:
        connection.execute("delete from audit.deadline_position")
    assert freeze_deadlines(rules, load_build(rules, third)) == ["INTEL_PLAN"]
    columns = ("point_code", "as_at", "value", "numerator", "denominator", "status")
    again = world.ask("select * from audit.deadline_position")
    assert [[row[name] for name in columns] for row in again] == [
        [row[name] for name in columns] for row in frozen
    ]


def _let_the_register_be_known_at_the_deadline(settings: Settings) -> None:
    moment = at("2025-12-31T05:30")
    with administrator(settings) as connection:
        connection.execute(
            "update audit.batch set landed_at = %s where batch_id = "
            "(select min(batch_id) from audit.batch where dataset = 'governance/plans')",
            (moment,),
        )


def _watch(patch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """Note for which purposes Spark builds, and who can read the folder with the rows then."""
    seen: set[tuple[str, int]] = set()
    original = export

    def watched(*arguments: object) -> object:
        *_, folder = arguments
        assert isinstance(folder, Folder)
        seen.add((purposes[-1], stat.S_IMODE(Path(folder.path).stat().st_mode)))
        return original(*arguments)  # type: ignore[arg-type]

    purposes: list[str] = []
    build = spark_build.build_on_spark

    def named(settings: Settings, purpose: str, arguments: list[str]) -> object:
        purposes.append(purpose)
        return build(settings, purpose, arguments)  # type: ignore[arg-type]

    patch.setattr(spark_build, "export", watched)
    patch.setattr(spark_build, "build_on_spark", named)
    return seen


def test_rows_that_break_a_constraint_stop_the_build(
    pair: TwoPublications, on_spark: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = load

    def twice(warehouse: psycopg.Connection, place: tuple[str, str], folder: Folder) -> int:
        loaded = original(warehouse, place, folder)
        return original(warehouse, place, folder) if place[1] == "dim_measure" else loaded

    monkeypatch.setattr(spark_build, "load", twice)
    selection = ["run", "--select", "+dim_measure"]
    forget_project()
    with pytest.raises(AssuranceError, match="model dim_measure: duplicate key value"):
        engine.run_models(on_spark, "daily", selection)


def test_a_master_that_cannot_be_reached_is_named(on_spark: Settings, cluster: Cluster) -> None:
    nowhere = replace(on_spark, spark_master="spark://127.0.0.1:9")
    assert cluster.url != nowhere.spark_master
    with (
        pytest.raises(AssuranceError, match=r"Spark does not start on spark://127\.0\.0\.1:9: see"),
        build_folder(nowhere) as folder,
        spark_session(nowhere, folder),
    ):
        pass


def test_postgresql_is_the_engine_unless_another_is_chosen(pair: TwoPublications) -> None:
    assert pair.world.settings.engine == POSTGRES
