"""Add to a workbook the queries that refresh its tables, which XlsxWriter cannot write.

A table that is refreshed has a connection with its SQL, a query table that says which column of the
result is which of the table, and a hidden name for its cells.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.reporting.workbook.package import WORKBOOK, Package, part

#: The name that Excel gives to the cells with the result of a query, followed by a number.
RESULT = "ExternalData_"


@dataclass(frozen=True)
class Query:
    """How a table is refreshed: its number in the workbook from 1, its name and its SQL."""

    number: int
    table: str
    sql: str


def add_queries(package: Package, queries: Sequence[Query], source: str) -> None:
    """Add the queries of tables. `source` is the ODBC connection string."""
    for query in queries:
        table = f"xl/tables/table{query.number}.xml"
        columns = _table_columns(package, table)
        text = part("query_table.xml.j2", query=query, columns=columns, result=RESULT)
        package.add(f"xl/queryTables/queryTable{query.number}.xml", text, "queryTable")
        package.link(table, "queryTable", f"../queryTables/queryTable{query.number}.xml")
    text = part("connections.xml.j2", queries=queries, source=source)
    package.add("xl/connections.xml", text, "connections")
    package.link(WORKBOOK, "connections", "connections.xml")
    # Excel hides the names of the results of queries.
    named = f'<definedName name="{RESULT}'
    hidden = package.text(WORKBOOK).replace(named, named.replace(" name", ' hidden="1" name'))
    package.files[WORKBOOK] = hidden.encode("utf-8")


def _table_columns(package: Package, path: str) -> list[str]:
    """Mark a table as the result of a query, and return its columns as they are escaped in it."""
    text = package.text(path)
    found = re.findall(r'<tableColumn id="(\d+)" name="([^"]*)"', text)
    text = text.replace(" totalsRowShown=", ' tableType="queryTable" totalsRowShown=', 1)
    text = re.sub(
        r'<tableColumn id="(\d+)" name="([^"]*)"',
        r'<tableColumn id="\1" uniqueName="\1" name="\2" queryTableFieldId="\1"',
        text,
    )
    package.files[path] = text.encode("utf-8")
    return [name for _, name in found]
