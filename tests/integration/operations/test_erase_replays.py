"""Erased and replayed, in either order: nothing comes back, nothing else is lost or misplaced."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.operations.erase.erase import erase, tables_with
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.record import ReplayReport
from oic_assurance.operations.replay.replay import replay
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.support import World, completion, person, warehouse_of_its_own

PEOPLE = "hr/personnel"
COMPLETIONS = "lms/completions"


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    with warehouse_of_its_own() as settings:
        yield settings


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(warehouse, tmp_path)
    yield world
    world.close()


def gone(world: World, name: str, key: str) -> None:
    what = dataset(name)
    assert erase(world.settings, Request(what, what.tables[0], (key,), "asked for"))


def agree(world: World, name: str) -> None:
    [proof] = verify(world.settings, name)
    assert [str(one) for one in proof.disagreements] == []


def corrected(world: World, folder: Path, edit: Callable[[str], str]) -> ReplayReport:
    """Replay what is in quarantine of personnel, as a text that was edited line by line."""
    path = folder / "rejected.csv"
    path.unlink(missing_ok=True)
    export_rejected(world.settings, QuarantineFilter(PEOPLE), path, "somebody")
    head, *lines = path.read_text("utf-8-sig").splitlines()
    edited = folder / "corrected.csv"
    edited.write_text("\n".join([head, *filter(None, map(edit, lines))]))
    return replay(world.settings, PEOPLE, edited, "HR said so", "somebody")


def units(world: World) -> dict[str, str]:
    return {key: unit for key, (unit,) in world.state(PEOPLE, ("org_unit_code",)).items()}


def texts(world: World) -> str:
    """Return what quarantine, its replays and the kept batches hold."""
    rows = world.query(
        "select r::text from audit.rejected_row as r union all select r::text from"
        " audit.replayed_row as r"
    )
    kept = (world.settings.home / "batches" / PEOPLE).iterdir()
    return "\n".join([*(row for (row,) in rows), *(gzip.open(p, "rt").read() for p in kept)])


def test_a_row_is_replayed_beside_the_rows_that_its_delivery_has_left(
    world: World, tmp_path: Path
) -> None:
    """Quarantine counts places as they came; the kept file has lost a line since."""
    world.personnel("20260101", "000001", "000002", person("000003", "A"), person("000003", "B"))
    world.land(PEOPLE)
    gone(world, PEOPLE, "000001")
    report = corrected(world, tmp_path, lambda line: line if ",B," in line else "")
    assert (report.landed, report.still_rejected) == (1, [])
    assert units(world) == {"000002": "T1", "000003": "B"}
    agree(world, PEOPLE)


def test_changes_that_come_late_leave_the_last_word_to_a_delivery_that_was_erased_from(
    world: World,
) -> None:
    world.completions("20260101", completion("000002", 20))
    unknown = "000008,OIC-EL,OIC-EL-1,1,NOSUCH,2025-06-02 10:00,"
    # The third row repeats what is known, so that raw has no row of it.
    world.completions("20260105", completion("000009", 1), unknown, completion("000002", 20))
    world.land(COMPLETIONS)
    [(key,)] = world.query("select row_key from raw_general.completion where score = 1")
    gone(world, COMPLETIONS, key)
    world.completions("20260103", completion("000002", 55))
    world.land(COMPLETIONS)
    assert [score for (score,) in world.state(COMPLETIONS, ("score",)).values()] == [20]
    agree(world, COMPLETIONS)


def test_a_correction_does_not_bring_an_erased_record_back(world: World, tmp_path: Path) -> None:
    world.personnel("20260101", "000777", "000002", "00x777", "00x003")
    world.land(PEOPLE)
    gone(world, PEOPLE, "000777")
    report = corrected(world, tmp_path, lambda line: line.replace("00x", "000"))
    assert (report.landed, report.erased) == (1, 1)
    assert sorted(units(world)) == ["000002", "000003"]
    assert "000777" not in texts(world)
    agree(world, PEOPLE)


def test_an_attempt_to_land_a_row_as_the_record_goes_and_the_row_stays(
    world: World, tmp_path: Path
) -> None:
    world.personnel("20260101", "000777", "000002", person("000003", start="never"))
    world.land(PEOPLE)
    report = corrected(world, tmp_path, lambda line: line.replace("000003", "000777"))
    assert len(report.still_rejected) == 1
    gone(world, PEOPLE, "000777")
    assert "000777" not in texts(world)
    agree(world, PEOPLE)
    report = corrected(world, tmp_path, lambda line: line.replace("never", "2020-01-01"))
    assert report.landed == 1
    assert sorted(units(world)) == ["000002", "000003"]
    agree(world, PEOPLE)


def test_a_row_that_came_as_the_record_and_was_landed_as_another_stays_that_other_s(
    world: World, tmp_path: Path
) -> None:
    world.personnel("20260101", "000777", person("000777", "A"), "000002")
    world.land(PEOPLE)
    report = corrected(
        world, tmp_path, lambda line: line.replace("000777", "000003") if ",A," in line else ""
    )
    assert report.landed == 1
    gone(world, PEOPLE, "000777")
    assert units(world) == {"000002": "T1", "000003": "A"}
    assert "000777" not in texts(world)
    agree(world, PEOPLE)


def test_an_erasure_that_is_refused_half_way_leaves_nothing_beside_the_kept_files(
    world: World,
) -> None:
    world.personnel("20260101", "000001", "000002")
    world.personnel("20260102", "000001", "000002", "000003")
    world.land(PEOPLE)
    path = world.settings.home / world.batches(PEOPLE)[1]["kept_as"]
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    with pytest.raises(AssuranceError, match="nothing was erased"):
        gone(world, PEOPLE, "000001")
    path.write_bytes(whole)
    agree(world, PEOPLE)
    gone(world, PEOPLE, "000001")
    agree(world, PEOPLE)


def test_a_damaged_kept_file_stops_a_replay_in_one_line(world: World, tmp_path: Path) -> None:
    world.personnel("20260101", *(f"{n:06d}" for n in range(200)), person("000900", start="never"))
    world.land(PEOPLE)
    path = world.settings.home / world.batches(PEOPLE)[0]["kept_as"]
    damaged = bytearray(path.read_bytes())
    damaged[40:80] = bytes(byte ^ 0xFF for byte in damaged[40:80])
    path.write_bytes(bytes(damaged))
    with pytest.raises(AssuranceError, match=r"The kept batch .* cannot be read"):
        corrected(world, tmp_path, lambda line: line.replace("never", "2020-01-01"))


def test_of_a_dataset_that_never_landed_there_is_nothing_to_erase(
    fresh_warehouse: Settings,
) -> None:
    hydra = dataset("hydra/attendance")
    assert tables_with(fresh_warehouse, hydra, "S1") == []
    assert not erase(fresh_warehouse, Request(hydra, hydra.tables[0], ("S1",), "asked for"))
