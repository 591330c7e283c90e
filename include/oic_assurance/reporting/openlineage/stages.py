"""What each stage of a run reads and writes, from the record of the warehouse."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import sql

from oic_assurance.builds.listeners import Stage
from oic_assurance.builds.record import ROLE
from oic_assurance.publishing.publication import find_current
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.reporting.openlineage.datasets import (
    assertion,
    plain_table,
    published_table,
    raw_table,
    source_dataset,
)
from oic_assurance.reporting.openlineage.events import (
    JobRun,
    Tables,
    ended,
    part_of,
    started,
)
from oic_assurance.reporting.openlineage.models import latest_project
from oic_assurance.reporting.openlineage.names import Places
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import fetch_one

#: A publication's tables: as dbt built them, as they are kept, and as readers see them.
_Form = Literal["candidate", "kept", "shown"]
_PSEUDONYMS = "The pseudonym of each officer's number. Only the pipeline's stages may read it."
_BATCHES = """
select
    coalesce(array_agg(batch_id) filter (where status = 'landed'), '{}'),
    coalesce(sum(row_count), 0)::bigint,
    coalesce(sum(rows_rejected), 0)::bigint,
    count(*) filter (where status = 'refused')
from audit.batch
where run_id = %s and dataset = %s and force_code = %s
"""
_CHECKS = """
select suite, dataset, expectation, success, severity, description, column_name, unexpected
from audit.latest_expectation_result
where build_id = %s and stage = %s and (%s::text[] is null or suite = any(%s))
order by suite, dataset, expectation
"""
_ROWS = """
select schema_name, table_name, rows from audit.tested_table where build_id = %(build)s
union
select schema_name, table_name, rows from audit.table_fingerprint where build_id = %(build)s
"""


def found(
    settings: Settings, run_id: str, stage: Stage, one: JobRun, since: datetime, *, failed: bool
) -> tuple[Tables, list[str]]:
    """Return what a stage that has ended has read and written, and the events of its parts.

    `one` is the stage's own job, which has run since the moment `since`.
    """
    name, build_id = stage.name, stage.build_id or 0
    if stage.dataset is not None:
        return _extracted(settings, run_id, stage.dataset, failed=failed), []
    if name == "close_landing":
        return _landing_closed(settings), []
    if name == "publish":
        return Tables(), [] if failed else _published(settings, build_id, one)
    if name.startswith("audit_"):
        return _audited(settings, build_id, name.removeprefix("audit_")), []
    marts = {"build_marts": "marts", "seal_marts": "sealed"}[name]
    return _built(settings, build_id, [f"dbt_{marts}", f"postgresql_{marts}"], one, since)


def _extracted(settings: Settings, run_id: str, dataset: str, *, failed: bool) -> Tables:
    """Return the source dataset, with what was wrong in it, and the raw tables."""
    places, declared = Places(settings), find_dataset(dataset)
    source = source_dataset(places, declared)
    raw = {table: raw_table(places, declared, table) for table in declared.tables}
    if failed:
        return Tables([source.read(in_full=True)], [one.written() for one in raw.values()])
    with connect(settings, role=ROLE) as connection:
        batches, rows, rejected, refused = fetch_one(
            connection.execute(_BATCHES, (run_id, dataset, settings.force_code))
        )
        landed = {table: _landed(connection, declared, table, batches) for table in declared.tables}
    checks = [
        assertion(
            "rows_keep_the_source_contract",
            passed=rejected == 0,
            severity="warning",
            description="No row breaks the source contract. A row that does goes to quarantine.",
            failed_rows=rejected,
        ),
        assertion(
            "deliveries_are_accepted",
            passed=refused == 0,
            severity="warning",
            description="No delivery of this run was refused as a whole.",
        ),
    ]
    return Tables(
        [source.read(rows=rows, checks=checks, in_full=True)],
        [one.written(rows=landed[table]) for table, one in raw.items()],
    )


def _landing_closed(settings: Settings) -> Tables:
    """Return the raw tables whose officers have pseudonyms, and the table of pseudonyms."""
    places = Places(settings)
    inputs = [
        raw_table(places, dataset, table).read()
        for dataset in datasets().values()
        for table in dataset.tables
        if any(column.identifies for column in table.columns)
    ]
    return Tables(
        inputs, [plain_table(places.table("identity", "pseudonym"), _PSEUDONYMS).written()]
    )


def _built(
    settings: Settings, build_id: int, suites: list[str], one: JobRun, since: datetime
) -> tuple[Tables, list[str]]:
    """Return the tables that were tested, and the events of the models that it has built."""
    project = latest_project(settings, Places(settings))
    with connect(settings, role=ROLE) as connection:
        checks = _checks(connection, build_id, "dbt", suites)
        rows = _rows(connection, build_id)
    keys = {name: node["unique_id"] for name, node in project.models.items()}
    by_model: dict[str, list[Any]] = {}
    for (_, name), found in checks.items():
        by_model.setdefault(name, []).extend(found)
    tested = [
        project.table(keys[name]).read(checks=found)
        for name, found in by_model.items()
        if name in keys
    ]
    return Tables(tested), list(project.events(one, since, rows))


def _audited(settings: Settings, build_id: int, stage: str) -> Tables:
    """Return the tables that the gate has checked in a stage, with the result of each check."""
    places = Places(settings)
    raw = {
        (dataset.raw_schema, table.name): raw_table(places, dataset, table)
        for dataset in datasets().values()
        for table in dataset.tables
    }
    with connect(settings, role=ROLE) as connection:
        checks = _checks(connection, build_id, stage)
        rows = _rows(connection, build_id)
    inputs = []
    for (suite, _), found in checks.items():
        schema, _, name = suite.partition(".")
        # The landing may be checked before the first build has compiled the project.
        described = raw.get((schema, name)) or latest_project(settings, places).named(schema, name)
        inputs.append(described.read(rows=rows.get((schema, name)), checks=found))
    return Tables(inputs)


def _published(settings: Settings, build_id: int, one: JobRun) -> list[str]:
    """Return the events of the marts that a publication has made of the candidate's tables.

    After a roll-back, a new publication waits. Then it has written kept tables, and not readers'.
    """
    with connect(settings, role=ROLE) as connection:
        current = find_current(connection)
    is_shown = current is not None and current.publication_id == build_id
    return _moved(settings, build_id, one, "candidate", "shown" if is_shown else "kept")


def shown(settings: Settings, publication_id: int, one: JobRun) -> list[str]:
    """Return the events of readers' tables, which now show the kept tables of a publication."""
    return _moved(settings, publication_id, one, "kept", "shown")


