"""A comparison of two dumps of the figures finds a changed figure, and nothing else."""

from pathlib import Path

import pytest

from tests.figures.tables import compare

POSITION = "point_code,numerator,published_at\nHYDRA,5,2026-01-01\nNCCU_INTEL,7,2026-01-01\n"


def folder(path: Path, **tables: str) -> Path:
    path.mkdir()
    for name, text in tables.items():
        (path / f"marts.{name}.csv").write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("after", "differs"),
    [
        (POSITION, False),
        ("point_code,numerator,published_at\nNCCU_INTEL,7,2027\nHYDRA,5,2027\n", False),
        ("point_code,numerator,label\nHYDRA,5,Hydra\nNCCU_INTEL,7,NCCU\n", False),
        (POSITION.replace("HYDRA,5", "HYDRA,6"), True),
        (POSITION + "HYDRA,5,2026-01-01\n", True),
        (POSITION.replace("HYDRA,5,2026-01-01\n", ""), True),
    ],
    ids=["the same", "another order and time", "another column", "a figure", "a row more", "less"],
)
def test_a_difference_is_a_changed_figure(tmp_path: Path, after: str, *, differs: bool) -> None:
    before = folder(tmp_path / "before", assurance_position=POSITION)
    found = compare(before, folder(tmp_path / "after", assurance_position=after))
    assert any(line.is_difference for line in found) is differs
