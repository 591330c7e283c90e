"""`verify` compares raw with the archived batches, and finds every kind of damage to either.

The commands `assurance batch` and `assurance erase` show it.
"""

import dataclasses
import gzip
import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oic_assurance.batches.archive_reader import archived_batches
from oic_assurance.cli import main as cli
from oic_assurance.landing.land import land_dataset
from oic_assurance.operations.verify.verify import Proof, verify
from oic_assurance.warehouse.connections import connect
from tests.commands import shown
from tests.integration.landing.support import CUSTODY, World, at, completion, person, put, workbook
from tests.integration.operations.support import damage, disagreements
from tests.integration.warehouse.stage_roles import STAGES, may

PEOPLE = "hr/personnel"
COMPLETIONS = "lms/completions"
HYDRA = "hydra/attendance"
CUSTODY_TABLE = "raw_law_enforcement.custody_record"
UNITS = "org_unit_code,org_unit_name,parent_org_unit_code,kind\nF,Force,,FORCE\n"


def proof_of(world: World, dataset: str) -> Proof:
    [proof] = verify(world.settings, dataset)
    return proof


def archived_file(world: World, dataset: str, number: int = 0) -> Path:
    with connect(world.settings, role="oic_landing") as connection:
        place = archived_batches(connection, world.settings.force_code, dataset)[number].archived_as
    assert place is not None
    return world.settings.home / place


def deliver_people(world: World) -> None:
    """Land four personnel files with every kind of row.

    The files have changed rows, a leaver, invalid rows and duplicate rows. One file is landed late.
    """
    world.personnel("20260101", "000001", "000002", "000003", "000009")
    world.land(PEOPLE)
    world.personnel("20260105", "000001", person("000002", "T2"), "000003", "000004")
    world.land(PEOPLE)
    broken = ",C5,OFFICER,PC,RESPONSE,T1,2020-01-01,,", "000006,C6,OFFICER,PC,R,T1,not a day,,"
    world.personnel("20260103", "000001", person("000002", "T3"), "000003", "000003", *broken)
    world.land(PEOPLE)
    world.personnel("20260107", "000001", person("000002", "T2"), *broken)
    world.land(PEOPLE)


def deliver_late(world: World) -> None:
    """Land two equal files, then a different file for a day between them.

    Raw then gets additional versions, which restore the second file's content from its moment on.
    """
    world.personnel("20260101", "000001", "000002")
    world.personnel("20260105", "000001", "000002")
    world.land(PEOPLE)
    world.personnel("20260103", "000001", person("000002", "T9"), "000003")
    world.land(PEOPLE)


def deliver_custody(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(1))
    put(world, 3, at(2), detention_reason_code=" ")
    world.land(CUSTODY)
    put(world, 1, at(30), officer="C2")
    put(world, 4, at(31))
    world.rms("delete from rms.custody_record where custody_id = 2")
    world.land(CUSTODY)


def test_histories_of_every_kind_agree(world: World) -> None:
    deliver_people(world)
    deliver_custody(world)
    world.completions("20260101", completion("000001", 50), completion("000002", 60))
    world.completions("20260103", completion("000001", 50), completion("000003", "x"))
    world.land(COMPLETIONS)
    world.completions("20260102", completion("000001", 40), completion("000002", 60))
    world.land(COMPLETIONS)
    sheets: dict[str, list[list[Any]]] = {
        "Sessions": [["session_code", "session_date", "venue", "capacity"],
                     ["S1", date(2026, 1, 5), "Hall", 20]],
        "Attendance": [["session_code", "employee_no", "attended", "outcome"],
                       ["S1", "000001", "Y", "PASS"], ["S1", "000002", "N", ""]],
    }  # fmt: skip
    world.drop("hydra/attendance/hydra_20260108.xlsx", workbook(sheets))
    world.land(HYDRA)
    proofs = {proof.dataset: proof for proof in verify(world.settings)}
    assert [str(d) for proof in proofs.values() for d in proof.disagreements] == []
    assert [why for proof in proofs.values() for why in proof.not_compared] == []
    assert (proofs[PEOPLE].batches, proofs[PEOPLE].rows) == (4, 18)
    assert (proofs[HYDRA].batches, proofs[HYDRA].rows) == (1, 3)
    assert proofs[CUSTODY].batches >= 3
    assert (proofs[COMPLETIONS].batches, proofs[COMPLETIONS].rows) == (3, 6)


