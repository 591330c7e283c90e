"""The simulated databases have the columns that their DDL creates, and follow the contract."""

import re
from collections import Counter
from importlib.resources import files

import pytest

from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset
from simulator.databases import visible
from simulator.moments import midnight
from simulator.period import Period
from simulator.records import Values
from simulator.tables import TABLES, Table
from simulator.world import World

REFERENCES = {
    "occurrence": "occurrence_ref",
    "nccu_referral": "referral_ref",
    "report": "report_urn",
}


def declared(table: Table) -> Dataset:
    """Return the declaration of a table of a simulated database."""
    (found,) = [
        one
        for one in datasets().values()
        if isinstance(one.place, DatabasePlace) and one.place.table == table.name
    ]
    return found


def rows_of(world: World, period: Period, table: Table) -> list[Values]:
    states = [
        record.state_at(period.ends_at)
        for record in visible(world.store.records_of(table.name), period)
    ]
    return [state for state in states if state is not None]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.full_name)
def test_the_ddl_has_these_columns_in_this_order(table: Table) -> None:
    ddl = files("simulator").joinpath("schema", f"{table.system}.sql").read_text()
    body = re.search(rf"exists {table.full_name} \((.*?)\n\);", ddl, re.DOTALL)
    assert body is not None
    assert tuple(line.split()[0] for line in body.group(1).strip().splitlines()) == table.columns
    assert "check" not in body.group(1)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.full_name)
def test_every_column_is_declared_as_extracted_or_not(table: Table) -> None:
    dataset = declared(table)
    assert {*dataset.tables[0].names, *dataset.database.never_extracted} == set(table.columns)
    assert set(table.never_extracted) <= set(dataset.database.never_extracted)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.full_name)
def test_nearly_all_rows_follow_the_contract(world: World, period: Period, table: Table) -> None:
    rows = rows_of(world, period, table)
    assert len(rows) > 30
    if table.name in REFERENCES:
        refs = [row[REFERENCES[table.name]] for row in rows]
        assert len(set(refs)) == len(refs)
    columns = declared(table).tables[0].columns
    bad = 0
    for row in rows:
        assert set(row) == set(table.columns)
        bad += any(
            (row[one.name] not in one.codes if one.codes and row[one.name] else False)
            or (one.required and row[one.name] in (None, ""))
            for one in columns
        )
        assert row["created_at"] <= row["updated_at"] < period.ends_at  # type: ignore[operator]
        assert row["created_at"] >= midnight(period.first)  # type: ignore[operator]
    assert bad <= max(2, 0.006 * len(rows))


def test_the_databases_hold_bad_values_at_low_rates(world: World) -> None:
    errors = Counter(
        record.table.name for record in world.store.all_records() if "entry_error" in record.about
    )
    for table in ("occurrence", "nccu_referral", "custody_record", "report"):
        share = errors[table] / len(world.store.records_of(table))
        assert 0.001 <= share <= 0.008, table


def test_records_change_after_they_were_first_seen(world: World) -> None:
    changed = {
        name: Counter(
            column
            for record in world.store.records_of(name)
            for change in record.changes
            for column in change.values
        )
        for name in TABLES
    }
    assert changed["occurrence"].keys() >= {"status", "is_oic", "persons_count", "deleted_at"}
    assert changed["nccu_referral"].keys() >= {"outcome", "occurrence_ref", "deleted_at"}
    assert changed["custody_record"].keys() >= {"released_at", "deleted_at"}
    assert changed["report"].keys() >= {"status", "submitted_at", "deleted_at"}
    removed = [record for record in world.store.all_records() if record.removed_at]
    assert 5 <= len(removed) <= 80
    late = [
        record
        for record in world.store.all_records()
        if any(change.committed_at > change.at for change in record.changes)
    ]
    assert late
