"""`make test-all` runs every part, whatever fails, and leaves no test out."""

import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import PROJECT_ROOT
from tests.parts import PARTS, command, main

FAILS = "tests/readers"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that are run. That of one part fails."""
    found: list[list[str]] = []

    def run(given: list[str], **_: Any) -> SimpleNamespace:
        found.append(given)
        return SimpleNamespace(returncode=int(FAILS in given))

    monkeypatch.setattr(subprocess, "run", run)
    return found


def test_a_part_that_fails_does_not_stop_the_next_one(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 1
    assert ran == [command(name) for name in PARTS]
    table = capsys.readouterr().out.splitlines()[-len(PARTS) :]
    assert [line.split()[:2] for line in table] == [
        [name, "FAILED" if name == "readers" else "passed"] for name in PARTS
    ]


def test_a_part_can_be_run_alone(ran: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spark", "year"]) == 0
    assert ran == [command("spark"), command("year")]
    assert main(["sparc"]) == 2
    assert "There is no part sparc. Choose from ordinary, " in capsys.readouterr().err


def test_what_belongs_to_no_other_part_is_in_one() -> None:
    named = [folder for part in PARTS.values() for folder in part.folders]
    assert len(named) == len(set(named))
    assert [name for name in named if not (PROJECT_ROOT / "tests" / name).is_dir()] == []
    ignored = {one.removeprefix("--ignore=tests/") for one in command("packages") if "=" in one}
    assert ignored == set(named)
