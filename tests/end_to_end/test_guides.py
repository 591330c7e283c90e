"""What the guides add to the project is accepted. Slow tests follow each guide to its figures."""

import shutil
from pathlib import Path

from oic_assurance.builds.declared import check_conditions, read_declared
from oic_assurance.builds.seeds import read_seeds
from oic_assurance.sources.declarations.load import parse
from tests.conftest import PROJECT_ROOT
from tests.end_to_end.guide import blocks, write


def test_a_measure_and_a_point(tmp_path: Path) -> None:
    without = shutil.ignore_patterns("target")
    shutil.copytree(PROJECT_ROOT / "dbt_project", tmp_path / "dbt_project", ignore=without)
    before = read_declared(tmp_path).measures.keys()
    write("add-a-measure", tmp_path)
    write("add-a-point", tmp_path)

    declared = read_declared(tmp_path)
    check_conditions(tmp_path, declared)
    policy = [row for _, row in read_seeds(tmp_path)["policy_point"].lines]

    assert len(declared.measures.keys() - before) == 2
    assert "MILESTONES" in {row["point_code"] for row in policy}


def test_a_source() -> None:
    [declaration] = [name for name in blocks("add-a-source") if "/declarations/" in name]
    assert parse(blocks("add-a-source")[declaration], declaration).name.startswith("safeguarding/")
