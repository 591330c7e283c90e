"""Run `assurance` commands like a user: in a state folder, each as a separate process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
        return {**kept, "ASSURANCE_HOME": str(self.home), "PYTHONPATH": path, **self.extra}

    def assurance(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an `assurance` command to its end. Return its exit code and output."""
        return subprocess.run(
            [sys.executable, "-m", "oic_assurance.cli", *arguments], env=self.environment,
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=600,
        )  # fmt: skip

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
