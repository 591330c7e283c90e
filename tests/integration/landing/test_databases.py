"""Landing from source databases: no change is lost or doubled, and no excluded column is read."""

import gzip
import time
from datetime import UTC, datetime, timedelta

import pytest

from oic_assurance.errors import DeliveryRefused
from tests.integration.landing.support import (
    CUSTODY,
    REPORTS,
    World,
    at,
    officers,
    put,
    put_many,
    put_report,
)
from tests.integration.operations.support import assert_agrees

pytestmark = pytest.mark.usefixtures("empty_sources")


def test_versions_are_valid_from_their_cursor_value(world: World) -> None:
    put(world, 1, at(0), "C1")
    put(world, 2, at(1), "C2")
    assert world.land(CUSTODY).rows_landed == 2
    put(world, 1, at(60), "C9")
    report = world.land(CUSTODY)
    assert (report.batches, report.rows_landed) == (1, 1)
    assert officers(world, at(30)) == {"1": "C1", "2": "C2"}
    assert officers(world) == {"1": "C9", "2": "C2"}


def test_a_landing_without_changes_is_fast_and_has_no_batch(world: World) -> None:
    put_many(world, 1, 20_000)
    world.land(CUSTODY)
    begun = time.monotonic()
    report = world.land(CUSTODY)
    assert time.monotonic() - begun < 1
    assert (report.batches, report.rows_landed) == (0, 0)
    assert len(world.batches(CUSTODY)) == 1
    outcomes = world.query("select outcome, batches from audit.extraction order by extraction_id")
    assert outcomes == [("succeeded", 1), ("succeeded", 0)]
    archived = list((world.settings.home / "batches" / CUSTODY).iterdir())
    assert len(archived) == 1


def test_a_large_batch_after_a_small_one_is_fast_in_spite_of_old_statistics(world: World) -> None:
    put(world, 1, at(0))
    world.land(CUSTODY)
    for _ in range(2):
        # With these statistics, the planner expects a small table.
        world.execute("vacuum analyze raw_law_enforcement.custody_record")
    put_many(world, 2, 60_000, at(1))
    begun = time.monotonic()
    assert world.land(CUSTODY).rows_landed == 59_999
    assert time.monotonic() - begun < 30


def test_a_soft_delete_is_a_version_and_a_hard_delete_a_tombstone(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(0))
    put(world, 3, at(0))
    world.land(CUSTODY)
    put(world, 1, at(5), deleted_at=at(5))
    world.rms("delete from rms.custody_record where custody_id = 2")
    before = datetime.now(UTC)
    report = world.land(CUSTODY)
    assert (report.batches, report.rows_landed) == (2, 2)
    assert world.state(CUSTODY, ("deleted_at",)) == {"1": (at(5),), "3": (None,)}
    [(gone_at, custody_id, place)] = world.query(
        "select version_at, custody_id, row_number from raw_law_enforcement.custody_record"
        " where is_tombstone"
    )
    assert before - timedelta(seconds=1) <= gone_at <= datetime.now(UTC)
    assert (custody_id, place) == (2, 1)
    kinds = [(batch["kind"], batch["row_count"]) for batch in world.batches(CUSTODY)]
    # One of the second batch's two rows is new. The other was read again, because a run also reads
    # rows from shortly before the cursor.
    assert kinds == [("database", 3), ("database", 2), ("reconciliation", 1)]
    assert world.land(CUSTODY).batches == 0


def test_a_record_that_returns_with_its_old_cursor_value_is_landed(world: World) -> None:
    put(world, 1, at(0), "C1")
    put(world, 2, at(0), "C2")
    world.land(CUSTODY)
    world.rms("delete from rms.custody_record where custody_id = 1")
    world.land(CUSTODY)
    assert officers(world) == {"2": "C2"}
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1", "2": "C2"}
    assert world.land(CUSTODY).batches == 0


def test_a_source_clock_that_is_ahead_does_not_move_the_cursor_past_now(world: World) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=3)
    put(world, 1, ahead, "C1")
    world.land(CUSTODY)
    assert world.one("select cursor_at from audit.source_cursor") < datetime.now(UTC)
    put(world, 2, datetime.now(UTC), "C2")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1", "2": "C2"}
    world.rms("delete from rms.custody_record where custody_id = 1")
    world.land(CUSTODY)
    assert officers(world) == {"2": "C2"}


def test_a_wrong_row_is_rejected_once_and_its_last_version_stays(
    world: World,
) -> None:
    put(world, 1, at(0), "C1")
    put(world, 2, at(0), "C2")
    world.land(CUSTODY)
    put(world, 1, at(5), "  ", detained_at=None)
    report = world.land(CUSTODY)
    assert (report.batches, report.rows_landed, report.rows_rejected) == (1, 0, 1)
    [(_, key, reasons)] = world.reasons(CUSTODY)
    assert (key, reasons) == ("1", ["arresting_officer_no is missing", "detained_at is missing"])
    assert officers(world) == {"1": "C1", "2": "C2"}
    for _ in range(2):
        assert world.land(CUSTODY).batches == 0
    put(world, 1, at(10), "C7")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C7", "2": "C2"}