RAW = "raw_general.personnel"


def copied(**changes: object) -> str:
    """Return SQL that copies the row of 000004 in raw, with some changes."""
    return (
        f"insert into {RAW} select (jsonb_populate_record(p, '{json.dumps(changes)}')).*"
        f" from {RAW} as p where row_key = '000004' and not is_tombstone"
    )


@pytest.mark.parametrize(
    ("deliver", "statement", "expected"),
    [
        (
            deliver_people,
            f"update {RAW} set org_unit_code = 'T9' where row_key = '000001' and version_at ="
            f" (select min(version_at) from {RAW})",
            "row 1, key 000001: raw and the archived batch differ in org_unit_code",
        ),
        (
            deliver_people,
            f"delete from {RAW} where row_key = '000004' and not is_tombstone",
            "row 4, key 000004: the archived batch has this row, but it is neither in raw nor in",
        ),
        (
            deliver_people,
            f"delete from {RAW} where row_key = '000009' and is_tombstone",
            "key 000009: the delivery does not list it any more, but raw has no tombstone",
        ),
        (
            deliver_people,
            copied(row_key="000077", employee_no="000077", row_number=77),
            "row 77, key 000077: raw has this row number, but the archived batch has not",
        ),
        (
            deliver_people,
            copied(row_key="000077", employee_no="000077", row_number=None),
            "key 000077: raw has a row that no delivery contained",
        ),
        (
            deliver_people,
            copied(batch_id=999999999),
            "raw has 1 rows of batch 999999999, but there is no such batch",
        ),
        (
            deliver_people,
            f"update {RAW} set version_at = version_at - interval '1 hour'"
            " where row_key = '000004' and not is_tombstone",
            "row 4, key 000004: its version time in raw is not that of the delivery",
        ),
        (
            deliver_people,
            "delete from audit.rejected_row where row_key = '000006'",
            "row 6, key 000006: the archived batch has this row, but it is neither in raw nor in",
        ),
        (
            deliver_late,
            f"delete from {RAW} where row_number is null and not is_tombstone",
            "(personnel_20260105.csv), row 2, key 000002: another version than the delivered one",
        ),
        (
            deliver_late,
            f"delete from {RAW} where row_number is null and is_tombstone",
            "(personnel_20260105.csv), key 000003: it exists at the moment of the delivery, but",
        ),
        (
            deliver_late,
            f"update {RAW} set row_fingerprint = '0' where row_number is null and not is_tombstone",
            "key 000002: the restored version and the earlier one differ in row_fingerprint",
        ),
        (
            deliver_late,
            f"update {RAW} set row_fingerprint = '0' where is_tombstone",
            "key 000003: raw has a fingerprint for a tombstone",
        ),
        (
            deliver_late,
            f"update {RAW} set row_fingerprint = '0' where row_key = '000001'",
            "row 1, key 000001: raw and the archived batch differ in row_fingerprint",
        ),
    ],
)
def test_damage_to_raw_or_quarantine_is_found(
    world: World, deliver: Callable[[World], None], statement: str, expected: str
) -> None:
    deliver(world)
    assert disagreements(world, PEOPLE) == []
    damage(world, statement)
    assert [line for line in disagreements(world, PEOPLE) if expected in line]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            f"update {CUSTODY_TABLE} set row_fingerprint = '0' where row_key = '1'",
            "key 1: raw and the archived batch differ in row_fingerprint",
        ),
        (
            f"update {CUSTODY_TABLE} set row_fingerprint = '0' where row_key = '4'",
            "key 4: raw and the archived batch differ in row_fingerprint",
        ),
        (
            f"update {CUSTODY_TABLE} set arresting_officer_no = 'C9' where row_key = '4'",
            "differ in arresting_officer_no",
        ),
        (
            f"delete from {CUSTODY_TABLE} where is_tombstone",
            "it as vanished, but raw has no tombstone",
        ),
    ],
)
def test_damage_to_rows_of_a_database_is_found(world: World, statement: str, expected: str) -> None:
    deliver_custody(world)
    assert disagreements(world, CUSTODY) == []
    damage(world, statement)
    assert [line for line in disagreements(world, CUSTODY) if expected in line]


