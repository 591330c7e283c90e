"""A batch's changes to known records are counted by column and code, without personal values."""

from datetime import timedelta

import pytest

from tests.integration.landing.support import (
    CUSTODY,
    REPORTS,
    START,
    World,
    at,
    completion,
    person,
    put,
    put_report,
    workbook,
)

PEOPLE = "hr/personnel"
HYDRA = "hydra/attendance"
REFERRALS = "rms/nccu_referral"

pytestmark = pytest.mark.usefixtures("empty_sources")

Count = tuple[str, str, str, bool, int]


def counts(world: World, name: str, batch: int = -1, table: str | None = None) -> list[Count]:
    """Return a batch's counts: column, old value, new value, is it a correction, records."""
    return world.query(
        "select column_name, was, became, is_correction, records from audit.correction"
        " where batch_id = %s and table_name = coalesce(%s, table_name) order by 1, 2, 3",
        world.batches(name)[batch]["batch_id"],
        table,
    )


def refer(world: World, key: int, minutes: float, **other: object) -> None:
    """Insert or replace a referral."""
    values = {
        "referral_id": key,
        "referral_ref": f"R{key}",
        "reporting_officer_no": "C1",
        "contacted_at": START,
        "channel": "PHONE",
        "referral_type": "STATUS_CHECK",
        "created_at": START,
        "updated_at": at(minutes),
    } | other
    world.rms("delete from rms.nccu_referral where referral_id = %s", key)
    world.rms(
        f"insert into rms.nccu_referral ({', '.join(values)})"
        f" values ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


# ---------------------------------------------------------------- databases


def test_a_first_load_and_new_records_count_nothing(world: World) -> None:
    for keys in (range(5), range(5, 30)):
        for key in keys:
            refer(world, key, key)
        world.land(REFERRALS)
    assert world.query("select * from audit.correction") == []


def test_changes_of_codes_are_counted_by_old_and_new_code(world: World) -> None:
    for key in range(1, 6):
        refer(world, key, key)
    world.land(REFERRALS)
    for key in (1, 2):
        refer(world, key, 30, referral_type="IMMIGRATION_CRIME")
    refer(world, 3, 30, referral_type="VICTIM", channel="EMAIL")
    refer(world, 4, 30)
    refer(world, 9, 30, referral_type="VICTIM")
    world.land(REFERRALS)
    assert counts(world, REFERRALS) == [
        ("channel", "PHONE", "EMAIL", True, 1),
        ("referral_type", "STATUS_CHECK", "IMMIGRATION_CRIME", True, 2),
        ("referral_type", "STATUS_CHECK", "VICTIM", True, 1),
    ]


def test_the_key_and_the_cursor_are_not_counted_and_a_soft_delete_is(world: World) -> None:
    put(world, 1, at(0))
    world.land(CUSTODY)
    put(world, 1, at(30))
    assert world.land(CUSTODY).rows_landed == 1
    assert counts(world, CUSTODY) == []
    put(world, 1, at(60), deleted_at=at(60))
    world.land(CUSTODY)
    assert counts(world, CUSTODY) == [("deleted_at", "blank", "filled", True, 1)]


def test_a_value_that_goes_forward_is_no_correction_and_one_that_goes_back_is(world: World) -> None:
    refer(world, 1, 0)
    refer(world, 2, 0, outcome="PENDING")
    refer(world, 3, 0, outcome="ARREST", occurrence_ref="26000000001")
    put_report(world, 1, at(0), status="DRAFT")
    world.land(REFERRALS)
    world.land(REPORTS)
    refer(world, 1, 30, outcome="BAIL", occurrence_ref="26000000002", persons_count=3)
    refer(world, 2, 30, outcome="DETAIN")
    refer(world, 3, 30, outcome="BAIL")
    put_report(world, 1, at(30), status="SUBMITTED", submitted_at=at(30))
    world.land(REFERRALS)
    world.land(REPORTS)
    assert counts(world, REFERRALS) == [
        ("occurrence_ref", "blank", "filled", False, 1),
        ("occurrence_ref", "filled", "blank", True, 1),
        ("outcome", "ARREST", "BAIL", True, 1),
        ("outcome", "PENDING", "DETAIN", False, 1),
        ("outcome", "blank", "BAIL", False, 1),
        ("persons_count", "blank", "filled", False, 1),
    ]
    assert counts(world, REPORTS) == [
        ("status", "DRAFT", "SUBMITTED", False, 1),
        ("submitted_at", "blank", "filled", False, 1),
    ]
    put_report(world, 1, at(60), status="DRAFT")
    world.land(REPORTS)
    assert counts(world, REPORTS) == [
        ("status", "SUBMITTED", "DRAFT", True, 1),
        ("submitted_at", "filled", "blank", True, 1),
    ]


def test_vanished_and_returned_records_are_counted_as_records(world: World) -> None:
    for key in (1, 2, 3):
        put(world, key, at(key))
    world.land(CUSTODY)
    world.rms("delete from rms.custody_record where custody_id < 3")
    world.land(CUSTODY)
    assert counts(world, CUSTODY) == [("record", "listed", "vanished", True, 2)]
    put(world, 1, at(1), "C9")
    world.land(CUSTODY)
    # When a record returns with other values, only its return is counted.
    assert counts(world, CUSTODY) == [("record", "vanished", "listed", False, 1)]


def test_a_change_that_the_cursor_missed_is_counted(world: World) -> None:
    refer(world, 1, 0)
    refer(world, 2, 60)
    world.land(REFERRALS)
    refer(world, 1, -600, referral_type="VICTIM")
    world.land(REFERRALS)
    assert counts(world, REFERRALS) == [("referral_type", "STATUS_CHECK", "VICTIM", True, 1)]


# ---------------------------------------------------------------- files


MOVED = ("org_unit_code", "filled", "filled", True, 1)
VANISHED = ("record", "listed", "vanished", True, 1)
SIX = [f"{number:06}" for number in range(1, 7)]


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        pytest.param([("01", *SIX)], [], id="the first"),
        pytest.param([("01", *SIX[:3]), ("02", *SIX[:2])], [VANISHED], id="one vanished"),
        pytest.param(
            [("01", *SIX), ("02", *(person(key, "T2") for key in SIX[:5]), person(SIX[5], SIX[5]))],
            [("org_unit_code", "T1", "T2", True, 5), MOVED],
            id="a code that no list names is shown if several share it",
        ),
        pytest.param(
            [("01", person("1", "A")), ("10", person("1", "C")), ("05", person("1", "B"))],
            [MOVED],
            id="a late file is compared with the one before it",
        ),
        pytest.param(
            # The late file changes the state from 5 January on, so that the versions of 10 January
            # are stored again.
            [("01", person("1", "A")), ("10", person("1", "A")), ("05", person("1", "B"))],
            [MOVED],
            id="restored versions do not count",
        ),
        pytest.param(
            [("10", person("1", "A")), ("05", person("1", "B"))],
            [],
            id="a late first file has nothing before it",
        ),
        pytest.param(
            [("01", person("1", "A")), ("01", person("1", "B"))],
            [MOVED],
            id="another file for the same day",
        ),
        pytest.param(
            [("01", *SIX[:2]), ("02", SIX[0], person(SIX[1], "T2").replace("OFFICER", "WIZARD"))],
            [],
            id="a rejected row",
        ),
        pytest.param(
            [("01", *(f"{n:06}" for n in range(30))), ("02", *(person(key, "T2") for key in SIX))],
            [],
            id="a refused list",
        ),
    ],
)
def test_the_changes_of_a_list_are_counted(
    world: World, deliveries: list[tuple[str, ...]], expected: list[Count]
) -> None:
    for day, *rows in deliveries:
        world.personnel(f"202601{day}", *rows)
        world.land(PEOPLE)
    assert counts(world, PEOPLE) == expected