def _moved(
    settings: Settings, publication_id: int, one: JobRun, source: _Form, to: _Form
) -> list[str]:
    """Return the events of a job for each mart, which is made of the table of the same name."""
    places = Places(settings)
    project = latest_project(settings, places)
    with connect(settings, role=ROLE) as connection:
        rows = _rows(connection, publication_id)
    events: list[str] = []
    for schema in PUBLISHED_SCHEMAS:
        for node in project.in_schema(schema.candidate):
            name = node["alias"]
            if (schema.candidate, name) not in rows:
                continue  # An earlier publication did not have this table yet.
            count = rows[schema.candidate, name]
            names = {
                "candidate": (schema.candidate, name),
                "kept": (GENERATION, schema.partition(name, publication_id)),
                "shown": (schema.parents, name),
            }
            read = plain_table(places.table(*names[source]), "").read(rows=count)
            table = published_table(places, node, names[to], names[source])
            tables = Tables([read], [table.written(rows=count, version=str(publication_id))])
            part = part_of(one, f"{one.job}.{schema.parents}.{name}", one.kind)
            events += [started(part), ended(part, tables=tables)]
    return events


def _landed(
    connection: psycopg.Connection, dataset: Dataset, table: Table, batches: Sequence[int]
) -> int:
    """Return how many rows a run has added to a raw table."""
    if not batches:
        return 0
    query = sql.SQL("select count(*) from {} where batch_id = any (%s)")
    place = sql.Identifier(dataset.raw_schema, table.name)
    return int(fetch_one(connection.execute(query.format(place), (list(batches),)))[0])


def _checks(
    connection: psycopg.Connection, build_id: int, stage: str, suites: list[str] | None = None
) -> Mapping[tuple[str, str], list[Any]]:
    """Return the results of a stage's checks, keyed by suite and the name of the dataset."""
    found: dict[tuple[str, str], list[Any]] = {}
    rows: Iterable[Any] = connection.execute(_CHECKS, (build_id, stage, suites, suites))
    for of_suite, dataset, name, passed, severity, description, column, failed_rows in rows:
        found.setdefault((of_suite, dataset or ""), []).append(
            assertion(
                name,
                passed=passed,
                severity=severity,
                description=description,
                column=column,
                failed_rows=failed_rows,
            )
        )
    return found


def _rows(connection: psycopg.Connection, build_id: int) -> dict[tuple[str, str], int]:
    found = connection.execute(_ROWS, {"build": build_id}).fetchall()
    return {(schema, name): rows for schema, name, rows in found}
