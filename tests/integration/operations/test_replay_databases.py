"""Replays of rows from source databases.

A replayed row is valid from the time in its cursor column, until the source changes the record.
"""

import gzip

import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.operations.replay.replay import replay
from tests.integration.landing.support import (
    CUSTODY,
    REPORTS,
    START,
    World,
    at,
    officers,
    put,
    put_report,
)
from tests.integration.operations.support import Row, correct, export, replay_waiting, write

pytestmark = pytest.mark.slow


def c9(row: Row) -> Row:
    return {**row, "arresting_officer_no": "C9"}


def test_a_corrected_row_is_valid_from_its_cursor_and_stays_valid(world: World) -> None:
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    put(world, 1, at(60), "")
    world.land(CUSTODY)
    report = correct(world, CUSTODY, c9)
    assert (report.landed, report.rows_new) == (1, 1)
    assert officers(world, at(59)) == {"1": "C1"}
    assert officers(world, at(60)) == {"1": "C9"}
    # The source still has the invalid row, which landing recognises and does not reject again.
    for _ in range(2):
        assert world.land(CUSTODY).batches == 0
    assert officers(world) == {"1": "C9"}
    assert replay_waiting(world, CUSTODY).deliveries == []


@pytest.mark.parametrize("clock", [120, 60, 30], ids=["later", "same cursor", "cursor set back"])
def test_a_later_version_of_the_source_overrides_a_replay(world: World, clock: int) -> None:
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    put(world, 1, at(60), "")
    world.land(CUSTODY)
    put(world, 1, at(clock), "C2")
    world.land(CUSTODY)
    assert correct(world, CUSTODY, c9).landed == 1
    assert officers(world) == {"1": "C2"}
    assert officers(world, at(60)) == {"1": "C9" if clock > 60 else "C2"}
    assert world.land(CUSTODY).batches == 0
    assert officers(world) == {"1": "C2"}


def test_a_replay_does_not_bring_back_a_record_that_is_gone_from_the_source(world: World) -> None:
    put(world, 1, at(0), "C1")
    put(world, 2, at(0), "")
    world.land(CUSTODY)
    world.rms("delete from rms.custody_record where custody_id = 2")
    world.land(CUSTODY)
    correct(world, CUSTODY, c9)
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1"}
    assert officers(world, at(0)) == {"1": "C1", "2": "C9"}


def test_a_record_that_was_set_back_in_the_source_keeps_that_state(world: World) -> None:
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    put(world, 1, at(60), "")
    world.land(CUSTODY)
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    correct(world, CUSTODY, c9)
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1"}


def test_an_unreadable_correction_is_one_of_all_reasons(world: World) -> None:
    put(world, 1, at(0), "")
    world.land(CUSTODY)
    report = correct(world, CUSTODY, lambda row: {**row, "detained_at": "yesterday"})
    [broken] = report.still_rejected
    assert broken.reasons == [
        "detained_at is not a date and time", "arresting_officer_no is missing",
    ]  # fmt: skip


def test_a_moment_can_be_corrected_in_british_notation(world: World) -> None:
    put(world, 1, at(0), detained_at=None)
    world.land(CUSTODY)
    correct(world, CUSTODY, lambda row: {**row, "detained_at": "05/07/2026 07:00"})
    [(detained_at,)] = world.state(CUSTODY, ("detained_at",)).values()
    assert detained_at.isoformat() == "2026-07-05T06:00:00+00:00"


def test_unchanged_cells_keep_their_exact_value(world: World) -> None:
    verbatim = {
        "grading_scheme": " 3x5x2", "source_evaluation": "", "intelligence_assessment": None,
        "handling_code": "=C",
    }  # fmt: skip
    put_report(world, 1, at(0), status="LOST", handling_conditions="a\nb ", **verbatim)
    world.land(REPORTS)
    _, [row] = export(world, REPORTS)
    assert row["handling_code"] == "'=C"
    correct(world, REPORTS, lambda row: {**row, "status": "DRAFT"})
    assert world.state(REPORTS, tuple(verbatim)) == {"1": tuple(verbatim.values())}
    assert world.state(REPORTS, ("handling_conditions",)) == {"1": (True,)}


def test_a_row_with_a_too_high_marking_is_neither_exported_nor_replayed(world: World) -> None:
    put_report(world, 1, at(0), protective_marking="SECRET", report_urn="URN-HERON")
    put_report(world, 2, at(0), status="LOST")
    world.land(REPORTS)
    path, [row] = export(world, REPORTS)
    assert row["report_id"] == "2"
    write(path, [{**row, "protective_marking": "TOP SECRET", "report_urn": "URN-KITE"}])
    report = replay(world.settings, REPORTS, path, None, "tester")
    assert (report.refused_by_marking, report.deliveries) == (1, [])
    for archived in world.settings.home.glob("batches/**/*.gz"):
        assert b"URN-KITE" not in gzip.decompress(archived.read_bytes())
    refused = world.one("select rejected_id from audit.rejected_row where content is null")
    write(path, [{**row, "rejected_id": str(refused)}])
    with pytest.raises(AssuranceError, match=r"refused because of its marking"):
        replay(world.settings, REPORTS, path, None, "tester")
    assert world.state(REPORTS, ()) == {}


def test_rows_of_several_extracts_are_replayed_in_their_order(world: World) -> None:
    put(world, 1, at(0), "")
    world.land(CUSTODY)
    put(world, 1, at(60), " ")
    world.land(CUSTODY)
    report = correct(
        world,
        CUSTODY,
        lambda row: {**row, "arresting_officer_no": "C" + row["updated_at"][11:13]},
    )
    assert [delivery.rows_new for delivery in report.deliveries] == [1, 1]
    assert officers(world, START) == {"1": "C06"}
    assert officers(world) == {"1": "C07"}
