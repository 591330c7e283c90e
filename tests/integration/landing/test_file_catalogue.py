"""Each file of the catalogue of real exports is landed or refused as the catalogue expects."""

import pytest

from oic_assurance.sources.declarations.load import dataset
from tests.files.case import COLUMNS, DROPPED_AS, ROOT, Case
from tests.files.catalogue import CASES
from tests.integration.landing.support import World


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_landed_or_refused(world: World, case: Case) -> None:
    world.drop(f"{case.dataset}/{DROPPED_AS[case.dataset]}", case.content())
    report = world.land(case.dataset)
    [batch] = world.batches(case.dataset)
    notes = {name: note for name, note in batch["notes"].items() if name != "declaration"}
    tables = [table.name for table in dataset(case.dataset).tables]
    if case.refused is not None:
        assert [reason for _, reason in report.refused] == [case.refused]
        assert (batch["status"], batch["kept_as"]) == ("refused", None)
        assert batch["reason"] == f"{case.dataset}: {batch['source_place']}: {case.refused}."
        assert all(world.state(case.dataset, (), table=table) == {} for table in tables)
        return
    assert report.refused == []
    assert world.reasons(case.dataset) == list(case.rejected)
    found = {table: world.state(case.dataset, COLUMNS[table], table=table) for table in tables}
    assert found == {table: case.expected().get(table, {}) for table in tables}
    assert notes == case.notes


def test_every_file_belongs_to_a_case() -> None:
    files = {
        path for path in ROOT.rglob("*") if path.suffix not in (".py", ".pyc") and path.is_file()
    }
    assert files == {case.path for case in CASES if case.make is None}
    assert len({case.name for case in CASES}) == len(CASES)
