"""Fingerprints of raw, audit, identity and marts, to compare with those of an uninterrupted run.

The fingerprints leave out these values, because they differ between two uninterrupted runs or
between a run and its re-run:

- Ids from sequences, because a killed transaction uses ids up. A batch is identified instead by its
  dataset, its place, its kind and a running number among the batches for which these three are the
  same. Raw and quarantine rows identify their batch in the same way.
- The times at which something was done: `landed_at`, `rejected_at`, `logged_at`, `checked_at`,
  `computed_at`, `reconciled_at` and `published_at`.
- The moment of an extraction. It is the `delivered_for` of a database batch, and the version time
  of a raw row if the source gave none.
- In marts: `publication_id`, `build_id`, `checked_at` and `last_landed_at`. In rows about a dataset
  from a database, also `last_record_at` and `due_by`, which depend on the moment of the extraction.
- In the mart `data_quality_history`: the results of builds that were not published. A killed run
  can leave such a build. So the number of this mart's rows is left out as well, in
  `audit.table_fingerprint` and in the results of its checks.
- The run (`run_id`), and the batch id inside `kept_as`.
- The SHA-256 of a database batch, because its rows contain the batch id and the moment of landing.
  The rows themselves are compared in raw.
- Digests over any of these values, in `audit.build` and `audit.table_fingerprint`.
- In the processing log: how often the same operation was recorded, because a repeated stage
  combines data or makes a pack again. Also readers' consultations, because they carry the times in
  the server's log.
- The entry of the processing log that records the erasure of a generation that was attached but
  never shown.

The records of attempts are not compared: the rows of `audit.run` and `audit.extraction`, and builds
that were not published. The module `leftovers` checks these records.
"""

from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql
from psycopg.sql import SQL, Composed, Identifier

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.fingerprint import TableFingerprint, fingerprint_tables

SCHEMA = "evidence"
Evidence = Mapping[str, TableFingerprint]

_MARTS_LEAVE_OUT = ["publication_id", "build_id", "checked_at", "last_landed_at"]
_MARTS_OF_FILES_ONLY = {"last_record_at", "due_by"}

_BATCHES = """
create temporary table batch_name as
select
    batch_id, kind, delivered_for,
    concat_ws(
        ' ', dataset, source_place, kind,
        row_number() over (partition by dataset, source_place, kind order by batch_id)
    ) as batch
from audit.batch
"""

_AUDIT = {
    "batch": """
        select
            n.batch, b.force_code, b.status, b.reason, b.size_bytes, b.modified_at, b.row_count,
            b.rows_new, b.rows_rejected, b.cursor_from, b.cursor_to, b.notes::text,
            regexp_replace(b.kept_as, '[0-9]{8}-', '') as kept_as,
            case when b.kind <> 'database' then b.sha256 end as sha256,
            case when b.kind = 'file' then b.delivered_for end as delivered_for
        from audit.batch as b inner join batch_name as n using (batch_id)
    """,
    "rejected_row": """
        select n.batch, r.dataset, r.table_name, r.row_number, r.row_key, r.reasons::text,
            r.content::text, r.status
        from audit.rejected_row as r inner join batch_name as n using (batch_id)
    """,
    "source_cursor": """
        select force_code, dataset, cursor_at, key_digest, window_digest, declaration
        from audit.source_cursor
    """,
    "processing_log": """
        select
            action, who, to_whom,
            regexp_replace(what, '(batch|publication|build) [0-9]+', '\\1', 'g') as what,
            case when action in ('collection', 'alteration') then count(*) end as times
        from audit.processing_log
        where
            origin = 'program' and (
                action <> 'erasure'
                or substring(what from 'publication ([0-9]+)')::bigint in (
                    select publication_id from marts.publication
                )
            )
        group by 1, 2, 3, 4
    """,
    "pseudonym": "select * from identity.pseudonym",
    "schema_migration": "select number, name, checksum from audit.schema_migration",
}
#: The queries of the tables that depend on publications. The gate's verdicts, the results of checks
#: and the fingerprints are compared only for the current publication.
_PUBLISHED = {
    "gate": """
        select g.stage, g.verdict, g.suites, g.expectations, g.failed
        from audit.gate as g inner join marts.publication as p on g.build_id = p.publication_id
        where p.is_current
    """,
    "expectation_result": """
        select
            r.stage, r.suite, r.dataset, r.dimension, r.expectation, r.column_name, r.description,
            r.severity, r.owner, r.success,
            case when r.suite not like '%.data_quality_history' then r.evaluated end as evaluated,
            r.unexpected, r.exception
        from audit.latest_expectation_result as r
        inner join marts.publication as p on r.build_id = p.publication_id
        where p.is_current
    """,
    "table_fingerprint": """
        select
            f.schema_name, f.table_name,
            case when f.table_name <> 'data_quality_history' then f.rows end as rows
        from audit.table_fingerprint as f
        inner join marts.publication as p on f.build_id = p.publication_id
        where p.is_current
    """,
    "deadline_position": """
        select force_code, point_code, as_at, value, numerator, denominator, status
        from audit.deadline_position
    """,
    "exception_event": """
        select
            force_code, exception_key, as_at, is_open, exception_code, point_code, record_ref,
            org_unit_code, officer_key, opened_at, closed_at, closed_because
        from audit.exception_event
    """,
    "publication": """
        select force_code, as_at, gate_verdict, is_current from marts.publication
    """,
    "publication_move": """
        select from_publication is null as is_first from audit.publication_move
    """,
}


