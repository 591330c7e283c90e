"""The commands `assurance batch` and `assurance erase`."""

import pytest
from click.testing import CliRunner

from oic_assurance.cli import main as cli
from tests.commands import shown
from tests.integration.landing.support import World
from tests.integration.operations.support import damage
from tests.integration.warehouse.stage_roles import may

PEOPLE = "hr/personnel"


@pytest.fixture(autouse=True)
def landed(world: World) -> None:
    """Land a personnel file with two officers before each test."""
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run an `assurance` command. Return its exit code, and its output followed by its errors."""
    code = cli.run_command(arguments)
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_batches_are_listed_and_verified(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, listed = run(capsys, "batch", "list", PEOPLE)
    assert code == 0
    assert "personnel_20260101.csv" in listed
    code, text = run(capsys, "batch", "verify", PEOPLE)
    assert (code, text.split()) == (
        0,
        ["dataset", "batches", "rows", "verdict", PEOPLE, "1", "2", "agree"],
    )
    batch = world.one("select batch_id from audit.batch")
    assert run(capsys, "batch", "verify", "--batch", str(batch))[0] == 0
    assert run(capsys, "batch", "verify", "--batch", "99999999")[0] == 2
    damage(world, "delete from raw_general.personnel where row_key = '000001'")
    code, text = run(capsys, "batch", "verify", PEOPLE)
    assert code == 1
    assert f"hr/personnel, batch {batch} (personnel_20260101.csv), row 1, key 000001:" in text
    (world.settings.home / str(world.batches(PEOPLE)[0]["kept_as"])).unlink()
    assert not shown(world.settings, "batch", "list")["batches"][0]["is_in_archive"]


def test_erasing_needs_a_reason_and_shows_what_was_erased(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ("erase", "records", PEOPLE, "000777")
    assert run(capsys, *record)[0] == 2
    assert run(capsys, "erase", "records", PEOPLE, "--reason", "x")[0] == 2
    code, text = run(capsys, *record, "--reason", "asked", "--dry-run")
    assert (code, "Would be erased" in text, "000777" in text) == (0, True, False)
    found = shown(world.settings, *record, "--reason", "asked")
    traces = found["traces"]
    assert (traces["raw_rows"], traces["archived_rows"], traces["archived_batches"]) == (1, 1, 1)
    assert "The next publication has marts without it." in found["notes"][0]
    code, text = run(capsys, *record, "--reason", "asked", "--yes")
    assert (code, "holds nothing under this key" in text) == (1, True)
    assert run(capsys, "erase", "expired", "--dry-run") == (0, "Nothing is past its retention.\n")
    code, text = run(capsys, "erase", "finish")
    assert (code, "last traces of 1 erasure are gone" in text) == (0, True)
    (batch,) = shown(world.settings, "batch", "list")["batches"]
    assert batch["rows_erased"] == 1


def test_a_terminal_user_is_asked_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["erase", "records", PEOPLE, "000777", "--reason", "asked"]
    with monkeypatch.context() as patch:
        patch.setattr("oic_assurance.cli.erase.is_terminal", lambda: True)
        refused = CliRunner().invoke(cli.cli, arguments, input="n\n")
        assert "Would be erased" in refused.stderr
        assert "Erase it? This cannot be undone" in refused.stderr
        assert refused.stdout == ""
        assert world.one("select count(*) from raw_general.personnel") == 2
        CliRunner().invoke(cli.cli, arguments, input="y\n")
    assert world.one("select count(*) from raw_general.personnel") == 1


@pytest.mark.parametrize(
    "table", ["raw_general.personnel", "audit.rejected_row", "identity.pseudonym"]
)
def test_only_the_role_for_erasures_may_delete(world: World, table: str) -> None:
    statement = f"delete from {table} where false"
    assert may(world.settings, "oic_erasure", statement)
    for stage in ("oic_landing", "oic_transform", "oic_gate", "oic_publish"):
        assert not may(world.settings, stage, statement)
    assert not may(world.settings, "oic_erasure", "delete from audit.erasure")
    assert not may(world.settings, "oic_erasure", "update audit.batch set sha256 = ''")
    assert not may(
        world.settings, "oic_erasure", "insert into raw_general.personnel default values"
    )
