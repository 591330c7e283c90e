"""Test what the command line does without a warehouse: errors, exit codes, help and completion."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
import yaml

from oic_assurance import __version__
from oic_assurance.cli.help import DOCS
from oic_assurance.cli.main import COMMANDS, PAGES, cli, run_command
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.platform.run_log import to_log
from oic_assurance.settings import load_settings
from tests.commands import python
from tests.conftest import PROJECT_ROOT

#: The options without a default value: without the option, nothing is selected or nothing happens.
WITHOUT_DEFAULT = {
    "--table", "--dataset", "--reason", "--batch", "--record", "--unit", "--to",
    "--from", "--seed", "--rejected-for",
}  # fmt: skip


def commands(
    command: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command and subcommand with its path."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))


@pytest.fixture(autouse=True)
def new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("ASSURANCE_HOME", str(home))
    return home


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["bogus"], 2, "No such command 'bogus'. Try `assurance --help`."),
        (["statsu"], 2, "No such command 'statsu'. Did you mean 'status'? Try"),
        (["publication", "lits"], 2, "No such command 'lits'. Did you mean 'list'? Try"),
        (["batch", "list", "hr/personel"], 2, "Did you mean 'hr/personnel'? Choose one of"),
        (["quarantine", "list", "--dataset", "HR/personel"], 2, "Did you mean 'hr/personnel'?"),
        (["quarantine", "list", "nonsense"], 2, "unexpected extra argument"),
        (["batch", "verify", "nonsense"], 2, "There is no dataset 'nonsense'. Choose one of gov"),
        (["db", "url", "warehous"], 2, "Did you mean 'warehouse'?"),
        (
            ["erase", "records", "hr/personnel", "1", "--reason", "x", "--table", "persons"],
            2,
            "There is no table 'persons' in hr/personnel. Did you mean 'personnel'?",
        ),
        (["erase", "records", "hr/personnel", "1"], 2, "needs a reason"),
        (["access", "give", "nonsense", "--reason", "x"], 2, "Give --unit, or --office"),
        (
            ["access", "give", "nonsense", "--office", "--reason", " "],
            2,
            "needs a reason",
        ),
        (["publication", "rollback", "0"], 2, "Invalid value for 'ID'"),
        (["run", "--when", "now"], 2, "No such option '--when'"),
        (["run", "--as-at", "yesterday"], 2, "'yesterday' is not a moment"),
        (["run", "--as-at", "2999-01-01T05:30"], 2, "2999-01-01 05:30 is later than now"),
        (["batch", "accept"], 2, "Missing argument 'DATASET'"),
        (["batch", "accept", "hr/personel", "--reason", "x"], 2, "Did you mean 'hr/personnel'?"),
        (["run", "extra"], 2, "unexpected extra argument"),
        (["db", "url", "secret"], 2, "There is no database 'secret'"),
        (["db", "url"], 2, "Missing argument 'NAME'"),
        (["db", "url", "warehouse"], 1, "never started here"),
        (["publication", "list"], 1, "never started here"),
        (["quarantine", "list"], 1, "never started here"),
        (["explain", "hydra_completion"], 1, "never started here"),
        (["explain"], 2, "give either a MEASURE, a --record or a --question"),
        (
            ["explain", "hydra_completion", "--period", "2026-13"],
            2,
            "'2026-13' does not match the format '%Y-%m'",
        ),
        (["explain", "--record", "referral"], 2, "Option '--record' requires 2 arguments"),
        (["quarantine", "list", "--limit", "0"], 2, "Invalid value for '--limit'"),
        (["quarantine", "list", "--limit", str(2**63)], 2, "Invalid value for '--limit'"),
        (["quarantine", "list", "--batch", str(2**63)], 2, "Invalid value for '--batch'"),
        (["batch", "verify", "--batch", str(2**63)], 2, "Invalid value for '--batch'"),
        (["explain", "hydra_completion", "--limit", str(2**63)], 2, "Invalid value for '--limit'"),
        (["erase", "records", "hr/personnel", "\udcff"], 2, "is not text in UTF-8"),
        (["simulate", "--seed", "1", "--from", "2026-02-02", "--to", "2026-02-01"], 2, "before"),
        (["simulate", "--seed", "1", "--from", "02/02/2026", "--to", "2026-02-01"], 2, "--from"),
    ],
)
def test_an_error_is_one_line(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("assurance: ")
    # Only a failure names a page, on a second line.
    assert err.count("\n") == (1 if code == 2 else 2)


def test_what_cannot_be_reached_is_on_the_page_for_the_night(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["backup", "list"]) == 1
    page = "See docs/how-to/at-night.md, or `assurance help at-night`."
    assert capsys.readouterr().err.splitlines()[1:] == [page]


@pytest.mark.parametrize(
    ("message", "command", "page"),
    [
        ("It is lost (docs/how-to/protect.md).", "run", ""),
        ("It is lost.", "pack workbook", "docs/bi/excel.md"),
        ("It is lost.", "pack --since", "docs/how-to/assurance-pack.md"),
        ("It is lost.", "--version", "docs/how-to/at-night.md"),
    ],
)
def test_a_message_that_names_a_page_is_enough(
    message: str,
    command: str,
    page: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(**_: object) -> None:
        raise AssuranceError(message)

    monkeypatch.setattr(cli, "main", fails)
    assert run_command(command.split()) == 1
    said, *see = capsys.readouterr().err.splitlines()
    assert said == f"assurance: {message}"
    assert [one.partition(",")[0] for one in see] == ([f"See {page}"] if page else [])


def test_every_command_has_a_page_that_exists() -> None:
    for command, page in PAGES.items():
        assert command.partition(" ")[0] in COMMANDS, command
        assert (DOCS / (page if "/" in page else f"how-to/{page}")).with_suffix(".md").is_file()


def test_help_shows_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["help", "--json"]) == 0
    topics = {one["topic"] for one in json.loads(capsys.readouterr().out)["topics"]}
    assert topics == {path.stem for path in (DOCS / "how-to").glob("*.md")} - {"README"}
    for topic, place in (
        ("at-night", "how-to/at-night"), ("commands", "reference/commands"),
        ("superset", "bi/superset"), ("backup", "how-to/restore"), ("upgrade", "upgrade"),
    ):  # fmt: skip
        assert run_command(["help", topic]) == 0
        text = (DOCS / f"{place}.md").read_text().strip()
        assert capsys.readouterr().out.strip() == text.replace(".venv/bin/assurance", "assurance")
    assert run_command(["help", "at-nigt"]) == 2
    assert "There is no topic 'at-nigt'. Did you mean 'at-night'?" in capsys.readouterr().err


def test_the_status_of_a_server_that_was_never_started_is_a_problem(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["status", "--json"]) == 1
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert problem["problem_code"] == "server"
    assert "never started here" in problem["what"]


@pytest.mark.parametrize("arguments", [[], ["db"], ["sources"], ["publication"], ["quarantine"]])
def test_a_group_without_a_command_lists_its_commands(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    assert ("Commands:" if arguments else "Set up:\n  db ") in capsys.readouterr().err


def test_help_is_whole_and_fits_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for path, _ in commands():
        assert run_command([*path, "--help"]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(" ".join(["Usage: assurance", *path]))
        assert max(map(len, shown.splitlines())) <= 80, path
        assert "..." not in shown.partition("\n")[2], path


def test_every_command_is_described_and_every_option_has_a_meaning_and_a_default() -> None:
    for path, command in commands():
        assert command.get_short_help_str(), path
        for option in command.params:
            if not isinstance(option, click.Option):
                continue
            assert option.help, (path, option.name)
            if option.is_flag or option.required or isinstance(option.show_default, str):
                continue
            is_free = set(option.opts) & WITHOUT_DEFAULT
            assert option.default is not None or is_free, (path, option.name)


def test_the_version_stands_in_one_place_and_is_shown_with_the_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert (
        project["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "oic_assurance.__version__"
    )
    assert run_command(["--version"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"assurance {__version__} (code ")
    assert "+dbt." in shown
    assert shown.endswith("missing: the owner has not set ASSURANCE_SECURITY_CONTACT\n")
    monkeypatch.setenv("ASSURANCE_SECURITY_CONTACT", "security@force.example")
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out.endswith("a weakness: security@force.example\n")
    assert "version" not in yaml.safe_load(
        (PROJECT_ROOT / "dbt_project" / "dbt_project.yml").read_text()
    )


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("assurance pub", ["publication"]),
        ("assurance publication r", ["reject", "release", "reproduce", "rollback"]),
        ("assurance publication list --j", ["--json"]),
        ("assurance --ver", ["--version"]),
    ],
)
def test_the_shell_completes_commands_and_options(words: str, completed: list[str]) -> None:
    done = complete("bash_complete", words)
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == completed
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_completion_script_for_each_shell(shell: str) -> None:
    done = complete(f"{shell}_source", "")
    assert done.returncode == 0
    assert f"_ASSURANCE_COMPLETE={shell}_complete" in done.stdout


def test_completing_the_name_of_a_command_imports_no_command() -> None:
    done = complete("zsh_complete", "assurance s", "-X", "importtime")
    assert "Show the last run" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "oic_assurance.cli.main" in imported
    assert not imported & {"psycopg", "rich", "oic_assurance.cli.status"}


def complete(
    instruction: str, words: str, *python_options: str
) -> subprocess.CompletedProcess[str]:
    """Ask the command line to complete some words, as a shell's completion script does."""
    script = "import sys; sys.argv = ['assurance']; from oic_assurance.cli.main import main; main()"
    return python(
        *(*python_options, "-c", script),
        _ASSURANCE_COMPLETE=instruction,
        COMP_WORDS=words,
        COMP_CWORD=str(words.count(" ")),
    )


