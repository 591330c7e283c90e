"""The command line of a deployment with several forces, without any server."""

import json
from pathlib import Path

import pytest

from oic_assurance.cli import forces as commands
from oic_assurance.cli.main import run_command
from tests.unit.forces.conftest import deployment
from tests.unit.forces.test_declared import TWO

__all__ = ["deployment"]

pytestmark = pytest.mark.usefixtures("deployment")

NORTH, SOUTH = "E23000022", "E23000021"


def test_a_command_about_one_force_asks_for_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["publication", "list"]) == 2
    assert "has 2 forces: choose one with --force, such as --force E23" in capsys.readouterr().err
    assert run_command(["publication", "list", "--force", "E23000020"]) == 2
    assert f"Choose one of {NORTH}, {SOUTH}" in capsys.readouterr().err


def test_a_subcommand_of_a_command_names_the_force_for_both(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run_command(["worklist", "names", str(tmp_path / "x"), "--force", SOUTH]) != 0
    assert "choose one with --force" not in capsys.readouterr().err


def test_an_error_names_the_command_with_the_force(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["db", "url", "warehouse", "--force", SOUTH]) == 1
    assert f"run `assurance db start --force {SOUTH}` first" in capsys.readouterr().err


def test_the_list_shows_each_force_with_its_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["forces", "list", "--json"]) == 0
    forces = json.loads(capsys.readouterr().out)["forces"]
    assert [(one["code"], one["starts_at"]) for one in forces] == [
        (NORTH, "05:35"),
        (SOUTH, "05:30"),
    ]
    assert run_command(["forces", "list"]) == 0
    shown = capsys.readouterr().out
    assert "Northamptonshire Police" in shown
    assert "The Commissioner for Leicestershire" in shown


def test_forces_that_cannot_be_reached_are_all_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["forces", "status", "--json"]) == 0
    states = json.loads(capsys.readouterr().out)["forces"]
    assert [(one["code"], one["state"]) for one in states] == [
        (NORTH, "critical"),
        (SOUTH, "critical"),
    ]
    assert f"run `assurance db start --force {NORTH}` first" in states[0]["message"]
    assert run_command(["forces", "status"]) == 0
    assert "0 of 2 forces have no problem." in capsys.readouterr().out


def test_a_command_is_done_for_each_force(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["forces", "each", "db", "stop"]) == 0
    shown = capsys.readouterr()
    for code, name in ((NORTH, "Northamptonshire Police"), (SOUTH, "Leicestershire Police")):
        assert f"Force {code}, {name}\nPostgreSQL was not running.\n" in shown.out
        assert f"{code} {name}\n" in shown.err
    assert run_command(["forces", "each", "db", "url", "bi"]) == 1


def test_a_document_has_the_force_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["forces", "each", "status", "--json"])
    printed = capsys.readouterr()
    documents, rest = [], printed.out
    while rest.strip():
        document, end = json.JSONDecoder().raw_decode(rest.lstrip())
        documents.append(document)
        rest = rest.lstrip()[end:]
    assert [one["force_code"] for one in documents] == [NORTH, SOUTH]
    assert f"{NORTH} Northamptonshire Police" in printed.err


def test_a_screen_says_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["status", "--force", SOUTH])
    assert capsys.readouterr().out.startswith(f"Force {SOUTH}, Leicestershire Police\n")


def test_a_mistake_in_a_setting_of_one_force_is_listed(
    capsys: pytest.CaptureFixture[str], deployment: Path
) -> None:
    (deployment / "forces.yml").write_text(TWO.replace('"08:00"', '"25:00"'))
    assert run_command(["forces", "list"]) == 2
    assert f"The force {NORTH}: ASSURANCE_RUN_DEADLINE" in capsys.readouterr().err


def test_a_folder_of_a_force_that_is_not_declared_any_more_is_listed(
    capsys: pytest.CaptureFixture[str], deployment: Path
) -> None:
    old = deployment / "forces" / "E23000018"
    (old / "secrets").mkdir(parents=True)
    assert run_command(["forces", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["undeclared"] == [{"home": str(old)}]
    assert run_command(["forces", "list"]) == 0
    assert f"state folders of no declared force\n{old}\n" in capsys.readouterr().out


def test_a_monitor_sees_one_line_and_the_worst_state(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["forces", "status", "--monitor"]) == 2
    shown = capsys.readouterr().out
    assert shown.startswith("CRITICAL - 0 of 2 forces have no problem; E23000022 critical: ")
    assert shown.count("\n") == 1


def test_one_force_that_starts_is_enough_if_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ends_with(*codes: int) -> None:
        monkeypatch.setattr(commands, "_for_each", lambda *_: list(codes))

    for codes, plain, with_any in (
        ((0, 0), 0, 0),
        ((1, 0), 1, 0),
        ((1, 1), 1, 1),
        ((0, 130), 130, 130),
    ):
        ends_with(*codes)
        assert run_command(["forces", "start"]) == plain
        assert run_command(["forces", "start", "--any"]) == with_any


def test_the_pools_are_those_of_the_servers(
    capsys: pytest.CaptureFixture[str], deployment: Path
) -> None:
    assert run_command(["forces", "pools"]) == 0
    assert json.loads(capsys.readouterr().out)["server-east"]["slots"] == 2
    (deployment / "forces.yml").unlink()
    assert run_command(["forces", "pools"]) == 0
    assert json.loads(capsys.readouterr().out) == {}
    assert run_command(["forces", "list"]) == 2
    assert "This deployment has one force" in capsys.readouterr().err
