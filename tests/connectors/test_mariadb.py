"""Extracts from MariaDB through Airflow's hook give the same raw rows as those from PostgreSQL."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from oic_assurance.sources.declarations.load import dataset, datasets
from tests.connectors.mariadb_server import MariaDb
from tests.integration.landing.support import CUSTODY, REPORTS, START, World, at, custody, officers

pytestmark = pytest.mark.slow

OCCURRENCE = "rms/occurrence"
PRODUCT = "intelligence/product"
HARD_TEXT = "one\ttab, one\nline,\r\none \\N back\\slash, ‘Łódź’, 警察, 🚔"


def naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def put(mariadb: MariaDb, name: str, **values: Any) -> None:
    """Insert or replace a row of a dataset's table in MariaDB."""
    place = dataset(name).database
    marks = ", ".join(["%s"] * len(values))
    bound = [naive(v) if isinstance(v, datetime) else v for v in values.values()]
    table = f"{place.schema}.{place.table}"
    mariadb.execute(f"replace into {table} ({', '.join(values)}) values ({marks})", *bound)


def occurrence(key: int, **other: Any) -> dict[str, Any]:
    return {
        "occurrence_id": key,
        "occurrence_ref": f"26{key:09}",
        "incident_type_code": "IMM",
        "is_oic": True,
        "detection_route": "LORRY_DROP",
        "district_code": "D1",
        "status": "OPEN",
        "reported_at": START,
        "created_at": START,
        "updated_at": at(key % 1000),
    } | other


def report(key: int, **other: Any) -> dict[str, Any]:
    return {
        "report_id": key,
        "report_urn": f"URN-{key}",
        "document_type_code": "NCCU_INTEL",
        "grading_scheme": "3x5x2",
        "source_evaluation": "1",
        "intelligence_assessment": "A",
        "handling_code": "P",
        "protective_marking": "OFFICIAL",
        "author_officer_no": "C1",
        "status": "SUBMITTED",
        "created_at": START,
        "updated_at": at(key % 1000),
        "narrative": "The heron lands at midnight",
        "source_identity": "Mallard",
    } | other


def insert_many(mariadb: MariaDb, rows: int) -> None:
    """Insert custody records numbered from 1."""
    mariadb.execute("use rms")
    mariadb.execute(
        "insert into custody_record (custody_id, arresting_officer_no, detention_reason_code,"
        " detained_at, created_at, updated_at)"
        f" select seq, concat('C', seq % 1500), repeat('x', 100), %s, %s, %s from seq_1_to_{rows}",
        *[naive(START)] * 3,
    )


CONTENT: dict[str, list[dict[str, Any]]] = {
    OCCURRENCE: [
        occurrence(1, is_oic=False, incident_type_code=HARD_TEXT, persons_count=0),
        occurrence(2, persons_count=2**31 - 1, occurred_at=START + timedelta(microseconds=1)),
        occurrence(9_007_199_254_740_993, occurrence_ref=" blanks ", status=""),
    ],
    PRODUCT: [
        {
            "product_id": 1,
            "covers_from": date(1999, 12, 31),
            "covers_to": date(2026, 2, 28),
            "created_at": START,
            "updated_at": at(1),
        }
    ],
    REPORTS: [
        report(1, handling_conditions=HARD_TEXT, submitted_at=at(3)),
        report(2, protective_marking="SECRET"),
        report(3, protective_marking=None),
        report(4, protective_marking="Official"),
        report(5, protective_marking="OFFICIAL "),
        report(6, handling_conditions=" \t\N{NO-BREAK SPACE}\r\n"),
        report(7, handling_conditions=""),
        report(8, handling_conditions=" x"),
    ],
}


def landed(world: World, name: str) -> list[tuple[Any, ...]]:
    what = dataset(name)
    rows = world._warehouse().execute(
        SQL(
            "select row_key, version_at, row_fingerprint, {} from {}"
            " order by row_key, version_at, batch_id"
        ).format(
            SQL(", ").join(map(Identifier, what.tables[0].names)),
            Identifier(what.raw_schema, what.tables[0].name),
        )
    )
    return rows.fetchall()


