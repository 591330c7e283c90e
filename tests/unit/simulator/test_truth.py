"""The truth file has everything needed to compute the figures again, and no withheld text."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from simulator import truth
from simulator.delivery.dropzone import planned
from simulator.moments import end_of
from simulator.period import Period
from simulator.tables import TABLES
from simulator.world import World


@pytest.fixture(scope="module")
def folder(world: World, period: Period, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth")
    truth.write(folder, world, period, planned(world, period))
    return folder


def test_it_holds_no_narrative_and_no_source_identity(world: World, folder: Path) -> None:
    text = gzip.decompress((folder / truth.FILE).read_bytes()).decode()
    assert "narrative" not in text
    assert "source_identity" not in text
    # "Codeword" is in every narrative, and "registered source" in every source identity. For some
    # reports, the test also searches for parts of their own texts.
    assert "Codeword" not in text
    assert "registered source" not in text
    for record in world.store.records_of("report")[::400]:
        assert str(record.first["narrative"]).split(" Codeword ")[1][:40] not in text
        assert str(record.first["source_identity"]) not in text


def test_it_is_the_same_to_the_byte(
    world: World, period: Period, folder: Path, tmp_path: Path
) -> None:
    second = truth.write(tmp_path, world, period, planned(world, period))
    assert second.read_bytes() == (folder / truth.FILE).read_bytes()


def test_the_tables_can_be_built_from_it(world: World, period: Period, folder: Path) -> None:
    content: Any = truth.read(folder)
    for name, table in TABLES.items():
        rows = {}
        for record in content["tables"][table.full_name]:
            if record["removed_at"] is None:
                row = dict(record["row"])
                for _, values in record["changes"]:
                    row.update(values)
                rows[record["key"]] = row
        for record in world.store.records_of(name):
            state = record.state_at(end_of(period.end))
            if state is None or record.committed_at < period.first_moment:
                assert record.key not in rows
                continue
            expected = {
                column: cell.isoformat() if hasattr(cell, "isoformat") else cell
                for column, cell in state.items()
                if column not in (table.key, *table.never_extracted)
            }
            assert rows[record.key] == expected


def test_it_holds_nothing_after_the_last_day(folder: Path, period: Period) -> None:
    content: Any = truth.read(folder)
    end = end_of(period.end).isoformat()
    assert content["force"]["seed"] == 20260430
    assert max(event["logged_at"] for event in content["learning"]) < end
    assert max(one["session"]["day"] for one in content["attendances"]) <= str(period.end)
    assert all(person["postings"] for person in content["people"])
    assert {entry["dataset"] for entry in content["files"]} >= {"hr/personnel", "governance/plans"}
