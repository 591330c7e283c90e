"""A delivery from a source that looks emptied is refused until a person accepts it."""

from datetime import date
from typing import Any

import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.errors import SourceUnavailable, UsageError
from oic_assurance.landing.emptied import LooksEmptied, accept
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.support import (
    CUSTODY,
    World,
    at,
    london_midnight,
    officers,
    person,
    put,
    workbook,
)
from tests.integration.operations.support import assert_agrees

PEOPLE = "hr/personnel"
HYDRA = "hydra/attendance"
#: Twenty officers: the smallest number of known records for which the limit of one half applies.
TWENTY = [f"{number:06d}" for number in range(1, 21)]

pytestmark = pytest.mark.usefixtures("empty_sources")


def fill(world: World, records: int) -> None:
    for key in range(1, records + 1):
        put(world, key, at(key))
    world.land(CUSTODY)


def refuse(world: World, how_many: str | None = None) -> str:
    """Land the custody records, which must be refused. Return the reason."""
    with pytest.raises(LooksEmptied, match=how_many) as refused:
        world.land(CUSTODY)
    return refused.value.message


def empty_three(world: World) -> str:
    """Land three records, and then the empty table. Return the reason for which it is refused."""
    fill(world, 3)
    world.rms("truncate rms.custody_record")
    return refuse(world)


def keep(world: World, records: int) -> None:
    """Keep the custody records 1 to `records` in the source, and delete all others."""
    world.rms("delete from rms.custody_record where custody_id > %s", records)


def accepted(world: World, name: str, reason: str = "they were moved") -> None:
    accept(world.settings, dataset(name), "a.clerk", reason)


def hydra_workbook(world: World, day: str, sessions: int) -> None:
    """Drop a workbook with as many sessions, each with one officer who attended."""
    codes = [f"S{number}" for number in range(1, sessions + 1)]
    sheets: dict[str, list[Any]] = {
        "Sessions": [["session_code", "session_date", "venue", "capacity"]]
        + [[code, date(2025, 6, 2), "HQ", 12] for code in codes],
        "Attendance": [["session_code", "employee_no", "attended", "outcome"]]
        + [[code, "000001", "Y", "PASS"] for code in codes],
    }
    world.drop(f"{HYDRA}/hydra_{day}.xlsx", workbook(sheets))


def refusals(world: World) -> list[tuple[object, ...]]:
    return world.query(
        "select dataset, table_name, known, vanishing, accepted_by, reason from audit.emptied"
        " order by emptied_id"
    )


# ---------------------------------------------------------------- databases


def test_an_empty_table_is_refused_and_nothing_vanishes(world: World) -> None:
    reason = empty_three(world)
    assert reason == (
        "3 of 3 known records would vanish from custody_record. If they are really gone: "
        "`assurance batch accept rms/custody_record --reason …`"
    )
    assert len(officers(world)) == 3
    assert len(world.batches(CUSTODY)) == 1
    attempts = world.query("select outcome, reason from audit.extraction order by extraction_id")
    assert attempts == [("succeeded", None), ("failed", reason)]
    assert refusals(world) == [(CUSTODY, "custody_record", 3, 3, None, None)]
    with pytest.raises(UsageError, match="No delivery of rms/occurrence waits to be accepted"):
        accepted(world, "rms/occurrence")
    for blank in ("", "  "):
        with pytest.raises(UsageError, match="An acceptance needs a reason"):
            accepted(world, CUSTODY, blank)
    refuse(world)


def test_an_empty_table_that_was_always_empty_is_no_problem(world: World) -> None:
    assert world.land(CUSTODY).batches == 0
    assert world.land(CUSTODY).batches == 0


