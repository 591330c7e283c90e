"""The tables of a release's files that say what the codes in the other tables mean."""

from collections.abc import Sequence
from typing import Any

from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.table import Column, Reference, Table

#: How a table refers to the lists of codes.
POINT = Reference(("point_code",), "code_point", ("point_code",))
MEASURE = Reference(("measure_code",), "code_measure", ("measure_code",))
UNIT = Reference(("org_unit_code",), "code_unit", ("org_unit_code",))
STATUS = Reference(("status",), "code_status", ("status",))


def code_lists(content: ReleaseContent) -> tuple[Table, ...]:
    """Return the tables that say what the codes in the other tables mean."""
    rows = [row for table in content.tables.values() for row in table]
    points, units = (
        sorted({row[name] for row in rows if name in row})
        for name in ("point_code", "org_unit_code")
    )
    measures = {row["measure_code"]: row["point_code"] for row in rows if "measure_code" in row}
    return (
        _codes(
            "code_point",
            "Codes of the assurance points",
            _code("point_code", "Point"),
            (_text("title", "Name"), _text("description", "What it asks")),
            [(code, wording.point(code), wording.question(code)) for code in points],
        ),
        _codes(
            "code_measure",
            "Codes of the measures",
            _code("measure_code", "Measure"),
            (
                _code("point_code", "Point"),
                _text("title", "Name"),
                _text("description", "What it counts"),
            ),
            [
                (code, measures[code], wording.measure(code), wording.about(code))
                for code in sorted(measures)
            ],
            (POINT,),
        ),
        _codes(
            "code_unit",
            "Codes of the units",
            _code("org_unit_code", "Unit"),
            (_text("title", "Name"),),
            [(code, wording.unit(code, content)) for code in units],
        ),
        _codes(
            "code_status",
            "Codes of the statuses",
            _code("status", "Status"),
            (_text("title", "Name"), _text("description", "What it means")),
            [(code, one.word, one.meaning) for code, one in words.STATUSES.items()],
        ),
    )


def _codes(
    name: str,
    title: str,
    key: Column,
    others: tuple[Column, ...],
    rows: Sequence[Sequence[Any]],
    references: tuple[Reference, ...] = (),
) -> Table:
    columns = (key, *others)
    names = [column.name for column in columns]
    return Table(
        name,
        title,
        f"One row per code in the column {key.name} of the other tables.",
        (key.name,),
        columns,
        [dict(zip(names, row, strict=True)) for row in rows],
        references,
    )


def _code(name: str, title: str) -> Column:
    return Column(name, title, "code", f"{title}, as a code.")


def _text(name: str, title: str) -> Column:
    return Column(name, title, "text", f"{title}, in words.")