def gather(settings: Settings) -> Evidence:
    """Return the fingerprint of every compared table, keyed by the table's name.

    The module's docstring lists the values that the fingerprints leave out.
    """
    with (
        psycopg.connect(admin_url(settings, "warehouse")) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute(SQL("create schema {}").format(Identifier(SCHEMA)))
        connection.execute(_BATCHES.encode())
        for name, query in _queries(connection):
            connection.execute(SQL("create table {} as {}").format(Identifier(SCHEMA, name), query))
        return fingerprint_tables(connection, SCHEMA, exclude=())


def differences(found: Evidence, expected: Evidence) -> list[str]:
    """Return a line for each table whose fingerprint differs from the expected fingerprint."""
    return [
        f"{name}: {_rows(found.get(name))} instead of {_rows(expected.get(name))}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    ]


def _rows(table: TableFingerprint | None) -> str:
    return f"{table.rows} rows ({table.fingerprint[:8]})" if table else "nothing"


def _queries(connection: psycopg.Connection) -> Iterator[tuple[str, Composed]]:
    for name, text in {**_AUDIT, **_PUBLISHED}.items():
        yield f"audit.{name}", SQL("{}").format(SQL(text))
    for schema, table in _tables(connection, "raw_%"):
        yield f"{schema}.{table}", _raw(connection, schema, table)
    for schema in ("marts", "public_draft"):
        for _, table in _tables(connection, schema):
            if table != "publication":
                yield f"{schema}.{table}", _current(connection, schema, table)


def _raw(connection: psycopg.Connection, schema: str, table: str) -> Composed:
    names = _columns(connection, schema, table, ["batch_id", "landed_at", "version_at"])
    return SQL(
        """
        select
            {names}, n.batch,
            case
                when n.kind <> 'file' and r.version_at = n.delivered_for then null
                else r.version_at
            end as version_at
        from {table} as r inner join batch_name as n using (batch_id)
        """
    ).format(names=_list("r", names), table=Identifier(schema, table))


def _current(connection: psycopg.Connection, schema: str, table: str) -> Composed:
    names = _columns(connection, schema, table, _MARTS_LEAVE_OUT)
    of_files = SQL("case when t.dataset !~ '^(rms|intelligence)/' then t.{n} end as {n}")
    written = [
        of_files.format(n=Identifier(name))
        if name in _MARTS_OF_FILES_ONLY and "dataset" in names
        else Identifier("t", name)
        for name in names
    ]
    published = table == "data_quality_history"
    return SQL(
        "select {names} from {table} as t where publication_id = ("
        " select publication_id from marts.publication where is_current){published}"
    ).format(
        names=SQL(", ").join(written),
        table=Identifier(schema, table),
        published=SQL(" and (is_published or build_id = publication_id)" if published else ""),
    )


def _tables(connection: psycopg.Connection, schema: str) -> list[tuple[str, str]]:
    return connection.execute(
        """
        select n.nspname, c.relname
        from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname like %s and c.relkind in ('r', 'p') and not c.relispartition
        order by 1, 2
        """,
        (schema,),
    ).fetchall()


def _columns(
    connection: psycopg.Connection, schema: str, table: str, leave_out: list[str]
) -> list[str]:
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and not attisdropped and attname <> all(%s) order by attname",
        (sql.Identifier(schema, table).as_string(connection), leave_out),
    ).fetchall()
    return [name for (name,) in rows]


def _list(alias: str, names: list[str]) -> Composed:
    return SQL(", ").join(Identifier(alias, name) for name in names)