def test_a_table_that_is_whole_again_is_landed_without_an_acceptance(world: World) -> None:
    empty_three(world)
    for key in range(1, 4):
        put(world, key, at(key))
    assert world.land(CUSTODY).batches == 0
    assert len(officers(world)) == 3
    # A good extract has followed the refused one, so there is nothing left to accept.
    with pytest.raises(UsageError, match="No delivery of rms/custody_record waits"):
        accepted(world, CUSTODY)


@pytest.mark.parametrize(
    ("known", "left", "is_refused"),
    [(20, 10, False), (20, 9, True), (19, 1, False), (19, 0, True)],
)
def test_a_reconciliation_by_which_more_than_half_of_twenty_would_vanish(
    world: World, known: int, left: int, is_refused: bool
) -> None:
    fill(world, known)
    keep(world, left)
    if is_refused:
        refuse(world, f"{known - left} of {known} known records")
    else:
        world.land(CUSTODY)
    assert len(officers(world)) == (known if is_refused else left)


def test_few_records_may_be_replaced_by_others(world: World) -> None:
    fill(world, 3)
    world.rms("delete from rms.custody_record")
    put(world, 7, at(60))
    world.land(CUSTODY)
    assert list(officers(world)) == ["7"]


def test_nothing_of_a_refused_extract_is_landed(world: World) -> None:
    fill(world, 20)
    keep(world, 5)
    put(world, 1, at(90), "C9")
    put(world, 99, at(90))
    refuse(world)
    assert officers(world) == {str(key): "C1" for key in range(1, 21)}
    # After the next landing, no file of the refused extract is left in the archive.
    accepted(world, CUSTODY)
    world.land(CUSTODY)
    assert officers(world)["1"] == "C9"
    assert len(officers(world)) == 6
    archived = list((world.settings.home / "batches" / CUSTODY).iterdir())
    assert len(archived) == len(world.batches(CUSTODY))


def test_a_soft_delete_of_all_records_is_believed(world: World) -> None:
    """The source itself marks the records as deleted, so it has not lost them."""
    fill(world, 25)
    world.rms("update rms.custody_record set deleted_at = %s, updated_at = %s", at(99), at(99))
    assert world.land(CUSTODY).rows_landed == 25


def test_an_accepted_delivery_is_landed_once(world: World) -> None:
    empty_three(world)
    accepted(world, CUSTODY)
    world.land(CUSTODY)
    assert officers(world) == {}
    vanished = world.batches(CUSTODY)[-1]["batch_id"]
    assert world.query("select used_by_batch, reason, accepted_by from audit.emptied") == [
        (vanished, "they were moved", "a.clerk")
    ]
    # If the same records vanish again, the delivery is refused again.
    empty_three(world)


def test_no_more_records_may_vanish_than_were_refused(world: World) -> None:
    fill(world, 30)
    keep(world, 10)
    refuse(world, "20 of 30")
    accepted(world, CUSTODY)
    keep(world, 9)
    refuse(world, "21 of 30")
    accepted(world, CUSTODY)
    world.land(CUSTODY)
    assert len(officers(world)) == 9


def test_an_acceptance_outlives_a_source_that_is_down_and_ends_with_a_landing_that_needs_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, 20)
    keep(world, 5)
    refuse(world)
    accepted(world, CUSTODY)
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_RMS", "postgresql://reader:hidden@127.0.0.1:1/rms")
        with pytest.raises(SourceUnavailable):
            world.land(CUSTODY)
    world.land(CUSTODY)
    assert len(officers(world)) == 5
    fill(world, 20)
    keep(world, 5)
    refuse(world)
    accepted(world, CUSTODY)
    fill(world, 20)
    keep(world, 5)
    refuse(world)


# ---------------------------------------------------------------- files


