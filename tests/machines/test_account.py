"""An account of its own, without root rights and without a home, installs and runs everything."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines.machine import Machine, fresh, pythons

pytestmark = pytest.mark.slow
NAME = "oicmachine"
WITHOUT_NAMESPACES = Path(__file__).with_name("without_namespaces.py")


@pytest.fixture(scope="module")
def account() -> Iterator[list[str]]:
    """The first words of a command that runs as a new system account."""
    assert os.geteuid() == 0, "make test-all runs as root, who can make an account"
    subprocess.run(["userdel", NAME], check=False, capture_output=True)
    subprocess.run(["useradd", "--system", "--no-create-home", NAME], check=True)
    try:
        yield ["setpriv", f"--reuid={NAME}", f"--regid={NAME}", "--clear-groups", "--"]
    finally:
        subprocess.run(["userdel", NAME], check=False)


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A folder that the account can reach. It cannot reach the folders of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="assurance-account-"))
    folder.chmod(0o755)
    yield folder / "checkout"
    shutil.rmtree(folder, ignore_errors=True)


def python_for_everybody() -> Path:
    """Return a Python that is not in root's home."""
    return next(place for _, place in pythons() if not place.is_relative_to(Path.home()))


def test_an_account_of_its_own_installs_and_runs(account: list[str], checkout: Path) -> None:
    environment = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "USER": NAME, "LOGNAME": NAME}
    with fresh(Machine(checkout, extra=environment, prefix=account)) as machine:
        give_away(machine.checkout)
        assert "Assurance position as at" in machine.install_and_run(python_for_everybody())
        owners = {path.stat().st_uid for path in machine.home.rglob("*")}
        assert len(owners) == 1
        assert 0 not in owners
        # Where user namespaces are closed, the same installation does the next run.
        closed = [sys.executable, str(WITHOUT_NAMESPACES), *account]
        hardened = Machine(checkout, extra=environment, prefix=closed)
        machine.stop()
        assert hardened.run("unshare", "--user", "true").returncode != 0
        assert "Assurance position as at" in hardened.install_and_run(python_for_everybody())


def give_away(folder: Path) -> None:
    """Make the account the owner of a folder and of what is in it."""
    subprocess.run(["chown", "--recursive", f"{NAME}:", str(folder)], check=True)
