"""Write the tables of a release as CSV, with metadata for CSV on the Web (CSVW).

The files follow the Government's tabular data standard: RFC 4180, UTF-8 without a byte order mark,
one header row, one table a file. One description covers all files, because only then can it state
the foreign keys between them. CSVW readers look for it under its name.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.tables import Column, Table
from oic_assurance.reporting.release.values import SHOWN, as_text

METADATA = "csv-metadata.json"
CONTEXT = "http://www.w3.org/ns/csvw"
_SDMX = "http://purl.org/linked-data/sdmx/2009/"
#: The CSVW datatype for each kind of column.
_DATATYPES: Mapping[str, Any] = {
    "code": "string",
    "text": "string",
    "count": {"base": "nonNegativeInteger"},
    "whole": {"base": "nonNegativeInteger"},
    "share": {"base": "double", "minimum": 0, "maximum": 1},
    "date": {"base": "date", "format": "yyyy-MM-dd"},
    "moment": "dateTime",
    "yes_or_no": {"base": "boolean", "format": "true|false"},
}
#: What statistical agencies call these columns.
_PROPERTIES = {
    "force_code": f"{_SDMX}dimension#refArea",
    "period_start": f"{_SDMX}dimension#refPeriod",
    "value": f"{_SDMX}measure#obsValue",
    "value_marker": f"{_SDMX}attribute#obsStatus",
}
_AREA = "http://statistics.data.gov.uk/id/statistical-geography/{force_code}"


def csv_name(table: str, content: ReleaseContent) -> str:
    """Return the name of a table's file: the table and the day of the release."""
    return wording.file_name(f"{table}.csv", content)


def csv_file(table: Table) -> bytes:
    """Return a table as CSV in UTF-8, with a header line and CRLF line ends.

    No cell begins with a sign that a spreadsheet program takes for a formula.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.names)
    for row in table.rows:
        writer.writerow([as_text(row[name]) for name in table.names])
    return text.getvalue().encode("utf-8")


def metadata_file(
    tables: Sequence[Table], content: ReleaseContent, texts: Mapping[str, Any]
) -> bytes:
    """Return the CSVW description of all tables' files, as JSON."""
    publisher = content.notes["publisher"]
    document: dict[str, Any] = {
        "@context": [CONTEXT, {"@language": "en"}],
        "dc:title": f"{texts['title']}, release {content.release_id}",
        "dc:description": texts["description"],
        "dc:identifier": wording.identifier(content),
        "dc:issued": {"@value": wording.released_on(content).isoformat(), "@type": "xsd:date"},
        "dc:language": "en-GB",
    }
    if publisher["publisher"]:
        document["dc:publisher"] = publisher["publisher"]
    if publisher["licence_url"]:
        document["dc:license"] = {"@id": publisher["licence_url"]}
    document["dialect"] = {
        "encoding": "utf-8",
        "delimiter": ",",
        "quoteChar": '"',
        "doubleQuote": True,
        "header": True,
        "headerRowCount": 1,
        "lineTerminators": ["\r\n"],
    }
    keys = {table.name: table.key for table in tables}
    document["tables"] = [_table(table, keys, content) for table in tables]
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _table(
    table: Table, keys: Mapping[str, Sequence[str]], content: ReleaseContent
) -> dict[str, Any]:
    name = csv_name(table.name, content)
    schema: dict[str, Any] = {
        "aboutUrl": f"{name}#{'/'.join(f'{{{column}}}' for column in table.key)}",
        "columns": [_column(column) for column in table.columns],
        "primaryKey": list(table.key),
    }
    if table.refers_to:
        schema["foreignKeys"] = [
            {
                "columnReference": list(keys[other]),
                "reference": {
                    "resource": csv_name(other, content),
                    "columnReference": list(keys[other]),
                },
            }
            for other in table.refers_to
        ]
    described: dict[str, Any] = {
        "url": name,
        "dc:title": table.title,
        "dc:description": table.description,
        "tableSchema": schema,
    }
    if any(column.kind == "marker" for column in table.columns):
        described["notes"] = [
            {"dc:title": one, "dc:description": meaning}
            for one, meaning in labels("marker").items()
        ]
    return described


def _column(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        # The first title is the name in the file's header line. The second title is for people.
        "titles": {"en": [column.name, column.title]},
        "dc:description": column.description,
        "datatype": _markers() if column.kind == "marker" else _DATATYPES[column.kind],
        "required": not column.marker,
    }
    if column.name in _PROPERTIES:
        described["propertyUrl"] = _PROPERTIES[column.name]
    if column.name == "force_code":
        described["valueUrl"] = _AREA
    return described


def _markers() -> dict[str, str]:
    known = "|".join([SHOWN, *(f"\\[{one[1]}\\]" for one in labels("marker"))])
    return {"base": "string", "format": known}
