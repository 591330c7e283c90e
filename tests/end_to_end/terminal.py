"""Run `assurance` commands like a user: in a state folder, each as a separate process."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.commands import python
from tests.end_to_end.pseudo_terminal import Display, PseudoTerminal

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Terminal:
    """The state folder, the checkout and the environment variables of `assurance` commands."""

    home: Path
    project: Path = PROJECT
    extra: Mapping[str, str] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a command.

        They contain no settings of the product except the state folder and those in `extra`.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW_", "ASSURANCE_", "DBT_", "PG"))
        }
        path = os.pathsep.join([str(self.project / "include"), str(self.project)])
        # Without this, the problem that no back-ups are made would be in every output.
        accepted = {
            "ASSURANCE_NO_BACKUPS": "a force of the tests needs none",
            "ASSURANCE_COMMAND": "assurance",
        }
        place = {"ASSURANCE_HOME": str(self.home), "PYTHONPATH": path}
        return {**kept, **accepted, **place, **self.extra}

    def assurance(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an `assurance` command to its end. Return its exit code and output."""
        return self.python("-m", "oic_assurance.cli", *arguments)

    def python(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run Python like a command, with `more` variables."""
        return python(*arguments, environment=self.environment, **more)

    def does(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an `assurance` command that must succeed."""
        done = self.assurance(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def document(self, *arguments: str) -> Any:
        """Return the JSON document of an `assurance` command that must succeed."""
        return json.loads(self.does(*arguments, "--json").stdout)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query, run with the login of BI tools."""
        with psycopg.connect(self.url("bi"), row_factory=dict_row) as reader:
            return reader.execute(query.encode()).fetchall()

    def ask(self, query: str, login: str = "bi") -> list[tuple[Any, ...]]:
        """Return the rows of a query, run with a login, as tuples."""
        with psycopg.connect(self.url(login)) as connection:
            return connection.execute(query.encode()).fetchall()

    def current(self) -> int:
        """Return the number of the publication that readers see."""
        query = "select publication_id from marts.publication where is_current"
        ((publication_id,),) = self.ask(query)
        return int(publication_id)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start an `assurance` command, and return without waiting for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "oic_assurance.cli", *arguments], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def on_a_terminal(
        self, *arguments: str, columns: int = 80, extra: Mapping[str, str] | None = None
    ) -> PseudoTerminal:
        """Start an `assurance` command on a pseudo-terminal, and return without waiting."""
        environment = {"TERM": "xterm-256color", **self.environment, **(extra or {})}
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "oic_assurance.cli", *arguments]
        return PseudoTerminal(command, environment, columns)

    def shown(self, *arguments: str) -> Display:
        """Run an `assurance` command to its end on a pseudo-terminal. Return what it shows."""
        run = self.on_a_terminal(*arguments)
        try:
            code = run.end()
        finally:
            run.kill()
        assert code == 0, run.display().text
        return run.display()

    def url(self, name: str) -> str:
        """Return the connection URL of a login, as `assurance db url` prints it the first time."""
        if name not in self._urls:
            self._urls[name] = self.assurance("db", "url", name).stdout.strip()
        return self._urls[name]


@contextmanager
def new_terminal(
    project: Path = PROJECT, extra: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Yield the terminal of an empty state folder. The folder is removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="assurance-terminal-"))
    terminal = Terminal(home, project, extra or {})
    try:
        yield terminal
    finally:
        terminal.assurance("db", "stop")
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def force(
    since: str,
    seed: str = "11",
    project: Path = PROJECT,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """Make a synthetic force from a day to 20 April 2026, without a publication."""
    with new_terminal(project, extra) as terminal:
        terminal.does("simulate", "--seed", seed, "--from", since, "--to", "2026-04-20")
        yield terminal


@contextmanager
def published_force(since: str) -> Iterator[Terminal]:
    """Make a synthetic force as `force` does, and publish it as at the next morning."""
    with force(since) as terminal:
        publish(terminal)
        yield terminal


def publish(terminal: Terminal) -> None:
    """Publish the synthetic force for the first time."""
    terminal.does("run", "--as-at", "2026-04-21T05:30")
