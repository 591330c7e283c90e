"""An erased record is removed everywhere, and is not landed when it is delivered again.

After the erasure, raw still agrees with the archive, also if rows were replayed before or after.
Records whose retention has ended are found and erased by a command.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.landing.erased_keys import add_layer, layer_name
from oic_assurance.landing.pseudonyms import assign_pseudonyms
from oic_assurance.operations.erase.erase import erase, tables_with
from oic_assurance.operations.erase.expired import expired_records
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.explain.history import erasure_of, find_kind
from oic_assurance.operations.explain.publication_records import HISTORY_ROLE
from oic_assurance.operations.replay.replay import replay
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.warehouse.connections import connect
from simulator.delivery.registers import BOARD
from tests.integration.landing.support import (
    CUSTODY,
    PERSONNEL,
    REPORTS,
    World,
    at,
    completion,
    person,
    put,
    put_report,
    workbook,
)
from tests.integration.landing.test_board_log import FILE, MONDAY, action, log, question
from tests.integration.operations.support import (
    Row,
    archived_contents,
    assert_agrees,
    correct,
    disagreements,
    erase_record,
    export,
    write,
)

PEOPLE = "hr/personnel"
COMPLETIONS = "lms/completions"
HYDRA = "hydra/attendance"


def text_of_warehouse(world: World) -> str:
    """Return all rows of raw, audit and identity as text."""
    parts = []
    for schema, table in world.query(
        "select schemaname, tablename from pg_tables where schemaname in"
        " ('raw_general', 'raw_law_enforcement', 'audit', 'identity') and tablename <>"
        " 'schema_migration'"
    ):
        with world.as_owner() as administrator:
            rows = administrator.execute(
                f"select coalesce(string_agg(t::text, '|'), '') from {schema}.{table} as t".encode()
            ).fetchone()
        parts.append(rows[0] if rows else "")
    return "\n".join(parts)


def test_a_record_is_known_as_erased_by_its_name_and_its_key(world: World) -> None:
    put_report(world, 7, at(2))
    put_report(world, 8, at(2))
    world.land(REPORTS)
    erase_record(world, REPORTS, "7")
    told = "was erased on .*, because: asked for under DPA 2018 s.47"
    with connect(world.settings, role=HISTORY_ROLE) as session:
        asked = partial(erasure_of, world.settings, session)
        document = find_kind("document")
        assert re.fullmatch(told, asked(document, "URN-7") or "")
        # Another record.
        assert asked(document, "URN-8") is None
        # Of a record whose marking rose, nobody may see that it existed.
        with world.as_owner() as owner:
            owner.execute("update audit.erasure set kind = 'marking'")
        assert asked(document, "URN-7") is None


# -------------------------------------------------------------------- files


def test_all_versions_are_erased_and_archived_files_become_their_other_rows(world: World) -> None:
    title = f"Personnel, asked for by 000777\n{PERSONNEL}\n"
    first = [person("000001"), person("000777"), person("000003")]
    second = [person("000777", "T2"), person("000001"), person("000003", '"T\n3"')]
    world.drop("hr/personnel/personnel_20260101.csv", title + "\n".join(first) + "\nTotal,3\n")
    world.drop("hr/personnel/personnel_20260102.csv", title + "\n".join(second) + "\n")
    world.personnel("20260103", "000001", "000003")
    world.land(PEOPLE)
    untouched = list(archived_contents(world, PEOPLE).values())[2]
    found = erase_record(world, PEOPLE, "000777")
    assert (found.raw.total(), found.archived_rows, found.rejected.total()) == (3, 2, 0)
    assert "000777" not in text_of_warehouse(world)
    contents = archived_contents(world, PEOPLE)
    assert not [name for name, text in contents.items() if b"000777" in text]
    *replaced, last = contents.values()
    assert last == untouched
    assert [[json.loads(line)[0] for line in one.splitlines()[1:]] for one in replaced] == [
        [1, 3],
        [2, 3],
    ]
    assert_agrees(world, PEOPLE)
    rows = world.query("select row_key, row_number from raw_general.personnel order by 1, 2")
    assert ("000003", 3) in rows
    erase_record(world, PEOPLE, "000001")
    assert_agrees(world, PEOPLE)
    assert world.query("select distinct row_key from raw_general.personnel") == [("000003",)]


def test_a_file_whose_rows_were_cut_out_by_an_earlier_version_still_agrees(world: World) -> None:
    """Before version 0062 of the warehouse, the lines of erased rows were cut out of the file."""
    world.drop(
        "hr/personnel/personnel_20260101.csv",
        "\n".join([PERSONNEL, *map(person, ("000001", "000777", "000003")), "Total,3"]),
    )
    world.land(PEOPLE)
    [landed] = world.batches(PEOPLE)
    path = world.settings.home / landed["kept_as"]
    delivered = gzip.decompress(path.read_bytes())
    erase_record(world, PEOPLE, "000777")
    cut = b"".join(one for one in delivered.splitlines(keepends=True) if b"000777" not in one)
    path.write_bytes(gzip.compress(cut))
    with world.as_owner() as owner:
        owner.execute(
            "update audit.batch_erasure set in_normal_form = false, sha256_after = %s",
            (hashlib.sha256(cut).hexdigest(),),
        )
    assert_agrees(world, PEOPLE)
    world.personnel("20251231", person("000003", "T9"))
    world.land(PEOPLE)
    assert_agrees(world, PEOPLE)
    assert erase_record(world, PEOPLE, "000001").archived_rows == 1
    assert b"000001" not in b"".join(archived_contents(world, PEOPLE).values())
    assert_agrees(world, PEOPLE)
    numbers = world.query("select distinct row_number from raw_general.personnel where batch_id ="
                          " %s", landed["batch_id"])  # fmt: skip
    assert numbers == [(3,)]


def test_the_log_shows_what_was_erased_and_does_not_identify_the_record(world: World) -> None:
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)
    before = world.batches(PEOPLE)[0]["sha256"]
    erase_record(world, PEOPLE, "000777")
    content = next(iter(archived_contents(world, PEOPLE).values()))
    [(reason, who, records, raw_rows, kept_rows)] = world.query(
        "select reason, who, records, raw_rows, kept_rows from audit.erasure"
    )
    assert (reason, records, raw_rows, kept_rows) == ("asked for under DPA 2018 s.47", 1, 1, 1)
    assert "login oic_erasure" in who
    assert world.query("select sha256_before, sha256_after, places from audit.batch_erasure") == [
        (before, hashlib.sha256(content).hexdigest(), {"personnel": [2]})
    ]
    [(mark,)] = world.query("select key_mark from audit.erased_key")
    assert len(mark) == 64
    assert world.one("select what from audit.processing_log where action = 'erasure'").startswith(
        "hr/personnel, erasure "
    )
    with pytest.raises(UsageError, match="names the record"):
        erase(world.settings, Request(dataset(PEOPLE), dataset(PEOPLE).tables[0], ("000001",),
                                      "because 000001 asked"))  # fmt: skip


def test_results_of_checks_keep_their_counts_and_lose_their_rows(world: World) -> None:
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)
    with world.as_owner() as administrator:
        administrator.execute(
            """
            with
                build as (
                    insert into audit.build (run_id, as_at, known_batch_id, purpose)
                    select 'one', now(), max(batch_id), 'daily' from audit.batch
                    returning build_id
                ),
                result as (
                    insert into audit.expectation_result
                    (build_id, stage, suite, expectation, severity, success, unexpected)
                    select build_id, 'landing', 's', 'e', 'warning', false, 1 from build
                    returning result_id
                )
            insert into audit.failing_row
            select result_id, 1, '{"employee_no": "000777"}' from result
            """
        )
    assert "000777" in text_of_warehouse(world)
    erase_record(world, PEOPLE, "000777")
    assert "000777" not in text_of_warehouse(world)
    assert world.query("select unexpected from audit.expectation_result") == [(1,)]


def test_a_dry_run_and_an_unknown_key_change_nothing(world: World) -> None:
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)
    before = (text_of_warehouse(world), archived_contents(world, PEOPLE))
    found = erase_record(world, PEOPLE, "000777", dry=True)
    assert (found.raw.total(), found.archived_rows) == (1, 1)
    assert not erase_record(world, PEOPLE, "000778")
    assert (text_of_warehouse(world), archived_contents(world, PEOPLE)) == before


def test_a_workbook_loses_the_row(world: World) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "Sessions": [["session_code", "session_date", "venue", "capacity"],
                     ["S1", date(2026, 1, 5), "Hall", 20]],
        "Attendance": [["session_code", "employee_no", "attended", "outcome"],
                       ["S1", 777, "Y", "PASS"], ["S1", "000002", "N", ""]],
    }  # fmt: skip
    world.drop("hydra/attendance/hydra_20260108.xlsx", workbook(sheets))
    world.land(HYDRA)
    assert [one.name for one in tables_with(world.settings, dataset(HYDRA), "(S1,000777)")] == [
        "hydra_attendance"
    ]
    found = erase_record(world, HYDRA, "(S1,000777)", "hydra_attendance")
    assert (found.raw.total(), found.archived_rows) == (1, 1)
    assert_agrees(world, HYDRA)
    assert world.query("select row_key, row_number from raw_general.hydra_attendance") == [
        ("(S1,000002)", 2)
    ]


# -------------------------------------------------------------------- quarantine, pseudonyms


def test_a_row_of_the_boards_log_is_erased_without_rows_that_only_mention_it(world: World) -> None:
    """The question 1 and the action 1 have the same reference, and the action 2 names the question.

    The texts of the log are screened when its archived file is searched.
    """
    actions = [action("1"), action("2", question_ref="1", status="DOING")]
    world.drop(FILE, log([question("1")], actions), MONDAY)
    world.land(BOARD)
    assert correct(world, BOARD, written("DOING", "OPEN")).landed == 1
    found = erase_record(world, BOARD, "1", table="board_action")
    assert [(one.batch_id, one.row_numbers) for one in found.rewritten] == [
        (world.batches(BOARD)[0]["batch_id"], [1])
    ]
    assert list(world.state(BOARD, (), table="board_action")) == ["2"]
    assert list(world.state(BOARD, (), table="board_question")) == ["1"]
    assert_agrees(world, BOARD)


def test_rejected_rows_are_erased_even_without_a_readable_key(world: World) -> None:
    broken = "000777,C7,OFFICER,PC,R,T1,not a day,,"
    strange = "x000777y,C7,OFFICER,PC,R,T1,2020-01-01,,"
    naming = "none,000777,OFFICER,PC,R,T1,not a day,,"
    world.personnel("20260101", "000001", broken, strange, naming)
    world.land(PEOPLE)
    found = erase_record(world, PEOPLE, "000777")
    assert (found.raw.total(), found.rejected.total(), found.archived_rows) == (0, 2, 2)
    assert [row_number for row_number, _, _ in world.reasons(PEOPLE)] == [3]
    assert_agrees(world, PEOPLE)


def test_a_pseudonym_is_erased_with_the_last_row_that_has_the_number(world: World) -> None:
    world.personnel("20260101", "000001", "000777")
    world.completions("20260101", completion("000777"))
    world.land(PEOPLE)
    world.land(COMPLETIONS)
    assign_pseudonyms(world.settings)
    erase_record(world, PEOPLE, "000777")
    left = {number for (number,) in world.query("select identifier from identity.pseudonym")}
    assert left == {"000001", "C000001", "000777"}
    key = world.one("select row_key from raw_general.completion")
    assert erase_record(world, COMPLETIONS, key).pseudonyms == 1
    assert "000777" not in text_of_warehouse(world)


def test_a_draft_of_another_force_is_left_alone(world: World) -> None:
    """Two forces can share an archive, and erase records of the same dataset at the same time."""
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)
    folder = world.settings.home / "batches" / PEOPLE
    theirs = [folder / f"99999999-personnel_20260101.csv.gz.erased{end}" for end in ("", ".part")]
    for path in theirs:
        path.write_bytes(b"theirs")
    erase_record(world, PEOPLE, "000777")
    assert [path.read_bytes() for path in theirs] == [b"theirs"] * 2


# -------------------------------------------------------------------- delivered again


def test_a_record_stays_out_after_its_hash_got_a_further_layer(world: World) -> None:
    def people() -> list[str]:
        rows = world.query("select distinct row_key from raw_general.personnel order by 1")
        return [key for (key,) in rows]

    world.personnel("20260101", "000001", "000555", "000777")
    world.land(PEOPLE)
    erase_record(world, PEOPLE, "000777")
    [(first, layers)] = world.query("select key_mark, layers from audit.erased_key")
    with connect(world.settings, role="oic_rekey") as connection:
        assert add_layer(world.settings, connection) == layers + 1
    # A record that is erased from now on gets all layers of hashing at once.
    erase_record(world, PEOPLE, "000555")
    marks = world.query("select key_mark, layers from audit.erased_key order by erasure_id")
    assert [more for _, more in marks] == [layers + 1] * 2
    assert first not in {mark for mark, _ in marks}
    world.personnel("20260102", "000001", "000002", "000555", "000777")
    world.land(PEOPLE)
    assert people() == ["000001", "000002"]
    # Without a layer's secret, erased records cannot be recognised, so nothing is landed.
    stored = world.settings.secrets_dir / layer_name(layers + 1)
    kept = stored.rename(stored.with_suffix(".kept"))
    world.personnel("20260103", "000001", "000555", "000777")
    with pytest.raises(AssuranceError, match=f"The secret {layer_name(layers + 1)} is missing"):
        world.land(PEOPLE)
    kept.rename(stored)
    world.land(PEOPLE)
    assert people() == ["000001", "000002"]


def test_a_record_that_a_file_delivers_again_stays_out_of_raw_and_archive(world: World) -> None:
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)
    erase_record(world, PEOPLE, "000777")
    world.land(PEOPLE)
    assert len(world.batches(PEOPLE)) == 1, "the same file counts as delivered"
    broken = "000777,C7,OFFICER,PC,R,T1,not a day,,"
    for day, rows in {
        "20260102": ["000777", "000001", person("000002")],
        "20260103": ["000001", broken, person("000002", "T2")],
        "20251231": ["000777", "000777", "000001", person("000002", "T3")],
    }.items():
        world.personnel(day, *rows)
        world.land(PEOPLE)
    assert "000777" not in text_of_warehouse(world)
    assert not [
        name for name, text in archived_contents(world, PEOPLE).items() if b"000777" in text
    ]
    notes = {b["source_place"]: b["notes"].get("personnel") for b in world.batches(PEOPLE)}
    assert notes["personnel_20260102.csv"] == {"erased_kept_out": 1}
    assert notes["personnel_20251231.csv"] == {"erased_kept_out": 2}
    assert [b["row_count"] for b in world.batches(PEOPLE)] == [2, 3, 3, 4]
    assert_agrees(world, PEOPLE)
    world.land(PEOPLE)
    assert len(world.batches(PEOPLE)) == 4


def test_a_full_delivery_of_only_erased_records_is_not_refused(world: World) -> None:
    world.personnel("20260101", "000777")
    world.land(PEOPLE)
    erase_record(world, PEOPLE, "000777")
    world.personnel("20260102", "000777")
    assert world.land(PEOPLE).refused == []
    assert_agrees(world, PEOPLE)


# -------------------------------------------------------------------- databases


def keep_as(world: World, name: str, form: str, pieces: int = 1) -> None:
    """Replace the archived file of a dataset's first extract with a file in another format.

    `form` is the format of COPY, "text" or "binary". The rows are divided among `pieces` outputs of
    COPY, which follow one another in the file.
    """
    batch = world.batches(name)[0]
    path = world.settings.home / batch["kept_as"]
    first, _, rows = gzip.decompress(path.read_bytes()).partition(b"\n")
    header = json.loads(first[2:])
    raw = dataset(name).raw_schema + "." + dataset(name).tables[0].name
    names = ", ".join(header["columns"])
    with world.as_owner() as connection:
        connection.execute(
            f"create temporary table t as select {names} from {raw} limit 0".encode()
        )
        was = header.get("copy_format", "text")
        with connection.cursor() as cursor:
            with cursor.copy(f"copy t ({names}) from stdin (format {was})".encode()) as copy:
                copy.write(rows)
            content = b""
            for piece in range(pieces):
                query = f"select * from t where mod(row_number, {pieces}) = {piece}"
                with cursor.copy(f"copy ({query}) to stdout (format {form})".encode()) as copy:
                    content += b"".join(bytes(each) for each in copy)
        connection.execute(
            "update audit.batch set sha256 = %s where batch_id = %s",
            (hashlib.sha256(content).hexdigest(), batch["batch_id"]),
        )
    header["copy_format"] = form
    path.write_bytes(gzip.compress(b"# " + json.dumps(header).encode() + b"\n" + content))


@pytest.mark.parametrize(("form", "pieces"), [("text", 1), ("binary", 1), ("binary", 2)])
def test_database_records_are_erased_from_extracts_and_lists_of_vanished_keys(
    world: World, form: str, pieces: int
) -> None:
    put(world, 77707770, at(0), officer="Erased\tofficer")
    put(world, 2, at(1), occurrence_ref="a\nb\\c")
    put(world, 3, at(1))
    world.land(CUSTODY)
    keep_as(world, CUSTODY, form, pieces)
    assert_agrees(world, CUSTODY)
    world.rms("delete from rms.custody_record where custody_id in (77707770, 3)")
    world.land(CUSTODY)
    found = erase_record(world, CUSTODY, "77707770")
    assert (found.raw.total(), found.archived_rows) == (2, 2)
    assert "Erased" not in text_of_warehouse(world)
    assert b"Erased" not in b"".join(archived_contents(world, CUSTODY).values())
    assert_agrees(world, CUSTODY)
    erase_record(world, CUSTODY, "3")
    assert_agrees(world, CUSTODY)
    rows = world.query("select row_key, row_number from raw_law_enforcement.custody_record")
    assert rows in ([("2", 1)], [("2", 2)], [("2", 3)])


def test_an_erased_record_that_is_still_in_its_database_stays_out(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(1), officer="Erased")
    world.land(CUSTODY)
    erase_record(world, CUSTODY, "2")
    world.land(CUSTODY)
    assert len(world.batches(CUSTODY)) == 1
    put(world, 2, at(60), officer="Erased again")
    put(world, 3, at(61))
    world.land(CUSTODY)
    assert [b["notes"].get("erased_kept_out") for b in world.batches(CUSTODY)] == [None, 1]
    assert "Erased" not in text_of_warehouse(world)
    assert b"Erased" not in b"".join(archived_contents(world, CUSTODY).values())
    assert set(world.state(CUSTODY, ("custody_id",))) == {"1", "3"}
    assert_agrees(world, CUSTODY)
    put(world, 4, at(-600), officer="C4")
    world.land(CUSTODY)
    assert set(world.state(CUSTODY, ("custody_id",))) == {"1", "3", "4"}
    assert_agrees(world, CUSTODY)


def test_a_key_refused_because_of_its_marking_is_erased_and_not_recorded_again(
    world: World,
) -> None:
    put_report(world, 1, at(0))
    put_report(world, 77707770, at(0), protective_marking="SECRET")
    world.land(REPORTS)
    found = erase_record(world, REPORTS, "77707770")
    assert (found.raw.total(), found.rejected.total(), found.archived_rows) == (0, 1, 0)
    assert_agrees(world, REPORTS)
    put_report(world, 2, at(30))
    world.land(REPORTS)
    assert world.reasons(REPORTS) == []
    assert "77707770" not in text_of_warehouse(world)
    assert_agrees(world, REPORTS)


def test_nothing_is_erased_when_an_archived_batch_cannot_be_searched(world: World) -> None:
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)
    path = world.settings.home / world.batches(PEOPLE)[0]["kept_as"]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(AssuranceError, match="nothing was erased: batch"):
        erase_record(world, PEOPLE, "000777")
    assert world.one("select count(*) from raw_general.personnel") == 2


def test_a_row_that_was_replayed_under_an_erased_key_still_lists_its_first_record(
    world: World,
) -> None:
    """The newest file has an invalid row of 000103. A replay corrects its number to 000100.

    After the erasure of 000100, that row must still prove that the file lists 000103, which would
    otherwise count as vanished.
    """
    world.personnel("20260101", "000103", person("000100", start="never"))
    world.land(PEOPLE)
    world.personnel("20260101", person("000103", start="never"))
    world.land(PEOPLE)
    path, rows = export(world, PEOPLE)
    corrected = [
        {**row, "employee_no": "000100", "start_date": "2020-01-01"}
        for row in rows
        if row["employee_no"] == "000103"
    ]
    replay(world.settings, PEOPLE, write(path, corrected), "HR said so", "somebody")
    assert set(world.state(PEOPLE, ())) == {"000100", "000103"}
    assert erase_record(world, PEOPLE, "000100")
    assert set(world.state(PEOPLE, ())) == {"000103"}
    assert_agrees(world, PEOPLE)
    rejected = world.query("select row_key, replayed_key, content from audit.rejected_row")
    assert rejected == [("000103", None, None)]
    assert erase_record(world, PEOPLE, "000103")
    assert_agrees(world, PEOPLE)
    assert world.query("select row_key from audit.rejected_row") == []


def leaver(employee_no: str, left: str) -> str:
    return person(employee_no).removesuffix(",,") + f",{left},"


def expired_keys(world: World, name: str, now: datetime) -> list[str]:
    return [key for one in expired_records(world.settings, dataset(name), now) for key in one.keys]


def test_years_count_from_the_declared_column_unless_a_full_delivery_lists_the_record(
    world: World,
) -> None:
    listed = [leaver("000001", "2018-03-01"), leaver("000002", "2018-03-01"), "000003", "000004"]
    world.personnel("20240101", *listed)
    world.land(PEOPLE)
    world.personnel("20240201", leaver("000001", "2018-03-01"), "000003")
    world.land(PEOPLE)
    assert expired_keys(world, PEOPLE, datetime(2024, 3, 1, 23, 0, tzinfo=UTC)) == []
    assert expired_keys(world, PEOPLE, datetime(2024, 3, 3, tzinfo=UTC)) == ["000002"]
    assert expired_keys(world, PEOPLE, datetime(2030, 2, 2, tzinfo=UTC)) == ["000002", "000004"]


def test_years_count_from_the_latest_version_without_a_declared_column(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(0))
    world.land(CUSTODY)
    put(world, 1, at(60 * 24 * 30))
    world.land(CUSTODY)
    years = dataset(CUSTODY).retention.years
    due = datetime(2026 + years, 1, 10, tzinfo=UTC)
    assert expired_keys(world, CUSTODY, due.replace(day=4)) == []
    assert expired_keys(world, CUSTODY, due) == ["2"]
    assert expired_keys(world, CUSTODY, due.replace(month=3)) == ["1", "2"]


def test_expired_records_are_erased_from_raw_and_quarantine_with_their_basis_in_the_log(
    world: World,
) -> None:
    broken = "000006,C6,OFFICER,PC,R,T1,not a day,,"
    world.personnel("20180101", "000001", "000002", broken, ",C7,OFFICER,PC,R,T1,2010-01-01,,")
    world.land(PEOPLE)
    world.personnel("20180201", "000001")
    world.land(PEOPLE)
    now = datetime(2025, 1, 1, tzinfo=UTC)
    assert expired_keys(world, PEOPLE, now) == ["000002", "000006"]
    for request in expired_records(world.settings, dataset(PEOPLE), now):
        found = erase(world.settings, request)
        assert (found.raw.total(), found.rejected.total(), found.archived_rows) == (2, 2, 3)
    assert world.query("select kind, reason, records from audit.erasure") == [
        ("retention", "retention: 6 years, Employment records six years after leaving", 2)
    ]
    assert set(world.state(PEOPLE, ())) == {"000001"}
    assert world.reasons(PEOPLE) == []
    assert disagreements(world, PEOPLE) == []
    assert expired_records(world.settings, dataset(PEOPLE), now) == []


def written(old: str, new: str) -> Callable[[Row], Row]:
    """Return a change of a row that writes `new` for `old` in each cell."""
    return lambda row: {name: value.replace(old, new) for name, value in row.items()}


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


def test_a_row_is_replayed_after_other_rows_of_its_delivery_were_erased(world: World) -> None:
    """The erasure removes a line from the archived file.

    The row numbers in quarantine remain those of the delivered file.
    """
    world.personnel("20260101", "000001", "000002", person("000003", "A"), person("000003", "B"))
    world.land(PEOPLE)
    erase_record(world, PEOPLE, "000001")
    report = correct(world, PEOPLE, lambda row: row if row["org_unit_code"] == "B" else None)
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


def test_a_correction_does_not_bring_an_erased_record_back(world: World) -> None:
    world.personnel("20260101", "000777", "000002", "00x777", "00x003")
    world.land(PEOPLE)
    erase_record(world, PEOPLE, "000777")
    report = correct(world, PEOPLE, written("00x", "000"))
    assert (report.landed, report.erased) == (1, 1)
    assert sorted(units(world)) == ["000002", "000003"]
    assert "000777" not in texts(world)
    assert disagreements(world, PEOPLE) == []


def test_a_rejected_replay_under_an_erased_key_is_erased_and_its_row_stays(world: World) -> None:
    world.personnel("20260101", "000777", "000002", person("000003", start="never"))
    world.land(PEOPLE)
    report = correct(world, PEOPLE, written("000003", "000777"))
    assert len(report.still_rejected) == 1
    erase_record(world, PEOPLE, "000777")
    assert "000777" not in texts(world)
    assert disagreements(world, PEOPLE) == []
    report = correct(world, PEOPLE, written("never", "2020-01-01"))
    assert report.landed == 1
    assert sorted(units(world)) == ["000002", "000003"]
    assert disagreements(world, PEOPLE) == []


def test_a_row_delivered_under_an_erased_key_stays_with_the_record_it_was_replayed_as(
    world: World,
) -> None:
    world.personnel("20260101", "000777", person("000777", "A"), "000002")
    world.land(PEOPLE)
    path, rows = export(world, PEOPLE)
    write(path, [written("000777", "000003")(row) for row in rows if row["org_unit_code"] == "A"])
    assert replay(world.settings, PEOPLE, path, "HR said so", "somebody").landed == 1
    erase_record(world, PEOPLE, "000777")
    # The row has lost its content, but was landed, so to replay its file again changes nothing.
    again = replay(world.settings, PEOPLE, path, "HR said so", "somebody")
    assert (again.landed, len(again.replayed_before)) == (0, 1)
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


def test_a_damaged_archived_file_stops_a_replay(world: World) -> None:
    world.personnel("20260101", *(f"{n:06d}" for n in range(200)), person("000900", start="never"))
    world.land(PEOPLE)
    path = world.settings.home / world.batches(PEOPLE)[0]["kept_as"]
    damaged = bytearray(path.read_bytes())
    damaged[40:80] = bytes(byte ^ 0xFF for byte in damaged[40:80])
    path.write_bytes(bytes(damaged))
    with pytest.raises(AssuranceError, match=r"The archived batch .* cannot be read"):
        correct(world, PEOPLE, written("never", "2020-01-01"))


def test_a_dataset_that_was_never_landed_has_nothing_to_erase(
    fresh_warehouse: Settings,
) -> None:
    hydra = dataset("hydra/attendance")
    assert tables_with(fresh_warehouse, hydra, "S1") == []
    assert not erase(fresh_warehouse, Request(hydra, hydra.tables[0], ("S1",), "asked for"))
