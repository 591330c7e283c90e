"""The simulator's tables against the source contract, and against their own DDL."""

import re
from importlib.resources import files

import pytest

from oic_assurance.sources.declaration import load_all
from simulator.source_systems import DATASETS_BY_FILE
from simulator.tables import TABLES, Table


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.full_name)
def test_the_ddl_has_these_columns_in_this_order(table: Table) -> None:
    ddl = files("simulator").joinpath("schema", f"{table.system}.sql").read_text()
    body = re.search(rf"exists {table.full_name} \((.*?)\n\);", ddl, re.DOTALL)
    assert body is not None
    assert tuple(line.split()[0] for line in body.group(1).strip().splitlines()) == table.columns
    assert "check" not in body.group(1)
