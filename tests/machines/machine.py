"""A fresh machine: a checkout of its own, an environment of its own, and what is odd about it.

A test makes a checkout from the files that git knows, so nothing that this checkout has left behind
can help. Then it runs commands there as a user would.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FORCE = ("simulate", "--seed", "11", "--from", "2026-04-01", "--to", "2026-04-20")
AS_AT = "2026-04-21T05:30"
PATIENCE = 5400.0


@dataclass(frozen=True)
class Machine:
    """A checkout, and the environment in which its commands run."""

    checkout: Path
    #: Variables that are set, in addition to the inherited ones. None unsets a variable.
    extra: Mapping[str, str | None] = field(default_factory=dict)
    #: The first words of every command, such as those that change the user.
    prefix: Sequence[str] = ()
    umask: int = 0o022

    @property
    def home(self) -> Path:
        """The state folder."""
        return Path(self.extra.get("ASSURANCE_HOME") or self.checkout / ".assurance")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command, without settings of this product or of its parts."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW_", "ASSURANCE_", "DBT_", "PG", "PYTHON"))
        }
        changed = {**kept, **self.extra}
        return {name: value for name, value in changed.items() if value is not None}

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout to its end."""
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            cwd=self.checkout,
            env=self.environment,
            umask=self.umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    def assurance(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this checkout's code, with the packages that these tests run with."""
        path = os.pathsep.join([str(self.checkout / "include"), str(self.checkout)])
        python = ["env", f"PYTHONPATH={path}", sys.executable, "-m", "oic_assurance.cli"]
        return self.run(*python, *arguments)

    def install_and_run(self, python: Path | str = sys.executable) -> str:
        """Do what the README says: install into the checkout and run. Return what it shows."""
        done = self.run("make", f"PYTHON={python}", "run")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def publish(self) -> str:
        """Make a small force, do its daily run, and return what the run shows."""
        for arguments in (FORCE, ("run", "--as-at", AS_AT)):
            done = self.assurance(*arguments)
            assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop(self) -> None:
        """Stop the server of the state folder."""
        installed = self.checkout / ".venv/bin/assurance"
        if installed.exists():
            self.run(installed, "db", "stop")
        else:
            self.assurance("db", "stop")


def check_out(folder: Path) -> Path:
    """Copy the files that git knows, as they are now, to a new folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split(b"\0")):
        source = PROJECT / os.fsdecode(name)
        if source.is_file():
            target = folder / os.fsdecode(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


@contextmanager
def fresh(machine: Machine) -> Iterator[Machine]:
    """Make the checkout of a machine. Stop its server and remove the checkout at the end."""
    mask = os.umask(machine.umask)
    try:
        check_out(machine.checkout)
    finally:
        os.umask(mask)
    try:
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(machine.checkout, ignore_errors=True)


def pythons() -> list[tuple[str, Path]]:
    """Return every Python from 3.11 to 3.13 that works on this machine, each with its version."""
    places = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    places += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    programs = ((v, folder / f"python{v}") for v in ("3.11", "3.12", "3.13") for folder in places)
    return [(version, program) for version, program in programs if _works(program)]


def _works(python: Path) -> bool:
    """Tell whether a program is a Python that can make an environment."""
    if not python.exists():
        return False
    answer = subprocess.run(
        [python, "-c", "import ensurepip, ssl, venv"], capture_output=True, check=False
    )
    return answer.returncode == 0