def test_a_state_folder_that_is_a_file_is_an_error(
    new_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_home.write_text("not a folder")
    assert run_command(["db", "start"]) == 1
    err = capsys.readouterr().err
    assert "is a file where a folder must be" in err
    assert err.count("\n") == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can work under another account")
def test_a_log_folder_that_cannot_be_written_to_is_one_line() -> None:
    home = Path(tempfile.mkdtemp(prefix="assurance-log-"))
    (home / "log").mkdir()
    home.chmod(0o755)
    settings = replace(load_settings(), home=home)
    os.seteuid(65534)
    try:
        with pytest.raises(ServerError, match="log cannot be written to by"), to_log(settings):
            pass
    finally:
        os.seteuid(0)
        shutil.rmtree(home)


def test_an_unexpected_error_is_one_line_and_its_traceback_is_logged(
    new_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def module_of(command: str) -> None:
        raise ModuleNotFoundError(command)

    monkeypatch.setattr("oic_assurance.cli.main.module_of", module_of)
    assert run_command(["status"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ModuleNotFoundError" in err
    assert "Traceback" in (new_home / "log" / "assurance.log").read_text()


def test_stopping_a_server_that_does_not_run_is_no_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["db", "stop"]) == 0
    assert run_command(["down"]) == 0
    assert capsys.readouterr().err == ""


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from oic_assurance.cli.main import run_command\n"
        "run_command(['--help'])\n"
        "heavy = {'airflow', 'dbt', 'great_expectations', 'psycopg', 'pandas', 'rich'}\n"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    began = time.monotonic()
    done = python("-c", script)
    assert done.returncode == 0
    assert time.monotonic() - began < 5
