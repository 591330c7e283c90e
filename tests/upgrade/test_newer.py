"""A warehouse of a newer version is refused by every command and every stage, in one line.

And a warehouse of an older version is refused until it is migrated.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from oic_assurance import __version__, pipeline
from oic_assurance.cli.main import COMMANDS, run_command
from oic_assurance.errors import ServerError
from oic_assurance.operations.backup.programs import run_program
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import administrator_url, connect
from oic_assurance.warehouse.roles import LOGIN_ROLES
from oic_assurance.warehouse.versions import LAST_BEFORE, VersionError, newest_migration
from tests.databases import administrator

AS_AT = datetime(2026, 5, 1, 4, 30, tzinfo=UTC)
NEWER = (
    r"The warehouse is newer than this code: it was changed by version 99\.1\.0 and ends with "
    rf"9999_tomorrow\.sql, and this code is version {re.escape(__version__)} and ends with "
    rf"{re.escape(newest_migration().name)}\. Nothing was changed\. Install version 99\.1\.0, or "
    r"restore the back-up that was made before the upgrade \(docs/upgrade\.md\)\."
)
#: Of each command that uses the warehouse, one way or several to call it. `{tmp}` is a
#: new folder, and `{there}` one that exists.
CALLS = (
    "db start", "run", "demo", "dbt run", "status", "checks", "pack", "pack bundle",
    "pack workbook", "release files 1", "release list", "signoff list", "signoff show HYDRA",
    "signoff reopen HYDRA --as assurance_lead --reason because-of-a-test", "notify --dry-run",
    "publication preview", "publication compare 1 2", "release national --to {there}",
    "publication list", "publication rollback 1 --reason test",
    "publication release --reason test", "publication approve 1 --reason test",
    "publication reproduce 1", "access list", "access give one --office --reason test",
    "worklist --reason because-of-a-test", "explain hydra_completion", "quarantine list",
    "quarantine replay rms/occurrence", "batch list", "batch verify", "batch encrypt",
    "backup make --unencrypted --to {tmp}", "backup list", "erase expired",
    "erase records rms/occurrence 1 --reason test", "audit verify", "audit ship", "audit collect",
    "erase recalls", "access pseudonyms", "access rekey", "up", "metrics",
    "upkeep run", "upkeep list", "upkeep due", "upkeep decisions",
    "upkeep decide keep rms/occurrence --reason test", "backup set-aside",
    "simulate --seed 1 --from 2026-04-01 --to 2026-04-02",
)  # fmt: skip
#: Commands that read no table with the pipeline's logins. `mf` and `superset` read marts as BI
#: tools do, whose contract holds across versions. `sources` works on the source databases and on
#: files of the repository. `down` stops processes. `doctor` says which version the warehouse has.
#: `force` works on a folder. `forces` calls other commands. `help` shows pages.
OF_NO_VERSION = {"mf", "superset", "sources", "down", "doctor", "force", "forces", "help"}


@pytest.fixture
def newer(fresh_warehouse: Settings) -> Settings:
    """A warehouse that a later version has migrated."""
    with administrator(fresh_warehouse) as session:
        session.execute(
            "insert into audit.schema_migration values (9999, '9999_tomorrow.sql', 'x')"
        )
        session.execute(
            "insert into audit.upgrade (version, newest_migration)"
            " values ('99.1.0', '9999_tomorrow.sql')"
        )
    return fresh_warehouse


def content(settings: Settings) -> bytes:
    """Return everything in the warehouse, as SQL."""
    uri = administrator_url(settings)
    assert uri is not None
    written = BytesIO()
    run_program(settings, uri, ["pg_dump", "--no-password"], sink=written)
    # A dump begins and ends with a random word.
    return re.sub(rb"(?m)^\\(un)?restrict .*$", b"", written.getvalue())


def test_every_command_refuses_a_newer_warehouse_in_one_line_and_changes_nothing(
    newer: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    assert run_command(["backup", "new-key", "--to", str(tmp_path / "key")]) == 0
    monkeypatch.setenv("ASSURANCE_ARCHIVE_KEY", str(tmp_path / "key"))
    before = content(newer)
    wrong = {}
    for call in CALLS:
        code = run_command(
            [word.format(tmp=tmp_path / "to", there=tmp_path) for word in call.split()]
        )
        errors = capsys.readouterr().err
        if code in (0, 2) or not re.fullmatch(
            rf"(Readers .*\n|FAILED .*\n)?assurance: {NEWER}\n", errors
        ):
            wrong[call] = (code, errors)
    assert wrong == {}
    assert not any((tmp_path / "to").glob("*"))
    assert content(newer) == before


def test_every_command_is_called() -> None:
    assert {call.split()[0] for call in CALLS} | OF_NO_VERSION == set(COMMANDS)


def test_every_login_of_the_pipeline_is_refused(newer: Settings) -> None:
    for role in LOGIN_ROLES:
        with pytest.raises(VersionError, match=NEWER):
            connect(newer, role=role)


#: The stages as Airflow calls them. A worker of an older version may get any of them.
STAGES: tuple[Callable[[Settings], object], ...] = (
    lambda settings: pipeline.open_run(settings, "run", AS_AT),
    lambda settings: pipeline.extract(settings, "run", "hr/personnel"),
    lambda settings: pipeline.close_landing(settings, "run", AS_AT),
    lambda settings: pipeline.build_marts(settings, "run", 1),
    lambda settings: pipeline.audit(settings, "run", 1, "landing"),
    lambda settings: pipeline.seal_marts(settings, "run", 1),
    lambda settings: pipeline.publish(settings, "run", 1),
    pipeline.tidy,
    pipeline.make_packs,
    lambda settings: pipeline.close_run(settings, "run"),
)


def test_a_task_of_an_older_worker_fails_at_once_and_is_not_retried(newer: Settings) -> None:
    """Airflow retries after a `ServerError` (dags/assurance_daily.py). Here, no retry helps."""
    assert not issubclass(VersionError, ServerError)
    for run in STAGES:
        with pytest.raises(VersionError, match=NEWER):
            run(newer)


def test_a_warehouse_that_is_not_migrated_yet_is_refused_with_the_command_to_run(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also a database that has no schema yet."""
    with administrator(fresh_warehouse) as session:
        session.execute("update audit.schema_migration set number = 82, name = %s", (LAST_BEFORE,))
    assert run_command(["status"]) == 1
    assert "`assurance db start` brings the warehouse up to date" in capsys.readouterr().err
    with administrator(fresh_warehouse) as session:
        session.execute("drop table audit.upgrade")
    assert run_command(["status"]) == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "The warehouse is older than this code" in line
