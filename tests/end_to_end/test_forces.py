"""Two forces in one deployment: each is run and read by its own name, and fails alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow

NORTH, SOUTH = "E23000022", "E23000021"
FORCES = f"""\
forces:
  - code: {NORTH}
    name: Northamptonshire Police
    accountable_body: The Commissioner for Northamptonshire
  - code: {SOUTH}
    name: Leicestershire Police
    accountable_body: The Commissioner for Leicestershire
"""
DAYS = ("--from", "2026-04-01", "--to", "2026-04-20")
AS_AT = "2026-04-21T05:30"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Two forces with data of their own, before their first run."""
    home = tmp_path_factory.mktemp("two-forces")
    home.chmod(0o711)
    (home / "forces.yml").write_text(FORCES)
    terminal = Terminal(home)
    for seed, code in enumerate((NORTH, SOUTH)):
        done = terminal.assurance("simulate", "--seed", str(seed), *DAYS, "--force", code)
        assert done.returncode == 0, done.stderr
    yield terminal
    terminal.assurance("forces", "each", "db", "stop")


def states(terminal: Terminal) -> dict[str, tuple[str, int | None]]:
    found = json.loads(terminal.assurance("forces", "status", "--json").stdout)["forces"]
    return {one["code"]: (one["state"], one["publication_id"]) for one in found}


def test_a_force_that_fails_does_not_touch_the_other(two: Terminal, tmp_path: Path) -> None:
    assert states(two) == {NORTH: ("critical", None), SOUTH: ("critical", None)}
    key = two.home / "forces" / SOUTH / "secrets" / "warehouse_owner_password"
    key.rename(tmp_path / "away")
    failed = two.assurance("forces", "run", "--as-at", AS_AT)
    (tmp_path / "away").rename(key)
    assert failed.returncode == 1
    assert "1 of 2 forces made a publication." in failed.stdout
    assert "The password of 'warehouse_owner' is missing" in failed.stdout
    assert states(two)[NORTH][1] == 1
    assert states(two)[SOUTH] == ("critical", None)

    done = two.assurance("forces", "run", "--as-at", AS_AT, "--only", SOUTH)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {code: publication for code, (_, publication) in states(two).items()} == {
        NORTH: 1, SOUTH: 1,
    }  # fmt: skip


def test_every_command_is_about_one_force(two: Terminal) -> None:
    unnamed = two.assurance("status")
    assert unnamed.returncode == 2
    assert "has 2 forces: choose one with --force, such as --force E23000022" in unnamed.stderr
    officers: set[str] = set()
    for code in (NORTH, SOUTH):
        assert "as at Tue 21 Apr 2026 05:30" in two.assurance("status", "--force", code).stdout
        uri = two.assurance("db", "url", "bi", "--force", code).stdout.strip()
        with psycopg.connect(uri) as reader:
            rows = reader.execute(
                "select force_code, officer_key from marts.dim_officer"
            ).fetchall()
        assert {force for force, _ in rows} == {code}
        assert not officers & {key for _, key in rows}
        officers |= {key for _, key in rows}
    unknown = two.assurance("publication", "list", "--force", "E23000020")
    assert "There is no force 'E23000020'" in unknown.stderr
