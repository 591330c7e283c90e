"""Add pivot tables to a workbook, which XlsxWriter cannot write.

A pivot table has three parts: its layout on the sheet, the fields of its table with their values
(the cache), and the rows of the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oic_assurance.reporting.workbook.package import WORKBOOK, Package, part
from oic_assurance.reporting.workbook.pivots import TOP, Computed, Rows


@dataclass(frozen=True)
class SheetPivot:
    """A computed pivot table, the number of its sheet from 1, and the rows of its table."""

    sheet: int
    computed: Computed
    columns: Mapping[str, str]
    rows: Rows


def add_pivots(package: Package, pivots: Sequence[SheetPivot]) -> None:
    """Add pivot tables to the sheets of a workbook."""
    caches = ""
    for number, one in enumerate(pivots, start=1):
        cache, rows = f"pivotCacheDefinition{number}.xml", f"pivotCacheRecords{number}.xml"
        table = f"xl/pivotTables/pivotTable{number}.xml"
        records = package.link(f"xl/pivotCache/{cache}", "pivotCacheRecords", rows)
        text = part("pivot_cache.xml.j2", one=one, records=records)
        package.add(f"xl/pivotCache/{cache}", text, "pivotCacheDefinition")
        text = part("pivot_records.xml.j2", one=one)
        package.add(f"xl/pivotCache/{rows}", text, "pivotCacheRecords")
        package.add(
            table, part("pivot_table.xml.j2", one=one, number=number, top=TOP), "pivotTable"
        )
        package.link(table, "pivotCacheDefinition", f"../pivotCache/{cache}")
        sheet = f"xl/worksheets/sheet{one.sheet}.xml"
        package.link(sheet, "pivotTable", f"../pivotTables/pivotTable{number}.xml")
        link = package.link(WORKBOOK, "pivotCacheDefinition", f"pivotCache/{cache}")
        caches += f'<pivotCache cacheId="{number}" r:id="{link}"/>'
    package.edit(WORKBOOK, "</workbook>", f"<pivotCaches>{caches}</pivotCaches></workbook>")