def test_a_full_list_by_which_more_than_half_would_vanish_is_refused(world: World) -> None:
    world.personnel("20260101", *TWENTY)
    world.personnel("20260102", *TWENTY[:9])
    report = world.land(PEOPLE)
    assert report.refused == [
        (
            "personnel_20260102.csv",
            "11 of 20 known records would vanish from personnel. If they are really gone: "
            "`assurance batch accept hr/personnel --reason …`",
        )
    ]
    assert len(world.state(PEOPLE, ())) == 20
    assert [batch["status"] for batch in world.batches(PEOPLE)] == ["landed", "refused"]
    assert refusals(world) == [(PEOPLE, "personnel", 20, 11, None, None)]
    # The file is refused once, and not again at each landing.
    assert world.land(PEOPLE).refused == []
    assert len(refusals(world)) == 1


@pytest.mark.parametrize(
    ("known", "left"), [(TWENTY, TWENTY[:10]), (TWENTY[:19], TWENTY[:1]), (TWENTY[:2], TWENTY[2:3])]
)
def test_a_full_list_by_which_fewer_would_vanish_is_landed(
    world: World, known: list[str], left: list[str]
) -> None:
    world.personnel("20260101", *known)
    world.personnel("20260102", *left)
    assert world.land(PEOPLE).refused == []
    assert list(world.state(PEOPLE, ())) == left


def test_deliveries_of_changes_may_leave_out_everybody(world: World) -> None:
    rows = [f"{key},OIC-EL,OIC-EL-1,1,COMPLETED,2025-06-02 10:00," for key in TWENTY]
    world.completions("20260101", *rows)
    world.completions("20260102")
    assert world.land("lms/completions").refused == []
    assert len(world.state("lms/completions", ())) == 20


def test_known_are_those_of_the_day_of_a_late_list(world: World) -> None:
    """A late list is compared with the list that precedes it in time, not with the newest list."""
    world.personnel("20260101", *TWENTY[:4])
    world.personnel("20260110", *TWENTY)
    world.land(PEOPLE)
    world.personnel("20260105", *TWENTY[:3])
    assert world.land(PEOPLE).refused == []
    assert len(world.state(PEOPLE, ())) == 20


def test_an_accepted_list_is_landed_and_then_its_successors(world: World) -> None:
    world.personnel("20260101", *TWENTY)
    world.personnel("20260102", *TWENTY[:9])
    world.personnel("20260103", *TWENTY[:9])
    assert len(world.land(PEOPLE).refused) == 2
    accepted(world, PEOPLE, "the force was split")
    report = world.land(PEOPLE)
    assert (report.refused, report.batches) == ([], 2)
    assert len(world.state(PEOPLE, ())) == 9
    landed = {batch["source_place"]: batch["batch_id"] for batch in world.batches(PEOPLE)[-2:]}
    assert world.query("select used_by_batch from audit.emptied where accepted_at is not null") == [
        (landed["personnel_20260102.csv"],)
    ]


def test_an_acceptance_is_not_needed_once_a_later_list_is_whole(world: World) -> None:
    world.personnel("20260101", *TWENTY)
    short = world.personnel("20260102", *TWENTY[:9])
    world.land(PEOPLE)
    accepted(world, PEOPLE)
    short.unlink()
    world.land(PEOPLE)
    world.personnel("20260103", *TWENTY[:9])
    assert len(world.land(PEOPLE).refused) == 1
    world.personnel("20260104", *TWENTY)
    world.land(PEOPLE)
    with pytest.raises(UsageError, match="or a later delivery was landed"):
        accepted(world, PEOPLE)


def test_the_loss_of_two_tables_of_a_file_can_be_accepted_one_after_the_other(world: World) -> None:
    """The person learns of the second table only when the loss of the first one is accepted."""
    hydra_workbook(world, "20260101", sessions=20)
    hydra_workbook(world, "20260108", sessions=5)
    for table in ("hydra_session", "hydra_attendance"):
        [(_, reason)] = world.land(HYDRA).refused
        assert f"15 of 20 known records would vanish from {table}." in reason
        accepted(world, HYDRA)
    assert world.land(HYDRA).refused == []
    for table in ("hydra_session", "hydra_attendance"):
        assert len(world.state(HYDRA, (), table=table)) == 5
    used = world.one("select array_agg(distinct used_by_batch) from audit.emptied")
    assert used == [world.batches(HYDRA)[-1]["batch_id"]]