def test_no_personal_value_is_stored(world: World) -> None:
    """Numbers, dates and free texts are only recorded as blank or filled."""
    names = "Hidden Heron", "Mallard"
    # A reference that looks like prose is not landed, so these references do not look like prose.
    references = "Hidden-Heron", "Mallard-26"
    put_report(world, 1, at(0), author_officer_no=names[0], handling_conditions=names[0])
    put(world, 1, at(0), names[0], occurrence_ref=references[0])
    world.land(REPORTS)
    world.land(CUSTODY)
    put_report(world, 1, at(30), author_officer_no=names[1], handling_conditions=None)
    put(world, 1, at(30), names[1], occurrence_ref=references[1])
    world.land(REPORTS)
    world.land(CUSTODY)
    line = person("000001")
    world.personnel("20260101", line)
    world.personnel("20260102", line.replace("C000001", "C000009").replace("2020", "2021"))
    world.land(PEOPLE)
    assert ("author_officer_no", "filled", "filled", True, 1) in counts(world, REPORTS)
    assert counts(world, CUSTODY) == [
        ("arresting_officer_no", "filled", "filled", True, 1),
        ("occurrence_ref", "filled", "filled", True, 1),
    ]
    assert counts(world, PEOPLE) == [
        ("collar_no", "filled", "filled", True, 1),
        ("start_date", "filled", "filled", True, 1),
    ]
    stored = str(world.query("select * from audit.correction"))
    for value in (*names, *references, "C000001", "C000009", "000001", "2020", "2021"):
        assert value not in stored


