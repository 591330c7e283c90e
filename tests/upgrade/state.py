"""The state of version 1.0, which every later version must upgrade: how it was made, and restored.

`python -m tests.upgrade.state` makes the archive anew, with the code of the checkout. Do that only
in a checkout of the commit of version 1.0: it would prove nothing with the code of a later one.

The state is what the real commands made of a small synthetic force: two days that were published,
a roll-back and its end, a release, a step of a sign-off, and readers of each kind. The archive has
a back-up, the keys, the sources, and what readers saw. Its people and its keys are synthetic, and
protect nothing.
"""

import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg

from oic_assurance.batches.archive_store import ARCHIVE as BATCHES
from oic_assurance.operations.backup.parts import ARCHIVE as DELIVERIES
from oic_assurance.operations.backup.parts import DUMP
from oic_assurance.operations.backup.programs import run_program
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.connections import admin_url

PROJECT = Path(__file__).resolve().parents[2]
ARCHIVE = Path(__file__).with_name("state-1.0.0.tar.xz")
SUPERVISOR, OFFICE = "supervisor_of_the_test", "office_of_the_test"
#: The point whose sign-off has begun.
POINT = "HYDRA"
#: The moments of the two publications, and one for the next.
MOMENTS = ("2026-04-30T05:30", "2026-05-01T05:30")
NEXT = "2026-05-02T05:30"
_DAYS = ("--from", "2026-04-24", "--to", "2026-05-01")
_WHY = ("--reason", "a state of a test")
_SOURCES = ("rms", "intelligence")
_PUBLISHER = "publisher: A force\ncontact: A team\nlicence: A licence\n"


