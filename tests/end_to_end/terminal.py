"""A person at a terminal: commands in a state folder of their own, as separate processes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.pseudo_terminal import PseudoTerminal

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Terminal:
    """Where `assurance` is called, and with what environment."""

    home: Path
    project: Path = PROJECT
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a shell that knows nothing but this state folder."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW_", "ASSURANCE_", "DBT_", "PG"))
        }
        path = os.pathsep.join([str(self.project / "include"), str(self.project)])
        return {**kept, "ASSURANCE_HOME": str(self.home), "PYTHONPATH": path, **self.extra}

    def assurance(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "oic_assurance.cli", *arguments], env=self.environment,
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=600,
        )  # fmt: skip

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and come back at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "oic_assurance.cli", *arguments], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def on_a_terminal(
        self, *arguments: str, columns: int = 80, extra: Mapping[str, str] | None = None
    ) -> PseudoTerminal:
        """Start a command on a pseudo-terminal and come back at once."""
        environment = {"TERM": "xterm-256color", **self.environment, **(extra or {})}
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "oic_assurance.cli", *arguments]
        return PseudoTerminal(command, environment, columns)

    def url(self, name: str) -> str:
        """Return what `assurance db url` prints."""
        return self.assurance("db", "url", name).stdout.strip()