def test_a_batch_over_its_tolerance_changes_nothing(world: World) -> None:
    for key in range(40):
        put(world, key, at(key), "C1" if key < 20 else "")
    with pytest.raises(DeliveryRefused, match=r"20 of 40 rows of .* break the source contract"):
        world.land(CUSTODY)
    assert world.query("select * from audit.source_cursor") == []
    assert world.batches(CUSTODY) == []
    [(outcome, reason)] = world.query("select outcome, reason from audit.extraction")
    assert outcome == "failed"
    assert "over the tolerance of 20%" in reason
    world.rms("update rms.custody_record set arresting_officer_no = 'C2' where custody_id > 20")
    assert world.land(CUSTODY).rows_landed == 39


def test_excluded_columns_are_nowhere_in_the_state_folder(world: World) -> None:
    put_report(world, 1, at(0), handling_conditions="not to be shared with the press")
    put_report(world, 2, at(0), protective_marking="SECRET", report_urn="URN-HERON")
    put_report(world, 3, at(0), protective_marking=None)
    put_report(world, 4, at(0), status="LOST")
    report = world.land(REPORTS)
    assert (report.rows_landed, report.rows_rejected) == (1, 3)
    reason = "its protective marking does not admit it: the content was not read"
    rejected = world.query(
        "select row_key, reasons, content is null from audit.rejected_row order by row_key"
    )
    assert rejected == [
        ("2", [reason], True),
        ("3", [reason], True),
        ("4", ["status is not one of DRAFT, SUBMITTED, RETURNED, REJECTED, WITHDRAWN"], False),
    ]
    for _ in range(2):
        assert world.land(REPORTS).batches == 0
    for secret in ("heron lands", "Mallard", "URN-HERON", "with the press"):
        for table in ("raw_law_enforcement.intelligence_report", "audit.rejected_row"):
            assert (
                world.query(f"select * from {table} as t where t::text like %s", f"%{secret}%")
                == []
            )
        for path in world.settings.home.glob("batches/**/*.gz"):
            assert secret.encode() not in gzip.decompress(path.read_bytes())
        for path in world.settings.log_dir.glob("**/*"):
            assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_a_report_whose_marking_is_raised_is_recalled(world: World) -> None:
    put_report(world, 1, at(0))
    world.land(REPORTS)
    put_report(world, 1, at(5), protective_marking="TOP SECRET", report_urn="URN-NEW")
    report = world.land(REPORTS)
    assert (report.rows_rejected, report.recalled) == (1, 1)
    assert world.query("select row_key, names from audit.recalled_record") == [("1", ["URN-1"])]
    # The recall is recorded already, and no run has erased the record yet. So the next landing
    # records no second recall.
    assert world.land(REPORTS).recalled == 0


@pytest.mark.parametrize("value", ["", "  ", "Z9 ", "three", None])
def test_gradings_are_landed_unchanged(world: World, value: str | None) -> None:
    names = "grading_scheme", "source_evaluation", "intelligence_assessment", "handling_code"
    put_report(world, 1, at(0), **dict.fromkeys(names, value))
    assert world.land(REPORTS).rows_rejected == 0
    assert world.state(REPORTS, names) == {"1": (value,) * 4}


def test_a_name_in_a_reference_goes_to_quarantine_and_a_blank_one_becomes_null(
    world: World,
) -> None:
    put_report(world, 1, at(0), report_urn="Hidden Heron")
    put_report(world, 2, at(0), nccu_referral_ref="ask Hidden Heron")
    put_report(world, 3, at(0), nccu_referral_ref="NR26000001", occurrence_ref="CAD 12 of today")
    put_report(world, 4, at(0), nccu_referral_ref="  ", occurrence_ref="")
    world.land(REPORTS)
    assert world.state(REPORTS, ("nccu_referral_ref", "occurrence_ref")) == {
        "3": ("NR26000001", "CAD 12 of today"), "4": (None, None)
    }  # fmt: skip
    assert [(key, reasons) for _, key, reasons in world.reasons(REPORTS)] == [
        ("1", ["report_urn reads like prose, not like a reference"]),
        ("2", ["nccu_referral_ref reads like prose, not like a reference"]),
    ]


def test_of_handling_conditions_only_the_presence_is_landed(world: World) -> None:
    texts = [None, "", " \t\r\n\N{NO-BREAK SPACE}", "ask the heron", " x\n"]
    for key, text in enumerate(texts):
        put_report(world, key, at(0), handling_conditions=text)
    world.land(REPORTS)
    stated = {"0": False, "1": False, "2": False, "3": True, "4": True}
    expected = {key: (is_stated,) for key, is_stated in stated.items()}
    assert world.state(REPORTS, ("handling_conditions",)) == expected
    # This extract is not a first load, so its rows pass through the usual checks. Record 3 gets
    # another text, which does not change what is landed. Record 0 is rejected because of its
    # status.
    put_report(world, 3, at(30), handling_conditions="ask the crane")
    put_report(world, 0, at(30), handling_conditions="ask the stork", status="LOST")
    put_report(world, 1, at(30), handling_conditions="ask the swan")
    world.land(REPORTS)
    assert world.state(REPORTS, ("handling_conditions",)) == expected | {"1": (True,)}
    held = [
        gzip.decompress(path.read_bytes()) for path in world.settings.home.glob("batches/**/*.gz")
    ]
    held += [
        str(world.query(f"select t::text from {table} as t")).encode()
        for table in ("raw_law_enforcement.intelligence_report", "audit.rejected_row")
    ]
    for bird in (b"heron", b"crane", b"stork", b"swan"):
        assert not [content for content in held if b"ask the " + bird in content]
    assert_agrees(world, REPORTS)
