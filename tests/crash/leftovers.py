"""Find the locks, unfinished files and tables, and open records that a killed attempt left.

A re-run must remove all of them.
"""

import fcntl
import os
import sqlite3
import time
from pathlib import Path

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url

PATIENCE = 15.0
#: Folders that are not compared, because they grow each time the product starts.
LOGS = ("log", "dbt", "airflow", "postgres/data", "reports/data_docs")

_AT_WORK = """
select 'session of ' || coalesce(usename, '?') || ' ' || coalesce(state, '')
from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
union all
select 'lock ' || locktype || ' ' || mode
from pg_locks
where pid is distinct from pg_backend_pid() and pid in (
    select pid from pg_stat_activity where backend_type = 'client backend'
)
union all
select 'prepared transaction ' || gid from pg_prepared_xacts
"""
_TEMPORARY = """
select 'temporary table without a session: ' || c.relname from pg_class as c
where c.relpersistence = 't' and pg_is_other_temp_schema(c.relnamespace)
"""
_OPEN_ENDS = {
    "run still running": "select run_id from audit.run where outcome = 'running'",
    "dataset whose last attempt did not succeed": """
        select dataset from (
            select distinct on (dataset) dataset, outcome from audit.extraction
            order by dataset, extraction_id desc
        ) as latest
        where outcome is distinct from 'succeeded'
    """,
    "unfinished attempt of the re-run": """
        select dataset from audit.extraction where finished_at is null and run_id = 'rerun'
    """,
    "rejected row without its batch": """
        select rejected_id::text from audit.rejected_row as r
        where not exists (select from audit.batch as b where b.batch_id = r.batch_id)
    """,
    "table of a generation that was never published": """
        select c.relname from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
        where
            n.nspname = 'generation' and c.relkind = 'r'
            and substring(c.relname from '__([0-9]+)$')::bigint not in (
                select publication_id from marts.publication
            )
    """,
    "generation that is half detached": """
        select i.inhrelid::regclass::text from pg_inherits as i where i.inhdetachpending
    """,
    "schema of another build": r"""
        select nspname from pg_namespace where nspname ~ '^(deadline|reproduce)_'
    """,
    "invalid index": """
        select indexrelid::regclass::text from pg_index where not indisvalid
    """,
}


def find(settings: Settings) -> list[str]:
    """Return one line for each leftover, for example a lock, a session or an open record."""
    return [*_at_work(settings), *_open_ends(settings), *_files(settings), *_airflow(settings)]


def relations(settings: Settings) -> list[str]:
    """Return the names of all schemas, tables and views, with `#` in place of numbers.

    A kill point and its re-run must leave the same names as an uninterrupted run.
    """
    query = """
        select distinct n.nspname || '.' || regexp_replace(coalesce(c.relname, ''), '[0-9]+', '#')
        from pg_namespace as n
        left join pg_class as c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v')
        where n.nspname !~ '^pg_|information_schema'
        order by 1
    """
    with psycopg.connect(admin_url(settings, "warehouse")) as connection:
        return [name for (name,) in connection.execute(query).fetchall()]


def files(settings: Settings) -> list[str]:
    """Return the names of all files of the state folder, without batch ids.

    A kill point and its re-run must leave the same names as an uninterrupted run.
    """
    return sorted({_without_id(path.relative_to(settings.home)) for path in _all(settings)})


def _at_work(settings: Settings) -> list[str]:
    # A session needs a moment to end after it is closed or its client is killed.
    return _left_after_patience(settings, "postgres", _AT_WORK)


def _left_after_patience(settings: Settings, database: str, query: str) -> list[str]:
    """Return the lines that a query still returns after `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(admin_url(settings, database), autocommit=True) as connection:
        while left := [line for (line,) in connection.execute(query.encode()).fetchall()]:
            if time.monotonic() > deadline:
                return left
            time.sleep(0.02)
    return []


def _open_ends(settings: Settings) -> list[str]:
    left = []
    with psycopg.connect(admin_url(settings, "warehouse")) as connection:
        for what, query in _OPEN_ENDS.items():
            left += [f"{what}: {name}" for (name,) in connection.execute(query.encode()).fetchall()]
    return left + _left_after_patience(settings, "warehouse", _TEMPORARY)


def _files(settings: Settings) -> list[str]:
    with psycopg.connect(admin_url(settings, "warehouse")) as connection:
        rows = connection.execute(
            "select kept_as from audit.batch where kept_as is not null"
        ).fetchall()
    named = {name for (name,) in rows}
    archive = settings.home / "batches"
    there = {str(path.relative_to(settings.home)) for path in archive.rglob("*") if path.is_file()}
    left = [f"archived file that belongs to no batch: {name}" for name in sorted(there - named)]
    left += [f"batch without its archived file: {name}" for name in sorted(named - there)]
    left += [
        f"draft: {path.relative_to(settings.home)}"
        for path in _all(settings)
        if path.suffix in {".part", ".new", ".tmp"} and "dropzone" not in path.parts
    ]
    left += [f"draft of a server: {p.name}" for p in settings.server_dir.glob("new-*")]
    return left + [
        f"lock still held: {path.name}"
        for path in (settings.home / "locks").glob("*")
        if _is_held(path)
    ]


def _airflow(settings: Settings) -> list[str]:
    database = settings.home / "airflow" / "run.db"
    if not database.exists():
        return []
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute("select run_id from dag_run where state = 'running'").fetchall()
    finally:
        connection.close()
    return [f"DAG run still running: {name}" for (name,) in rows]


def _all(settings: Settings) -> list[Path]:
    skipped = [settings.home / name for name in LOGS]
    return [
        path
        for path in settings.home.rglob("*")
        if path.is_file() and not any(path.is_relative_to(folder) for folder in skipped)
    ]


def _without_id(path: Path) -> str:
    name = path.name
    if path.parts[0] == "batches":
        name = name.partition("-")[2]
    return str(path.parent / name)


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
