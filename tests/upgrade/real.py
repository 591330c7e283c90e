"""Real states of earlier versions: a work tree of a commit, and what its own commands made there.

Each state takes minutes and needs what `make setup` of its commit needs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.connections import admin_url

PROJECT = Path(__file__).resolve().parents[2]
#: Commits whose states were once found not to migrate, or have what the others lack.
CHOSEN = {
    "50969e8ea239466d6b04b43bd436b4cd25deea9b": "one login for all stages, no back-up, no sign-off",
    "d7b0a5d59701cb26b9e4164c2cbbf5d92d00d9fb": "back-up and sign-off, no record of versions",
}
#: How much older than the newest commit the last of the states is.
DAYS = 3
_DAY_SECONDS = 86_400
SUPERVISOR, OFFICE = "supervisor_of_the_test", "office_of_the_test"
#: The point whose sign-off has begun.
POINT = "HYDRA"


@dataclass(frozen=True)
class Done:
    """A command that has ended: its exit code, and what it wrote."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Real:
    """A work tree of a commit with its own environment and state folder, whose server runs."""

    checkout: Path

    @property
    def settings(self) -> Settings:
        """The settings with which today's code uses the state folder."""
        home = self.checkout / ".assurance"
        return replace(load_settings(), home=home, dropzone=f"file://{home}/dropzone", pg_port=None)

    def then(self, *arguments: str) -> Done:
        """Run a command of the commit's code."""
        return self._run(self.checkout, ".venv/bin/assurance", *arguments)

    def make(self, target: str) -> Done:
        """Make a target of the commit's Makefile."""
        return self._run(self.checkout, "make", target)

    def assurance(self, *arguments: str) -> Done:
        """Run a command of today's code."""
        # Not in the checkout: Python would import packages of the commit from there.
        return self._run(PROJECT, sys.executable, "-m", "oic_assurance.cli", *arguments)

    def asked(self, *arguments: str) -> dict[str, Any]:
        """Return the JSON document that a command of today's code prints."""
        done = self.assurance(*arguments, "--json")
        assert done.code == 0, done.errors
        shown: dict[str, Any] = json.loads(done.output)
        return shown

    def administrator(self, database: str = "warehouse") -> psycopg.Connection:
        """Return a session of the server's superuser, in which each statement commits by itself."""
        uri = admin_url(self.settings, database)
        return psycopg.connect(uri, autocommit=True, options="-c timezone=UTC")

    def _run(self, folder: Path, *command: str) -> Done:
        foreign = ("ASSURANCE_", "AIRFLOW_", "DBT_", "PG", "GX_", "PYTEST_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
        done = subprocess.run(
            command,
            env={**kept, "ASSURANCE_HOME": str(self.settings.home), "DO_NOT_TRACK": "1"},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)


def commits() -> dict[str, str]:
    """Return the commits whose states are upgraded, with what each of them is.

    They are the chosen ones, the one of each version in the changelog, and one of `DAYS` ago. The
    commit of a version is the one that gave the changelog its heading. A commit that this clone
    does not have is returned as what it was looked for.
    """
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = dict(CHOSEN)
    for version in re.findall(r"^## \[(\d[^]]*)\]", changelog, re.MULTILINE):
        heading = f"## [{version}]"
        of_version = _git("log", "--reverse", "--format=%H", f"-S{heading}", "--", "CHANGELOG.md")
        found.setdefault((of_version.split() or [version])[0], f"version {version}")
    newest = _git("log", "-1", "--format=%ct") or "0"
    before = f"--before={int(newest) - DAYS * _DAY_SECONDS}"
    earlier = _git("log", "-1", "--first-parent", "--format=%H", before)
    found.setdefault(earlier or "earlier", f"{DAYS} days older than the newest commit")
    return found


@contextmanager
def real_state(commit: str) -> Iterator[Real]:
    """Make the state of a commit, with its own code. Its server stops at the end.

    It has a publication, readers of each kind, rows in quarantine, and a sign-off and a back-up if
    the commit has such commands.
    """
    if not _git("cat-file", "-t", commit):
        pytest.fail(
            f"The commit {commit} is not in this clone, so its state cannot be made. A clone with "
            "the whole history has it: git fetch --unshallow"
        )
    # The server runs as another account if root starts it, and must be able to read its programs.
    folder = Path(tempfile.mkdtemp(prefix="assurance-upgrade-"))
    folder.chmod(0o755)
    state = Real(folder / "checkout")
    try:
        for command in (
            ("git", "clone", "--quiet", "--shared", "--no-checkout", PROJECT, state.checkout),
            ("git", "-C", state.checkout, "checkout", "--quiet", "--detach", commit),
        ):
            subprocess.run(command, check=True, capture_output=True)
        _make(state)
        yield state
    finally:
        state.then("db", "stop")
        shutil.rmtree(folder)


def _make(state: Real) -> None:
    _done(state.make("run"))
    with state.administrator() as session:
        row = session.execute(
            "select org_unit_code from marts.fct_nccu_referral where org_unit_code <> 'UNKNOWN'"
            " group by 1 order by count(*) desc limit 1"
        ).fetchone()
    assert row is not None
    why = ("--reason", "a state of a test")
    _done(state.then("access", "give", SUPERVISOR, "--unit", row[0], *why))
    _done(state.then("access", "give", OFFICE, "--office", *why))
    if state.then("signoff", "--help").code == 0:
        _done(state.then("signoff", "agree", POINT, "--steps", "a state of a test"))
    if state.then("backup", "--help").code == 0:
        place = str(state.checkout / "backup")
        _done(state.then("backup", "make", "--unencrypted", "--to", place))


def _done(done: Done) -> None:
    assert done.code == 0, done.output[-2000:] + done.errors[-2000:]


def _git(*arguments: str) -> str:
    """Return what git says about this clone, or "" if it fails."""
    command = ["git", "-C", str(PROJECT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def marts_as_seen(state: Real, columns: dict[str, list[str]] | None = None) -> dict[str, str]:
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
