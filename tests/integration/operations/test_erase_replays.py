"""Erasures and replays work together in either order.

No erased record returns, and no other row is lost or gets another row number.
"""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.operations.erase.erase import erase, tables_with
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.replay import ReplayReport, replay
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.support import World, completion, person
from tests.integration.operations.support import disagreements, erase_record

PEOPLE = "hr/personnel"
COMPLETIONS = "lms/completions"


def corrected(world: World, folder: Path, edit: Callable[[str], str]) -> ReplayReport:
    """Export the rejected rows of personnel, apply `edit` to each line, and replay the lines.

    Lines for which `edit` returns an empty string are not replayed.
    """
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
    """Return the content of quarantine, replayed rows and archived personnel files as a string."""
    rows = world.query(
        "select r::text from audit.rejected_row as r union all select r::text from"
        " audit.replayed_row as r"
    )
    files = (world.settings.home / "batches" / PEOPLE).iterdir()
    return "\n".join([*(row for (row,) in rows), *(gzip.open(p, "rt").read() for p in files)])


def test_a_row_is_replayed_after_other_rows_of_its_delivery_were_erased(
    world: World, tmp_path: Path
) -> None:
    """The erasure removes a line from the archived file.

    The row numbers in quarantine remain those of the delivered file.
    """
    world.personnel("20260101", "000001", "000002", person("000003", "A"), person("000003", "B"))
    world.land(PEOPLE)
    erase_record(world, PEOPLE, "000001")
    report = corrected(world, tmp_path, lambda line: line if ",B," in line else "")
    assert (report.landed, report.still_rejected) == (1, [])
    assert units(world) == {"000002": "T1", "000003": "B"}
    assert disagreements(world, PEOPLE) == []


def test_late_changes_do_not_override_a_later_delivery_that_has_lost_rows(
    world: World,
) -> None:
    world.completions("20260101", completion("000002", 20))
    unknown = "000008,OIC-EL,OIC-EL-1,1,NOSUCH,2025-06-02 10:00,"
    # The third row repeats the known version of its record, so it adds no row to raw.
    world.completions("20260105", completion("000009", 1), unknown, completion("000002", 20))
    world.land(COMPLETIONS)
    [(key,)] = world.query("select row_key from raw_general.completion where score = 1")
    erase_record(world, COMPLETIONS, key)
    world.completions("20260103", completion("000002", 55))
    world.land(COMPLETIONS)
    assert [score for (score,) in world.state(COMPLETIONS, ("score",)).values()] == [20]
    assert disagreements(world, COMPLETIONS) == []


def test_a_correction_does_not_bring_an_erased_record_back(world: World, tmp_path: Path) -> None:
    world.personnel("20260101", "000777", "000002", "00x777", "00x003")
    world.land(PEOPLE)
    erase_record(world, PEOPLE, "000777")
    report = corrected(world, tmp_path, lambda line: line.replace("00x", "000"))
    assert (report.landed, report.erased) == (1, 1)
    assert sorted(units(world)) == ["000002", "000003"]
    assert "000777" not in texts(world)
    assert disagreements(world, PEOPLE) == []


def test_a_rejected_replay_under_an_erased_key_is_erased_and_its_row_stays(
    world: World, tmp_path: Path
) -> None:
    world.personnel("20260101", "000777", "000002", person("000003", start="never"))
    world.land(PEOPLE)
    report = corrected(world, tmp_path, lambda line: line.replace("000003", "000777"))
    assert len(report.still_rejected) == 1
    erase_record(world, PEOPLE, "000777")
    assert "000777" not in texts(world)
    assert disagreements(world, PEOPLE) == []
    report = corrected(world, tmp_path, lambda line: line.replace("never", "2020-01-01"))
    assert report.landed == 1
    assert sorted(units(world)) == ["000002", "000003"]
    assert disagreements(world, PEOPLE) == []


def test_a_row_delivered_under_an_erased_key_stays_with_the_record_it_was_replayed_as(
    world: World, tmp_path: Path
) -> None:
    world.personnel("20260101", "000777", person("000777", "A"), "000002")
    world.land(PEOPLE)
    report = corrected(
        world, tmp_path, lambda line: line.replace("000777", "000003") if ",A," in line else ""
    )
    assert report.landed == 1
    erase_record(world, PEOPLE, "000777")
    assert units(world) == {"000002": "T1", "000003": "A"}
    assert "000777" not in texts(world)
    assert disagreements(world, PEOPLE) == []


def test_an_erasure_that_fails_leaves_no_drafts_in_the_archive(
    world: World,
) -> None:
    world.personnel("20260101", "000001", "000002")
    world.personnel("20260102", "000001", "000002", "000003")
    world.land(PEOPLE)
    path = world.settings.home / world.batches(PEOPLE)[1]["kept_as"]
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    with pytest.raises(AssuranceError, match="nothing was erased"):
        erase_record(world, PEOPLE, "000001")
    path.write_bytes(whole)
    assert disagreements(world, PEOPLE) == []
    erase_record(world, PEOPLE, "000001")
    assert disagreements(world, PEOPLE) == []


def test_a_damaged_archived_file_stops_a_replay(world: World, tmp_path: Path) -> None:
    world.personnel("20260101", *(f"{n:06d}" for n in range(200)), person("000900", start="never"))
    world.land(PEOPLE)
    path = world.settings.home / world.batches(PEOPLE)[0]["kept_as"]
    damaged = bytearray(path.read_bytes())
    damaged[40:80] = bytes(byte ^ 0xFF for byte in damaged[40:80])
    path.write_bytes(bytes(damaged))
    with pytest.raises(AssuranceError, match=r"The archived batch .* cannot be read"):
        corrected(world, tmp_path, lambda line: line.replace("never", "2020-01-01"))


def test_a_dataset_that_was_never_landed_has_nothing_to_erase(
    fresh_warehouse: Settings,
) -> None:
    hydra = dataset("hydra/attendance")
    assert tables_with(fresh_warehouse, hydra, "S1") == []
    assert not erase(fresh_warehouse, Request(hydra, hydra.tables[0], ("S1",), "asked for"))