# ---------------------------------------------------------------- rows without a readable key


def test_if_a_key_cannot_be_read_nobody_vanishes_and_the_delivery_says_so(world: World) -> None:
    world.personnel("20260101", "000001", "000002", "000003")
    world.personnel("20260102", person("000001", "T9"), person("???"))
    report = world.land(PEOPLE)
    assert (report.batches, report.rows_rejected) == (2, 1)
    state = world.state(PEOPLE, ("org_unit_code",))
    assert state == {"000001": ("T9",), "000002": ("T1",), "000003": ("T1",)}
    assert world.batches(PEOPLE)[-1]["notes"]["personnel"]["rows_without_key"] == 1
    assert "rows_without_key" not in str(world.batches(PEOPLE)[0]["notes"])
    # After the next list in which every key can be read, people can vanish again.
    world.personnel("20260103", "000001", "000002")
    world.land(PEOPLE)
    assert list(world.state(PEOPLE, ())) == ["000001", "000002"]


def test_a_late_list_stays_valid_past_a_list_that_does_not_name_its_records(world: World) -> None:
    """A list with an unreadable key does not prove that anybody has vanished."""
    world.personnel("20260101", person("000001", "A"), person("000002", "A"), "000003")
    world.personnel("20260110", person("000001", "A"), person("???"))
    world.personnel("20260120", person("000001", "A"), person("000002", "A"))
    world.land(PEOPLE)
    world.personnel("20260105", person("000001", "B"), person("000002", "B"))
    world.land(PEOPLE)

    def units(day: str) -> dict[str, tuple[object, ...]]:
        return world.state(PEOPLE, ("org_unit_code",), london_midnight(day))

    assert units("20260105") == {"000001": ("B",), "000002": ("B",)}
    assert units("20260110") == {"000001": ("A",), "000002": ("B",)}
    assert units("20260120") == {"000001": ("A",), "000002": ("A",)}
    assert_agrees(world, PEOPLE)


def test_a_rejected_row_with_a_readable_key_lets_others_vanish(world: World) -> None:
    world.personnel("20260101", "000001", "000002", "000003")
    world.personnel("20260102", "000001", person("000002", start="never"))
    world.land(PEOPLE)
    assert list(world.state(PEOPLE, ())) == ["000001", "000002"]
    assert "rows_without_key" not in str(world.batches(PEOPLE)[-1]["notes"])


# ---------------------------------------------------------------- the command


def test_the_command_records_who_accepted_and_what_may_vanish(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oic_assurance.cli.batch.account", lambda: "a.clerk")
    world.personnel("20260101", *TWENTY)
    world.personnel("20260102", *TWENTY[:9])
    world.land(PEOPLE)
    assert run_command(["batch", "accept", PEOPLE]) == 2
    assert "needs a reason" in capsys.readouterr().err
    assert run_command(["batch", "accept", PEOPLE, "--reason", "the force was split"]) == 0
    assert capsys.readouterr().out == (
        "11 of 20 known records of personnel may vanish.\n\n"
        "Next: `assurance run` lands the delivery.\n"
    )
    assert refusals(world) == [
        (PEOPLE, "personnel", 20, 11, "a.clerk", "the force was split"),
    ]
    assert world.land(PEOPLE).refused == []
    assert run_command(["batch", "accept", PEOPLE, "--reason", "again"]) == 2
    assert "No delivery of hr/personnel waits to be accepted" in capsys.readouterr().err


def test_the_command_names_an_unknown_dataset(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["batch", "accept", "hr/personel", "--reason", "x"]) == 2
    assert "Did you mean 'hr/personnel'?" in capsys.readouterr().err