def test_fingerprints_of_an_earlier_declaration_are_compared_if_they_cover_the_same_columns(
    world: World,
) -> None:
    deliver_people(world)
    damage(world, 'update audit.batch set notes = notes || \'{"declaration": "another"}\'')
    proof = proof_of(world, PEOPLE)
    assert (proof.disagreements, proof.not_compared) == ([], [])
    damage(
        world,
        "update raw_general.personnel set row_fingerprint = '0' where row_key = '000001'",
    )
    assert disagreements(world, PEOPLE) == [
        f"hr/personnel, batch {world.batches(PEOPLE)[0]['batch_id']} (personnel_20260101.csv): "
        "1 rows of raw have another row_fingerprint"
    ]
    damage(world, "update raw_general.personnel set row_fingerprint = '0' where not is_tombstone")
    why = "its fingerprints cover the columns of an earlier declaration"
    assert why in {reason for _, reason in proof_of(world, PEOPLE).not_compared}


def test_files_of_another_force_in_the_same_archive_are_no_disagreement(world: World) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    other = dataclasses.replace(world.settings, force_code="E23000001")
    land_dataset(other, PEOPLE, "another force")
    assert disagreements(world, PEOPLE) == []
    [proof] = verify(other, PEOPLE)
    assert (proof.batches, proof.disagreements) == (1, [])


