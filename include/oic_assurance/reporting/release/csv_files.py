"""Write a table of a release as CSV (RFC 4180), with its metadata for CSV on the Web (CSVW)."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from oic_assurance.publishing.release_tables import Kind, ReleaseColumn, ReleaseTable
from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.release.values import MEANINGS, as_text, mark

CONTEXT = "http://www.w3.org/ns/csvw"
#: The CSVW datatype for each kind of column.
_DATATYPES: Mapping[Kind, Any] = {
    "code": "string",
    "text": "string",
    "count": {"base": "nonNegativeInteger"},
    "whole": {"base": "integer"},
    "share": {"base": "double", "minimum": 0, "maximum": 1},
    "date": "date",
    "moment": "dateTime",
    "yes_or_no": {"base": "boolean", "format": "true|false"},
}


def csv_name(table: ReleaseTable) -> str:
    """Return the name of a table's file."""
    return f"{table.name}.csv"


def metadata_name(table: ReleaseTable) -> str:
    """Return the name of the file with a table's metadata. CSVW readers look for this name."""
    return f"{csv_name(table)}-metadata.json"


def csv_file(table: ReleaseTable, content: ReleaseContent) -> bytes:
    """Return a table as CSV in UTF-8, with a header line and CRLF line ends."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.names)
    for row in content.tables[table.name]:
        writer.writerow([as_text(column, row[column.name]) for column in table.columns])
    return text.getvalue().encode("utf-8")


def metadata_file(table: ReleaseTable, content: ReleaseContent) -> bytes:
    """Return the CSVW metadata of a table's file, as JSON."""
    publisher = content.notes["publisher"]
    document: dict[str, Any] = {
        "@context": [CONTEXT, {"@language": "en"}],
        "url": csv_name(table),
        "dc:title": table.title,
        "dc:description": " ".join([table.description, *_marks(table)]),
        "dc:issued": {"@value": content.made_at.date().isoformat(), "@type": "xsd:date"},
        "dc:identifier": f"release {content.release_id}, {table.name}",
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
        "lineTerminators": ["\r\n"],
    }
    document["tableSchema"] = {
        "columns": [_column(column) for column in table.columns],
        "primaryKey": list(table.key),
    }
    return _json(document)


def _marks(table: ReleaseTable) -> list[str]:
    used = {mark(column) for column in table.columns}
    return [f"{one} {meaning}" for one, meaning in MEANINGS.items() if one in used]


def _column(column: ReleaseColumn) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        # The first title is the name in the file's header line. The second title is for people.
        "titles": {"en": [column.name, column.title]},
        "dc:description": column.description,
        "datatype": _DATATYPES[column.kind],
        "required": column.blank is None,
    }
    if column.blank is not None:
        described["null"] = [mark(column)]
    return described


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
