"""Tests of three results of landing: lists of rejected rows, pseudonyms, and the raw tables."""

from datetime import UTC, datetime

import pytest

from oic_assurance.landing.land import ensure_raw_tables
from oic_assurance.landing.pseudonyms import assign_pseudonyms, pseudonym
from oic_assurance.landing.quarantine import QuarantineFilter, counts_by_reason, list_rejected
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.secrets import secret
from tests.integration.landing.support import World, completion, person

START = datetime(2026, 1, 5, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("empty_sources")


def test_the_list_names_file_row_key_and_every_reason(world: World) -> None:
    world.personnel("20260101", "000001", person("2", start="x").replace("OFFICER", "WIZARD"))
    world.personnel("20260102", "000001", person("3", start="x"), "oops,oops")
    world.land("hr/personnel")
    found = [
        (row.source_place, row.row_number, row.row_key, row.reasons)
        for row in list_rejected(world.settings)
    ]
    first, second = "personnel_20260101.csv", "personnel_20260102.csv"
    unknown = "employment_type is not one of OFFICER, STAFF, SPECIAL, PCSO"
    assert found == [
        (second, 2, "000003", ["start_date is not a date"]),
        (second, 3, None, ["the row has 2 cells where the header has 9"]),
        (first, 2, "000002", [unknown, "start_date is not a date"]),
    ]
    assert len(list_rejected(world.settings, limit=2)) == 2
    assert list_rejected(world.settings, QuarantineFilter("lms/completions")) == []


def test_counts_are_by_reason_without_its_details(world: World) -> None:
    world.personnel("20260101", *[person("1", unit) for unit in "AB"], person("2", start="x"))
    world.personnel("20260102", *[person("3", unit) for unit in "ABC"], person("2", start="y"))
    world.land("hr/personnel")
    counts = [(count.reason, count.rows) for count in counts_by_reason(world.settings)]
    assert counts == [
        ("key occurs 3 times with different content", 3),
        ("key occurs twice with different content", 2),
        ("start_date is not a date", 2),
    ]


def test_each_number_gets_one_pseudonym(world: World) -> None:
    world.personnel("20260101", "000001", "000002", person("000003").replace("C000003", ""))
    world.completions("20260101", completion("000009"))
    world.rms(
        "insert into rms.nccu_referral (referral_id, referral_ref, reporting_officer_no,"
        " contacted_at, channel, referral_type) values (1, 'R1', 'C77', %s, 'PHONE', 'VICTIM')",
        START,
    )
    for dataset in ("hr/personnel", "lms/completions", "rms/nccu_referral"):
        world.land(dataset)
    assert assign_pseudonyms(world.settings) == 7
    assert assign_pseudonyms(world.settings) == 0
    rows = world.query("select kind, identifier, officer_key from identity.pseudonym")
    assert world.query("select distinct key_version from identity.pseudonym") == [(1,)]
    assert sorted((kind, number) for kind, number, _ in rows) == [
        ("collar_no", "C000001"),
        ("collar_no", "C000002"),
        ("collar_no", "C77"),
        ("employee_no", "000001"),
        ("employee_no", "000002"),
        ("employee_no", "000003"),
        ("employee_no", "000009"),
    ]
    key = secret(world.settings, "pseudonym_key")
    for kind, number, officer_key in rows:
        assert officer_key == pseudonym(key, world.settings.force_code, kind, number)


def test_raw_tables_exist_before_the_first_landing(world: World) -> None:
    ensure_raw_tables(world.settings)
    ensure_raw_tables(world.settings)
    names = world.query(
        "select schemaname || '.' || tablename from pg_tables"
        " where schemaname like 'raw_%' order by 1"
    )
    assert {name for (name,) in names} == {
        f"{dataset.raw_schema}.{table.name}"
        for dataset in datasets().values()
        for table in dataset.tables
    }
    uncommented = world.query(
        """
        select c.relname, a.attname
        from pg_attribute as a inner join pg_class as c on a.attrelid = c.oid
        where c.relnamespace::regnamespace::text like 'raw_%' and c.relkind = 'r' and a.attnum > 0
        and col_description(c.oid, a.attnum) is null
        """
    )
    assert uncommented == []


def test_every_dataset_lands_in_an_empty_warehouse(world: World) -> None:
    for dataset in datasets():
        report = world.land(dataset)
        assert (report.batches, report.refused) == (0, [])
    outcomes = world.query("select count(*), count(finished_at) from audit.extraction")
    assert outcomes == [(len(datasets()), len(datasets()))]