@dataclass(frozen=True)
class State:
    """A state folder with a server of its own, on which the commands of this code work."""

    home: Path

    @property
    def settings(self) -> Settings:
        """The settings of the state folder."""
        dropzone = f"file://{self.home}/dropzone"
        return replace(load_settings(), home=self.home, dropzone=dropzone, pg_port=None)

    def run(self, *arguments: str) -> str:
        """Run a command, which must succeed, and return its output."""
        foreign = ("ASSURANCE_", "AIRFLOW_", "DBT_", "PG", "GX_", "PYTEST_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
        done = subprocess.run(
            (sys.executable, "-m", "oic_assurance.cli", *arguments),
            env={
                **kept,
                "ASSURANCE_HOME": str(self.home),
                "ASSURANCE_PUBLISHER": str(self.home.parent / "publisher.yml"),
                "DO_NOT_TRACK": "1",
            },
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def shown(self, *arguments: str) -> dict[str, Any]:
        """Return the JSON document that a command prints."""
        document: dict[str, Any] = json.loads(self.run(*arguments, "--json"))
        return document

    def administrator(self) -> psycopg.Connection:
        """Return a session of the server's superuser in the warehouse."""
        uri = admin_url(self.settings, "warehouse")
        return psycopg.connect(uri, autocommit=True, options="-c timezone=UTC")

    def dump(self, database: str, *options: str) -> bytes:
        """Return a dump of a database."""
        written = BytesIO()
        uri = admin_url(self.settings, database)
        run_program(
            self.settings, uri, ["pg_dump", "--no-password", *options, database], sink=written
        )
        return written.getvalue()

    def seen(self, columns: dict[str, list[str]] | None = None) -> dict[str, str]:
        """Return a fingerprint of what the current publication shows readers, by mart.

        With `columns`, only these columns of these marts are read: those of an earlier moment.
        """
        found = {}
        with self.administrator() as session:
            session.execute("set role bi_reader")
            for mart, names in (columns or self.columns()).items():
                listed = ", ".join(f'"{name}"' for name in names)
                rows = session.execute(f'select ({listed})::text from marts."{mart}"'.encode())
                lines = "\n".join(sorted(str(line) for (line,) in rows))
                found[mart] = hashlib.sha256(lines.encode()).hexdigest()
        return found

    def columns(self) -> dict[str, list[str]]:
        """Return the columns of each mart with rows of a publication that readers may read."""
        with self.administrator() as session:
            return dict(
                session.execute(
                    """
                    select c.relname::text, array_agg(a.attname::text order by a.attnum)
                    from pg_catalog.pg_class as c
                    inner join pg_catalog.pg_attribute as a
                        on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
                    where c.relnamespace = 'marts'::regnamespace and c.relkind = 'p'
                        and has_table_privilege('bi_reader', c.oid, 'SELECT')
                    group by c.relname
                    order by c.relname
                    """
                ).fetchall()
            )


def make() -> None:
    """Make the archive."""
    with tempfile.TemporaryDirectory(prefix="assurance-state-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "publisher.yml").write_text(_PUBLISHER, encoding="utf-8")
        state = State(folder / "state")
        try:
            _pack(state, folder)
        finally:
            state.run("db", "stop")


def _pack(state: State, folder: Path) -> None:
    state.run("db", "start")
    state.run("sources", "create")
    state.run("simulate", "--seed", "1", *_DAYS, "--size", "0.2")
    saw = []
    for moment in MOMENTS:
        state.run("run", "--as-at", moment)
        saw.append(state.seen())
    state.run("publication", "rollback", "1", *_WHY)
    state.run("publication", "release", *_WHY)
    state.run("release", "make", *_WHY)
    state.run("signoff", "agree", POINT, "--steps", "a state of a test")
    with state.administrator() as session:
        row = session.execute(
            "select org_unit_code from marts.fct_nccu_referral where org_unit_code <> 'UNKNOWN'"
            " group by 1 order by count(*) desc, 1 limit 1"
        ).fetchone()
    assert row is not None
    state.run("access", "give", SUPERVISOR, "--unit", row[0], *_WHY)
    state.run("access", "give", OFFICE, "--office", *_WHY)
    state.run("backup", "make", "--unencrypted", "--to", str(folder / "made"))
    (backup,) = (folder / "made").iterdir()
    # A dump that is not compressed makes a smaller archive: tables have much in common.
    dump = state.dump("warehouse", "--format=custom", "--compress=0", "--no-large-objects")
    deliveries = BytesIO()
    with tarfile.open(fileobj=deliveries, mode="w") as archive:
        # The pages of the release are left out, because they are larger than all deliveries.
        for path in sorted((state.home / BATCHES).rglob("*")):
            if path.is_file():
                archive.add(path, path.relative_to(state.home))
    manifest = json.loads((backup / "manifest.json").read_text("utf-8"))
    for part in manifest["parts"]:
        content = {DUMP: dump, DELIVERIES: deliveries.getvalue()}.get(part["name"])
        if content is not None:
            part |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
            (backup / part["name"]).write_bytes(content)
    (backup / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    saw_then = {"columns": state.columns(), "publications": saw}
    (folder / "seen.json").write_text(json.dumps(saw_then), encoding="utf-8")
    for source in _SOURCES:
        (folder / f"{source}.sql").write_bytes(state.dump(source))
    with (
        lzma.open(ARCHIVE, "wb", preset=9 | lzma.PRESET_EXTREME) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        archive.add(backup, "backup")
        archive.add(state.home / "dropzone", "state/dropzone")
        for path in (state.home / "secrets").iterdir():
            if not path.name.endswith("_password"):
                archive.add(path, f"state/secrets/{path.name}")
        for name in ("publisher.yml", "seen.json", *(f"{source}.sql" for source in _SOURCES)):
            archive.add(folder / name, name)


def restore(folder: Path) -> tuple[State, dict[str, Any]]:
    """Restore the state into a folder, which upgrades it. Its server runs afterwards.

    Return it, and what readers saw when it was made.
    """
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    state = State(folder / "state")
    state.run("backup", "restore", str(folder / "backup"))
    for source in _SOURCES:
        text = BytesIO((folder / f"{source}.sql").read_bytes())
        uri = admin_url(state.settings, source)
        command = ["psql", "--no-psqlrc", "--quiet", "--no-password", "--dbname", source]
        run_program(state.settings, uri, command, source=text)
    seen: dict[str, Any] = json.loads((folder / "seen.json").read_text("utf-8"))
    shutil.rmtree(folder / "backup")
    return state, seen


if __name__ == "__main__":
    make()