def test_a_delivery_of_changes_counts_only_what_it_lists(world: World) -> None:
    world.completions("20260101", completion("000001", 50), completion("000002"))
    world.completions("20260102", completion("000002", 60))
    world.completions("20260103", completion("000001", 70), completion("000002", 65))
    world.land("lms/completions")
    assert counts(world, "lms/completions", 1) == [("score", "blank", "filled", False, 1)]
    assert counts(world, "lms/completions", 2) == [("score", "filled", "filled", True, 2)]


def test_each_sheet_of_a_workbook_is_counted(world: World) -> None:
    sessions = [["session_code", "session_date", "venue", "capacity"], ["H1", "2025-10-06"]]
    header = ["session_code", "employee_no", "attended", "outcome"]
    for day, attendance in (
        ("20260105", [["H1", "000001", "N", ""], ["H1", "000002", "Y", "REFER"]]),
        ("20260112", [["H1", "000001", "Y", "PASS"], ["H1", "000002", "Y", "PASS"]]),
    ):
        world.drop(
            f"hydra/attendance/hydra_{day}.xlsx",
            workbook({"Sessions": sessions, "Attendance": [header, *attendance]}),
        )
        sessions[1] = ["H1", "2025-10-07", "Hall", "12"]
    world.land(HYDRA)
    assert counts(world, HYDRA, 0) == []
    assert counts(world, HYDRA, 1, "hydra_session") == [
        ("capacity", "blank", "filled", False, 1),
        ("session_date", "filled", "filled", True, 1),
    ]
    assert counts(world, HYDRA, 1, "hydra_attendance") == [
        ("attended", "N", "Y", False, 1),
        ("outcome", "REFER", "PASS", True, 1),
        ("outcome", "blank", "PASS", False, 1),
    ]


def test_an_unchanged_delivery_counts_nothing(world: World) -> None:
    for name, moment in (("a", START), ("b", START + timedelta(days=1))):
        world.drop(
            "governance/recommendations/recommendation_log.csv",
            "event_at,point_code,party,status,comment\n2025-06-01 09:30,HYDRA,FORCE,ok,\n"
            + ("\n" if name == "b" else ""),
            moment,
        )
        world.land("governance/recommendations")
    assert counts(world, "governance/recommendations") == []
