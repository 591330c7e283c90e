"""A daily run works wherever the checkout is, and whatever the account's defaults are."""

import stat
from pathlib import Path

import pytest

from tests.machines.machine import Machine, fresh

pytestmark = pytest.mark.slow
MADE = "Assurance position as at"


def test_a_path_may_have_blanks_and_umlauts(tmp_path: Path) -> None:
    with fresh(Machine(tmp_path / "Für die Prüfung – ß" / "oic warehouse")) as machine:
        assert MADE in machine.install_and_run()
        # The second run finds everything that the first one has written.
        assert MADE in machine.install_and_run()


def test_an_umask_of_077_keeps_the_server_running(tmp_path: Path) -> None:
    # The server's account may not read the installation, which only the checkout's owner can.
    with fresh(Machine(tmp_path / "checkout", umask=0o077)) as machine:
        assert MADE in machine.install_and_run()
        assert stat.S_IMODE(machine.checkout.stat().st_mode) == 0o700


@pytest.mark.parametrize("language", ["C", "POSIX"])
def test_another_zone_and_the_plainest_language_change_nothing(
    tmp_path: Path, language: str
) -> None:
    plain = {"TZ": "Pacific/Auckland", "LANG": language, "LC_ALL": language, "LANGUAGE": None}
    with fresh(Machine(tmp_path / "checkout", extra=plain)) as machine:
        # The moment is in London time, wherever the machine is.
        assert f"{MADE} Tue 21 Apr 2026 05:30" in machine.publish()


def test_no_home_is_needed(tmp_path: Path) -> None:
    with fresh(Machine(tmp_path / "checkout", extra={"HOME": None})) as machine:
        assert MADE in machine.publish()


def test_a_home_that_does_not_exist_is_not_needed_and_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "home"
    with fresh(Machine(tmp_path / "checkout", extra={"HOME": str(missing)})) as machine:
        assert MADE in machine.publish()
        assert not missing.exists()