@pytest.mark.parametrize("dataset", [PEOPLE, CUSTODY])
def test_one_flipped_byte_in_an_archived_file_is_found(world: World, dataset: str) -> None:
    deliver_people(world)
    deliver_custody(world)
    path = archived_file(world, dataset)
    whole = path.read_bytes()
    for position in (len(whole) // 2, len(whole) - 6):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        path.write_bytes(bytes(damaged))
        assert len(disagreements(world, dataset)) >= 1
    content = bytearray(gzip.decompress(whole))
    content[-3] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    assert [line for line in disagreements(world, dataset) if "the SHA-256 of" in line]


def test_swapped_missing_and_unknown_archived_files_are_named(world: World) -> None:
    deliver_people(world)
    first, second = archived_file(world, PEOPLE, 0), archived_file(world, PEOPLE, 1)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    assert [line for line in disagreements(world, PEOPLE) if "the SHA-256 of" in line]
    first.write_bytes(content)
    assert disagreements(world, PEOPLE) == []
    second.rename(second.with_name("elsewhere.gz"))
    lines = disagreements(world, PEOPLE)
    assert [line for line in lines if f"{second.name} is missing" in line]
    assert [line for line in lines if "elsewhere.gz belongs to no batch" in line]
    # Programs read the parts of each difference: a drill passes over files that were added.
    [proof] = shown(world.settings, "batch", "verify", PEOPLE)["datasets"]
    found = {one["file"] is not None: one["message"] for one in proof["disagreements"]}
    assert "is missing" in found[False]
    assert "belongs to no batch" in found[True]


def test_a_table_that_is_gone_is_a_disagreement(world: World) -> None:
    world.drop("hr/org_unit/org_unit_20260101.csv", UNITS)
    world.land("hr/org_unit")
    damage(world, "drop table raw_general.org_unit")
    try:
        assert disagreements(world, "hr/org_unit") == [
            "hr/org_unit, org_unit: batches were landed, but raw does not have the table"
        ]
    finally:
        world.drop("hr/org_unit/org_unit_20260101.csv", UNITS + "T1,Team 1,,TEAM\n")
        world.land("hr/org_unit")


def test_batches_of_a_dataset_that_is_not_declared_any_more_are_named(world: World) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    damage(world, "update audit.batch set dataset = 'hr/former'")
    batch = world.one("select batch_id from audit.batch")
    proofs = {proof.dataset: proof for proof in verify(world.settings)}
    why = "its dataset is not declared any more"
    assert [reason for _, reason in proofs["hr/former"].not_compared] == [why]
    [proof] = verify(world.settings, batch_id=batch)
    assert [reason for _, reason in proof.not_compared] == [why]


@pytest.mark.slow
def test_verifying_new_batches_takes_about_as_long_as_landing_them(world: World) -> None:
    """Verification must be fast, although PostgreSQL has no statistics on the new rows yet."""
    for day in range(1, 6):
        rows = [person(f"{n:06d}", f"T{day if n % 50 == 0 else 1}") for n in range(40_000)]
        world.personnel(f"2026010{day}", *rows)
    begun = time.monotonic()
    world.land(PEOPLE)
    landed = time.monotonic()
    assert disagreements(world, PEOPLE) == []
    assert time.monotonic() - landed < 4 * (landed - begun)


def land_two(world: World) -> None:
    world.personnel("20260101", "000001", "000777")
    world.land(PEOPLE)


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run an `assurance` command. Return its exit code, and its output followed by its errors."""
    code = cli.run_command(arguments)
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_batches_are_listed_and_verified(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    land_two(world)
    code, listed = run_here(capsys, "batch", "list", PEOPLE)
    assert code == 0
    assert "personnel_20260101.csv" in listed
    code, text = run_here(capsys, "batch", "verify", PEOPLE)
    assert (code, text.split()) == (
        0,
        ["dataset", "batches", "rows", "verdict", PEOPLE, "1", "2", "agree"],
    )
    batch = world.one("select batch_id from audit.batch")
    assert run_here(capsys, "batch", "verify", "--batch", str(batch))[0] == 0
    assert run_here(capsys, "batch", "verify", "--batch", "99999999")[0] == 2
    damage(world, "delete from raw_general.personnel where row_key = '000001'")
    code, text = run_here(capsys, "batch", "verify", PEOPLE)
    assert code == 1
    assert f"hr/personnel, batch {batch} (personnel_20260101.csv), row 1, key 000001:" in text
    (world.settings.home / str(world.batches(PEOPLE)[0]["kept_as"])).unlink()
    assert not shown(world.settings, "batch", "list")["batches"][0]["is_in_archive"]


def test_erasing_needs_a_reason_and_shows_what_was_erased(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    land_two(world)
    record = ("erase", "records", PEOPLE, "000777")
    assert run_here(capsys, *record)[0] == 2
    assert run_here(capsys, "erase", "records", PEOPLE, "--reason", "x")[0] == 2
    code, text = run_here(capsys, *record, "--reason", "asked", "--dry-run")
    assert (code, "Would be erased" in text, "000777" in text) == (0, True, False)
    found = shown(world.settings, *record, "--reason", "asked")
    traces = found["traces"]
    assert (traces["raw_rows"], traces["archived_rows"], traces["archived_batches"]) == (1, 1, 1)
    assert "The next publication has marts without it." in found["notes"][0]
    code, text = run_here(capsys, *record, "--reason", "asked", "--yes")
    assert (code, "holds nothing under this key" in text) == (1, True)
    assert run_here(capsys, "erase", "expired", "--dry-run") == (
        0,
        "Nothing is past its retention.\n",
    )
    code, text = run_here(capsys, "erase", "finish")
    assert (code, "last traces of 1 erasure are gone" in text) == (0, True)
    (batch,) = shown(world.settings, "batch", "list")["batches"]
    assert batch["rows_erased"] == 1


def test_a_terminal_user_is_asked_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    land_two(world)
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


def test_only_the_role_for_erasures_may_delete(world: World) -> None:
    land_two(world)
    for table in ("raw_general.personnel", "audit.rejected_row", "identity.pseudonym"):
        statement = f"delete from {table} where false"
        assert may(world.settings, "oic_erasure", statement)
        for stage in STAGES:
            assert not may(world.settings, stage, statement)
    for statement in (
        "delete from audit.erasure",
        "update audit.batch set sha256 = ''",
        "insert into raw_general.personnel default values",
    ):
        assert not may(world.settings, "oic_erasure", statement)
