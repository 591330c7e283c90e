"""Restore the state of a release on today's server, as the release left it: not migrated."""

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from oic_assurance.operations.backup.parts import ARCHIVE, DUMP, ROLES
from oic_assurance.operations.backup.programs import feed
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import admin_url, url
from oic_assurance.warehouse.folders import private_folder
from tests.upgrade.make_state import FACTS, SOURCES, STATE, STATES, environment_of

VERSIONS = sorted(path.parent.name for path in STATES.glob(f"*/{STATE}"))


@dataclass(frozen=True)
class Done:
    """A command that has ended: its exit code, and what it wrote."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Released:
    """A state folder with the state of a release, and a server of its own that runs."""

    version: str
    settings: Settings
    facts: dict[str, Any]

    def assurance(self, *arguments: str, **more: str) -> Done:
        """Run a command of today's code in the state folder. `more` are environment variables."""
        done = subprocess.run(
            [sys.executable, "-m", "oic_assurance.cli", *arguments],
            env={**environment_of(self.settings.home), **more},
            cwd=self.settings.home,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def administrator(self, database: str = "warehouse") -> psycopg.Connection:
        """Return a session of the server's superuser, in which each statement commits by itself."""
        uri = admin_url(self.settings, database)
        return psycopg.connect(uri, autocommit=True, options="-c timezone=UTC")


@contextmanager
def released(version: str, folder: Path) -> Iterator[Released]:
    """Restore the state of a release into a new folder. The server stops at the end."""
    facts = json.loads((STATES / version / FACTS).read_text(encoding="utf-8"))
    home, unpacked = folder / "home", folder / "unpacked"
    settings = replace(load_settings(), home=home, dropzone=f"file://{home}/dropzone", pg_port=None)
    with tarfile.open(STATES / version / STATE) as archive:
        archive.extractall(unpacked, filter="data")
    private_folder(settings, home)
    embedded.start(settings)
    try:
        with psycopg.connect(admin_url(settings), autocommit=True) as administrator:
            # The data is deleted after the test, so the server need not wait until it is on disk.
            administrator.execute("alter system set fsync = off")
            administrator.execute("select pg_reload_conf()")
        _restore(settings, unpacked)
        yield Released(version, settings, facts)
    finally:
        embedded.stop(settings)


def _restore(settings: Settings, unpacked: Path) -> None:
    """Restore with PostgreSQL's own programs. `assurance backup restore` would migrate at once."""
    backup = unpacked / "backup"
    server = admin_url(settings)
    with (backup / ROLES).open("rb") as source:
        feed(settings, server, ["psql", "--no-psqlrc", "--quiet", "--no-password"], source)
    command = ["pg_restore", "--create", "--clean", "--if-exists", "--exit-on-error"]
    with (backup / DUMP).open("rb") as source:
        feed(settings, server, [*command, "--no-password", "--dbname=postgres"], source)
    for name in SOURCES:
        with (unpacked / f"{name}.sql").open("rb") as source:
            # The schema exists already.
            feed(settings, url(settings, name), ["psql", "--no-psqlrc", "--quiet"], source)
    with tarfile.open(backup / ARCHIVE) as archive:
        archive.extractall(settings.home, filter="data")
    shutil.move(unpacked / "dropzone", settings.home / "dropzone")
    for path in (settings.home / "batches").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def marts_as_seen(state: Released, columns: dict[str, list[str]] | None = None) -> dict[str, str]:
    """Return the fingerprint of what the current publication shows readers, by mart.

    With `columns`, only these columns of these marts are read: those of an earlier moment.
    """
    with state.administrator() as session:
        session.execute("set role bi_reader")
        found = {}
        for mart, names in (columns or columns_of_marts(session)).items():
            listed = ", ".join(f'"{name}"' for name in names)
            row = session.execute(
                f"""
                select count(*) || ' ' || md5(coalesce(string_agg(line, chr(10) order by line), ''))
                from (select ({listed})::text as line from marts."{mart}") as t
                """.encode()
            ).fetchone()
            assert row is not None
            found[mart] = str(row[0])
    return found


def columns_of_marts(session: psycopg.Connection) -> dict[str, list[str]]:
    """Return the columns of each mart that the session's role may read."""
    return dict(
        session.execute(
            """
            select c.relname::text, array_agg(a.attname::text order by a.attnum)
            from pg_catalog.pg_class as c
            inner join pg_catalog.pg_attribute as a
                on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace = 'marts'::regnamespace and c.relkind in ('p', 'r')
                and has_table_privilege(c.oid, 'SELECT')
            group by c.relname
            order by c.relname
            """
        ).fetchall()
    )
