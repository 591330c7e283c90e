"""An impossible export or replay fails with a one-line error, and changes nothing."""

import stat
from collections.abc import Callable

import pytest

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.replay import replay
from tests.commands import shown
from tests.integration.landing.support import World, completion, person
from tests.integration.operations.support import Row, export, write

PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


def some_rejected(world: World) -> None:
    world.personnel("20260101", "000001", person("000002", start="x"), person("000003", start="y"))
    world.completions("20260101", completion("000001").replace("COMPLETED", "LOST"))
    world.land(PEOPLE)
    world.land(COMPLETIONS)


def without(name: str) -> Callable[[Row], Row]:
    return lambda row: {key: value for key, value in row.items() if key != name}


MISTAKES: dict[str, tuple[Callable[[Row], Row], str]] = {
    "unknown id": (
        lambda row: {**row, "rejected_id": "99999999"},
        r"rejected-\d+\.csv, row 1: there is no rejected row 99999999. Nothing was replayed\.",
    ),
    "no id": (lambda row: {**row, "rejected_id": " "}, r"row 1: its rejected_id is not a number"),
    "column missing": (without("role_code"), r"rejected-\d+\.csv: missing column role_code\. "),
    "id column missing": (without("rejected_id"), r"missing column rejected_id"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_file_with_a_mistake_is_refused_in_one_line(world: World, mistake: str) -> None:
    some_rejected(world)
    path, rows = export(world, PEOPLE)
    change, message = MISTAKES[mistake]
    write(path, [change(rows[0])])
    with pytest.raises(AssuranceError, match=message) as raised:
        replay(world.settings, PEOPLE, path, None, "tester")
    assert "\n" not in raised.value.message
    assert world.one("select count(*) from audit.batch where kind = 'replay'") == 0


def test_other_mistakes_are_one_line_too(world: World) -> None:
    some_rejected(world)
    path, rows = export(world, PEOPLE)
    [other] = world.query(
        "select rejected_id from audit.rejected_row where dataset = %s", COMPLETIONS
    )
    for broken, message in (
        (
            [{**rows[0], "rejected_id": str(other[0])}],
            r"is of lms/completions, not of hr/personnel",
        ),
        ([rows[0], rows[0]], r"row 2: it corrects rejected row \d+, and so does row 1"),
    ):
        write(path, broken)
        with pytest.raises(AssuranceError, match=message):
            replay(world.settings, PEOPLE, path, None, "tester")
    for content, message in (
        (",".join(rows[0]) + "\n", r"has no rows, so there is nothing to replay"),
        ("", r"it is empty"),
        (b"PK\x03\x04" + bytes(200), r"it is a workbook or an archive.*saved as CSV"),
        (",".join(rows[0]) + "\na,b\n", r"row 1: the row has 2 cells where the header has 11"),
    ):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(AssuranceError, match=message):
            replay(world.settings, PEOPLE, path, None, "tester")
    with pytest.raises(AssuranceError, match=r"nowhere.csv cannot be read: No such file"):
        replay(world.settings, PEOPLE, path.with_name("nowhere.csv"), None, "tester")
    with pytest.raises(UsageError, match=r"There is no dataset 'hr/people'"):
        replay(world.settings, "hr/people", None, None, "tester")


def test_an_export_is_private_and_logged_and_overwrites_no_file(world: World) -> None:
    some_rejected(world)
    path, rows = export(world, PEOPLE, reason="START_DATE")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(rows[0]) == [
        "employee_no", "collar_no", "employment_type", "rank_grade", "role_code", "org_unit_code",
        "start_date", "leave_date", "absence_status", "rejected_id", "reasons",
    ]  # fmt: skip
    assert [(row["employee_no"], row["start_date"]) for row in rows] == [
        ("000002", "x"), ("000003", "y"),
    ]  # fmt: skip
    log = world.query("select what, to_whom from audit.processing_log where action = 'disclosure'")
    assert log == [(f"hr/personnel: 2 rejected rows of personnel, exported to {path}", "tester")]
    with pytest.raises(AssuranceError, match=r"exists already and may hold corrections"):
        export_rejected(world.settings, QuarantineFilter(PEOPLE), path, "tester")
    with pytest.raises(AssuranceError, match=r"hr/org_unit: no such row in quarantine"):
        export_rejected(world.settings, QuarantineFilter("hr/org_unit"), path, "tester")
    nowhere = path.parent / "none" / "x.csv"
    with pytest.raises(AssuranceError, match=r"x.csv cannot be written: No such file"):
        export_rejected(world.settings, QuarantineFilter(PEOPLE), nowhere, "tester")


def test_a_row_that_could_not_be_split_is_exported_with_its_line(world: World) -> None:
    world.personnel("20260101", "000001", "2,C2,OFFICER,PC", '3,"C3,OFFICER,PC,R,T1,2020-01-01,,')
    world.land(PEOPLE)
    path, rows = export(world, PEOPLE)
    assert [(row["employee_no"], row["collar_no"], row["as_it_came"]) for row in rows] == [
        ("2", "C2", "2,C2,OFFICER,PC"),
        ("3", "C3", '3,"C3,OFFICER,PC,R,T1,2020-01-01,,'),
    ]
    write(path, [{**row, "employment_type": "STAFF", "start_date": "2020-01-01"} for row in rows])
    assert replay(world.settings, PEOPLE, path, None, "tester").landed == 2


def test_the_commands_show_what_is_rejected_and_say_the_next_step(world: World) -> None:
    settings = world.settings
    assert shown(settings, "quarantine", "list")["counts"] == []
    some_rejected(world)
    found = shown(settings, "quarantine", "list", "--limit", "2")
    assert sum(one["rows"] for one in found["counts"]) == 3
    assert len(found["rows"]) == 2
    assert found["notes"] == ["These are the newest 2 of 3 rows: see --limit."]
    assert found["next"].startswith("`assurance quarantine export DATASET --to FILE`, correct FILE")
    mine = shown(settings, "quarantine", "list", "--dataset", PEOPLE)
    assert {one["source_place"] for one in mine["rows"]} == {"personnel_20260101.csv"}
    assert {(one["row_number"], one["row_key"]) for one in mine["rows"]} == {
        (2, "000002"), (3, "000003")
    }  # fmt: skip
    assert "`assurance quarantine replay hr/personnel FILE`" in mine["next"]
    (count,) = shown(settings, "quarantine", "list", "--rejected-for", "START_DATE")["counts"]
    assert (count["dataset"], count["rows"]) == (PEOPLE, 2)
    to = world.dropzone.parent / "export.csv"
    exported = shown(settings, "quarantine", "export", PEOPLE, "--to", str(to))
    assert exported["exported"] == {"rows": 2, "unsplit": 0, "refused_by_marking": 0}
    report = shown(settings, "quarantine", "replay", PEOPLE, str(to), "--reason", "asked")
    assert report["notes"] == ["hr/personnel: 0 rows landed."]
    (delivery,) = report["deliveries"]
    assert (delivery["landed"], delivery["still_rejected"]) == (0, 2)
    assert report["still_rejected"] == [{"rows": 2, "reason": "start_date is not a date"}]
    nothing = shown(settings, "quarantine", "replay", "hr/org_unit")
    assert (nothing["deliveries"], nothing["next"]) == ([], None)
