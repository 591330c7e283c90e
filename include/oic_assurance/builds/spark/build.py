"""Build models on Spark, and load what was built into the warehouse.

A build on Spark has four steps:

1. dbt makes each table in PostgreSQL without rows, and the seeds and views as always. So the tables
   have the columns, types, constraints and privileges that they have without Spark.
2. What the models read, and no model of this build makes, is written to Parquet at one moment.
3. dbt runs the models on Spark.
4. The rows are loaded into the empty tables. PostgreSQL checks the constraints.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from oic_assurance.builds.dbt import (
    MODEL,
    ROLE,
    WITHOUT_ROWS,
    BuildFailed,
    Node,
    project_manifest,
    run_dbt,
)
from oic_assurance.builds.record import Purpose, schema_prefix
from oic_assurance.builds.spark.exporting import Place, export
from oic_assurance.builds.spark.folder import Folder, build_folder
from oic_assurance.builds.spark.loading import load
from oic_assurance.builds.spark.queries import cut_large_queries
from oic_assurance.builds.spark.reasons import said_by_spark
from oic_assurance.builds.spark.session import spark_session
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, reason

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: The targets of dbt that build on Spark, by the purpose of the build.
TARGETS = {
    "daily": "spark",
    "deadline": "spark_deadline",
    "reproduce": "spark_reproduce",
    "restate": "spark_restate",
}
#: The macro by which a model reads a mart of the compared publication.
COMPARED_MART = "macro.oic_assurance.compared_mart"
COMPARED = ("compared_with", "compared_with_old_rules")


def build_on_spark(settings: Settings, purpose: Purpose, arguments: Sequence[str]) -> list[Node]:
    """Run a dbt command that builds models, and let Spark compute the rows.

    Returns the result of each node, as the command on PostgreSQL returns it.

    Raises:
        BuildFailed: A model cannot be built, or its rows break a constraint.
        AssuranceError: Spark cannot be used, or the project cannot be read.
    """
    built = run_dbt(settings, purpose, arguments, environment={WITHOUT_ROWS: "yes"})
    models = [node for node in built if node.kind == MODEL and node.succeeded]
    tables = [node for node in models if node.node.config.materialized == "table"]
    if not tables:
        return built
    with build_folder(settings) as folder:
        places, compared = _read_by(settings, purpose, models)
        exported = export(settings, places, compared, folder)
        with spark_session(settings, folder) as session:
            register(session, exported, folder)
            done, failed = _run(settings, purpose, models)
        failed += _load(settings, tables, done, folder)
    if failed:
        exist = done - {node.name for node in failed}
        raise BuildFailed(
            failed, [node for node in built if node.name in exist or node.kind != MODEL]
        )
    return built


def _read_by(
    settings: Settings, purpose: Purpose, models: Iterable[Node]
) -> tuple[set[Place], list[str]]:
    """Return what the models read and do not make, and the schemas of what may not exist.

    The second are those from which a model reads if there is a publication to compare with.
    """
    project = project_manifest(settings, purpose)
    made = {node.node.unique_id for node in models}
    places: set[Place] = set()
    macros: set[str] = set()
    for model in models:
        macros.update(model.node.depends_on.macros)
        places.update(
            place_of(project, parent) for parent in set(model.node.depends_on.nodes) - made
        )
    compared = [f"{schema_prefix(purpose)}{schema}" for schema in COMPARED]
    if COMPARED_MART in macros:
        places |= _compared_marts(settings, purpose, models)
    return places, compared


def place_of(project: "Manifest", node_id: str) -> Place:
    """Return the schema and name of a source, model or seed in PostgreSQL."""
    found: Any = project.sources.get(node_id) or project.nodes[node_id]
    return found.schema, getattr(found, "alias", None) or found.identifier


def _compared_marts(settings: Settings, purpose: Purpose, models: Iterable[Node]) -> set[Place]:
    """Return the tables of the compared publication that models read through `compared_mart`."""
    text = [node.node.raw_code for node in models if COMPARED_MART in node.node.depends_on.macros]
    with connect(settings, role=ROLE) as warehouse:
        tables = warehouse.execute(
            """
            select tablename
            from pg_catalog.pg_tables
            where schemaname = 'generation' and split_part(tablename, '__', 2) = (
                select compared_with::text
                from audit.build
                where schema_prefix = %s
                order by build_id desc
                limit 1
            )
            """,
            (schema_prefix(purpose),),
        ).fetchall()
    return {
        ("generation", name)
        for (name,) in tables
        if any(f'"{name.rpartition("__")[0]}"' in one for one in text)
    }


def register(session: Any, places: Iterable[Place], folder: Folder) -> None:
    """Let Spark know the exported relations under the names that they have in PostgreSQL."""
    for schema, name in places:
        session.sql(f"create schema if not exists `{schema}`")
        location = f"{folder.url}/{folder.exported(schema, name)}"
        session.sql(f"create table `{schema}`.`{name}` using parquet location '{location}'")


def _run(
    settings: Settings, purpose: Purpose, models: Sequence[Node]
) -> tuple[set[str], list[Node]]:
    """Build the models on Spark. Return the names of the models built, and those that failed."""
    names = [node.name for node in models]
    cut_large_queries()
    try:
        done = run_dbt(settings, TARGETS[purpose], ["run", "--select", *names])
    except BuildFailed as error:
        return {node.name for node in error.built}, [
            replace(node, message=said_by_spark(node.message)) for node in error.failed
        ]
    return {node.name for node in done}, []


def _load(settings: Settings, tables: Iterable[Node], done: set[str], folder: Folder) -> list[Node]:
    """Load the tables that Spark has built, and return those whose rows break a constraint."""
    failed: list[Node] = []
    with connect(settings, role=ROLE, autocommit=True) as warehouse:
        warehouse.execute("set synchronous_commit = off")
        for table in tables:
            if table.name not in done:
                continue
            try:
                load(warehouse, (table.node.schema, table.node.alias), folder)
            except psycopg.OperationalError:
                raise  # The server is at fault, not the rows. The stage can be repeated.
            except psycopg.Error as error:
                failed.append(replace(table, status="error", message=reason(error)))
    return failed