def test_both_databases_give_the_same_raw_rows(
    world: World, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_RMS")
    monkeypatch.delenv("AIRFLOW_CONN_INTELLIGENCE")
    world.empty_sources()
    for name, rows in CONTENT.items():
        place = dataset(name).database
        for row in rows:
            put(mariadb, name, **row)
            run = world.rms if place.system == "rms" else world.intelligence
            run(
                f"insert into {place.schema}.{place.table} ({', '.join(row)})"
                f" values ({', '.join(['%s'] * len(row))})",
                *row.values(),
            )
    reasons: dict[str, Any] = {}
    first: dict[str, Any] = {}
    for name in CONTENT:
        world.land(name)
        first[name], reasons[name] = landed(world, name), broken(world, name)
        assert first[name]
    assert reasons[OCCURRENCE] == [("9007199254740993", ["status is missing"])]
    assert {key for key, _ in reasons[REPORTS]} == {"2", "3", "4", "5"}
    mariadb.use(monkeypatch)
    for name in CONTENT:
        result = world.land(name)
        assert (result.rows_landed, result.rows_rejected) == (0, 0), name
        assert landed(world, name) == first[name]
    world.forget()
    for name in CONTENT:
        world.land(name)
        assert landed(world, name) == first[name]
        assert broken(world, name) == reasons[name]


def broken(world: World, name: str) -> list[tuple[str | None, list[str]]]:
    """Return the key and the reasons of each rejected row of a dataset, without row numbers."""
    return sorted((key, why) for _, key, why in world.reasons(name))


def test_every_declared_table_can_be_read(world: World, mariadb: MariaDb) -> None:
    for name, what in datasets().items():
        if what.kind == "database":
            assert world.land(name).notes == []


def test_changes_late_commits_and_hard_deletes_are_found(world: World, mariadb: MariaDb) -> None:
    put(mariadb, CUSTODY, **custody(1, at(600), "C1"))
    put(mariadb, CUSTODY, **custody(2, at(1), "C2"))
    put(mariadb, CUSTODY, **custody(3, at(2), "C3"))
    slow = mariadb.session()
    slow.autocommit = False
    with slow.cursor() as cursor:
        cursor.execute(
            "insert into rms.custody_record (custody_id, arresting_officer_no,"
            " detention_reason_code, detained_at, created_at, updated_at)"
            " values (4, 'C4', 'OTHER', '2026-01-05 06:00', '2026-01-05 06:00', '2026-01-05 06:00')"
        )
    assert world.land(CUSTODY).rows_landed == 3
    assert world.land(CUSTODY).batches == 0
    slow.commit()
    slow.close()
    put(mariadb, CUSTODY, **custody(2, at(601), "C9"))
    mariadb.execute("delete from rms.custody_record where custody_id = 3")
    result = world.land(CUSTODY)
    assert (result.batches, result.rows_landed) == (2, 3)
    assert officers(world) == {"1": "C1", "2": "C9", "4": "C4"}
    assert officers(world, at(10)) == {"2": "C2", "3": "C3", "4": "C4"}
    assert [batch["kind"] for batch in world.batches(CUSTODY)] == [
        "database", "database", "reconciliation",
    ]  # fmt: skip
    assert world.land(CUSTODY).batches == 0


def test_more_late_rows_than_fit_into_one_statement_are_read(
    world: World, mariadb: MariaDb
) -> None:
    put(mariadb, CUSTODY, **custody(0, at(600)))
    world.land(CUSTODY)
    insert_many(mariadb, 1700)
    assert world.land(CUSTODY).rows_landed == 1700
    places = world.query(
        "select min(row_number), max(row_number), count(distinct row_number)"
        " from raw_law_enforcement.custody_record where batch_id ="
        " (select max(batch_id) from audit.batch)"
    )
    assert places == [(2, 1701, 1700)]


def test_broken_rows_are_quarantined_and_corrected_ones_are_landed(
    world: World, mariadb: MariaDb
) -> None:
    put(mariadb, OCCURRENCE, **occurrence(1))
    put(mariadb, OCCURRENCE, **occurrence(2, detection_route="TELEPATHY", district_code=None))
    result = world.land(OCCURRENCE)
    assert (result.rows_landed, result.rows_rejected) == (1, 1)
    [(place, key, why)] = world.reasons(OCCURRENCE)
    assert (place, key) == (2, "2")
    assert why[0].startswith("detection_route is not one of ROAD_POLICING")
    assert why[1] == "district_code is missing"
    assert world.land(OCCURRENCE).rows_rejected == 0
    put(mariadb, OCCURRENCE, **occurrence(2, updated_at=at(700)))
    assert world.land(OCCURRENCE).rows_landed == 1


def test_dates_of_zeros_and_odd_flags_become_blank_and_are_noted(
    world: World, mariadb: MariaDb
) -> None:
    """The extract reads a date that does not exist, or a flag of 2, as null without an error.

    If the column is required, the row must be rejected. Otherwise the value becomes blank.
    """
    for key in range(1, 5):
        put(mariadb, OCCURRENCE, **occurrence(key))
    mariadb.execute("set session sql_mode = 'ALLOW_INVALID_DATES'")
    for change in (
        "occurred_at = '0000-00-00 00:00:00' where occurrence_id = 1",
        "occurred_at = '2026-02-30 10:00:00' where occurrence_id = 2",
        "is_oic = 2 where occurrence_id = 3",
        "reported_at = '2026-00-10 00:00:00' where occurrence_id = 4",
    ):
        mariadb.execute(f"update rms.occurrence set {change}")
    world.land(OCCURRENCE)
    state = world.state(OCCURRENCE, ("occurred_at",))
    assert state == {"1": (None,), "2": (None,)}
    assert [(key, why) for _, key, why in world.reasons(OCCURRENCE)] == [
        ("3", ["is_oic is missing"]),
        ("4", ["reported_at is missing"]),
    ]
    [batch] = world.batches(OCCURRENCE)
    assert batch["notes"] == {
        "unreadable_made_blank": {"occurred_at": 2, "is_oic": 1, "reported_at": 1}
    }


def test_withheld_columns_and_rows_with_a_high_marking_are_not_read(
    world: World, mariadb: MariaDb
) -> None:
    """The extract never asks for the narrative, because the login may not read that column.

    If a row has a high marking, only its key is read.
    """
    put(mariadb, REPORTS, **report(1))
    put(mariadb, REPORTS, **report(2, protective_marking="TOP SECRET", handling_conditions="owl"))
    mariadb.execute("set global general_log_file = 'statements.log'")
    mariadb.execute("set global log_output = 'TABLE'")
    mariadb.execute("truncate mysql.general_log")
    mariadb.execute("set global general_log = on")
    world.land(REPORTS)
    mariadb.execute("set global general_log = off")
    asked = " ".join(
        str(text)
        for (text,) in mariadb.execute(
            "select convert(argument using utf8mb4) from mysql.general_log"
            " where user_host like 'reader%' and command_type = 'Query'"
        )
    )
    assert "handling_conditions" in asked
    assert "narrative" not in asked
    assert "source_identity" not in asked
    assert list(world.state(REPORTS, ())) == ["1"]
    archived = b"".join(
        path.read_bytes() for path in (world.settings.home / "batches").rglob("*") if path.is_file()
    )
    assert b"owl" not in archived
    assert [key for _, key, _ in world.reasons(REPORTS)] == ["2"]
