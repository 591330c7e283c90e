"""Add to a workbook what XlsxWriter cannot write: pivot tables, and queries that refresh tables.

The parts follow ECMA-376, Part 1, chapter 18: SpreadsheetML. A pivot table has three: its layout on
the sheet, the fields of its table with their values (the cache), and the rows of the table.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from oic_assurance.reporting.workbook.pivots import TOP, Computed, Rows

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: The versions of Excel that the parts are for: 2010 and later.
_VERSION = 'createdVersion="4" refreshedVersion="4" minRefreshableVersion="3"'
#: Excel's number of the format 0.0% is its own; those of 0.00% and #,##0 are built in.
_SHARE_FORMAT, _COUNT_FORMAT = 10, 3
#: The name that Excel gives to the cells with the result of a query, followed by a number.
RESULT = "ExternalData_"
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class SheetPivot:
    """A computed pivot table, the number of its sheet from 1, and the rows of its table."""

    sheet: int
    computed: Computed
    columns: Mapping[str, str]
    rows: Rows


@dataclass(frozen=True)
class Query:
    """How a table is refreshed: its number in the workbook from 1, its name and its SQL."""

    number: int
    table: str
    sql: str


@dataclass
class _Package:
    files: dict[str, bytes]
    types: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, text: str, kind: str) -> None:
        """Add a part with its content type."""
        self.files[path] = (_HEAD + text).encode("utf-8")
        self.types[path] = _TYPES + kind + "+xml"

    def link(self, source: str, kind: str, target: str) -> str:
        """Link a part to another, and return the link's ID."""
        folder, _, name = source.rpartition("/")
        path = f"{folder}/_rels/{name}.rels"
        known = self.files.get(
            path, f'{_HEAD}<Relationships xmlns="{_PACKAGE}"/>'.encode()
        ).decode()
        known = known.replace("/>", "></Relationships>") if "</Rel" not in known else known
        number = f"rId{known.count('<Relationship ') + 1}"
        one = f'<Relationship Id="{number}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        self.files[path] = known.replace("</Relationships>", f"{one}</Relationships>").encode()
        return number

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that a part has exactly once.

        Raises:
            ValueError: The part has it never, or more than once.
        """
        text = self.files[path].decode("utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{path} has {old!r} {text.count(old)} times")
        self.files[path] = text.replace(old, new).encode("utf-8")


def with_parts(
    book: bytes, pivots: Sequence[SheetPivot], queries: Sequence[Query], source: str | None
) -> bytes:
    """Return a workbook of XlsxWriter with pivot tables, and with queries that refresh its tables.

    `source` is the ODBC connection string. Without it, tables are not refreshed.
    """
    with zipfile.ZipFile(io.BytesIO(book)) as given:
        package = _Package({name: given.read(name) for name in given.namelist()})
    _add_pivots(package, pivots)
    if source is not None:
        _add_queries(package, queries, source)
    overrides = "".join(
        f'<Override PartName="/{path}" ContentType="{kind}"/>'
        for path, kind in package.types.items()
    )
    package.edit("[Content_Types].xml", "</Types>", f"{overrides}</Types>")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for path, content in package.files.items():
            entry = zipfile.ZipInfo(path, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, content)
    return file.getvalue()


def _add_pivots(package: _Package, pivots: Sequence[SheetPivot]) -> None:
    caches = ""
    for number, one in enumerate(pivots, start=1):
        cache = f"xl/pivotCache/pivotCacheDefinition{number}.xml"
        records = package.link(cache, "pivotCacheRecords", f"pivotCacheRecords{number}.xml")
        package.add(cache, _cache(one, records), "pivotCacheDefinition")
        package.add(
            f"xl/pivotCache/pivotCacheRecords{number}.xml", _records(one), "pivotCacheRecords"
        )
        table = f"xl/pivotTables/pivotTable{number}.xml"
        package.add(table, _pivot_table(one, number), "pivotTable")
        package.link(
            table, "pivotCacheDefinition", f"../pivotCache/pivotCacheDefinition{number}.xml"
        )
        package.link(
            f"xl/worksheets/sheet{one.sheet}.xml",
            "pivotTable",
            f"../pivotTables/pivotTable{number}.xml",
        )
        link = package.link(
            "xl/workbook.xml",
            "pivotCacheDefinition",
            f"pivotCache/pivotCacheDefinition{number}.xml",
        )
        caches += f'<pivotCache cacheId="{number}" r:id="{link}"/>'
    package.edit(
        "xl/workbook.xml", "</workbook>", f"<pivotCaches>{caches}</pivotCaches></workbook>"
    )


def _cache(one: SheetPivot, records: str) -> str:
    fields = "".join(_cache_field(one, name) for name in one.columns)
    share = one.computed.pivot.share
    if share is not None:
        title, met, of = share
        # A calculated field divides the sums, and not the rows.
        formula = quoteattr(f"{_in_formula(met)}/{_in_formula(of)}")
        fields += (
            f'<cacheField name={quoteattr(_calculated(title))} numFmtId="0" formula={formula} '
            'databaseField="0"/>'
        )
    count = len(one.columns) + (share is not None)
    return (
        f'<pivotCacheDefinition xmlns="{_MAIN}" xmlns:r="{_LINKS}" r:id="{records}" '
        f'refreshOnLoad="1" refreshedBy="OIC assurance" {_VERSION} recordCount="{len(one.rows)}">'
        f'<cacheSource type="worksheet"><worksheetSource name={quoteattr(one.computed.pivot.table)}'
        f'/></cacheSource><cacheFields count="{count}">{fields}</cacheFields>'
        "</pivotCacheDefinition>"
    )


def _cache_field(one: SheetPivot, name: str) -> str:
    items = one.computed.items.get(name)
    if items is not None:
        values = "".join(f"<s v={quoteattr(item)}/>" for item in items)
        shared = f'<sharedItems count="{len(items)}">{values}</sharedItems>'
    else:
        shared = _kind_of(one, name)
    return f'<cacheField name={quoteattr(name)} numFmtId="0">{shared}</cacheField>'


def _kind_of(one: SheetPivot, name: str) -> str:
    """Return the description of the values of a field that has no items."""
    values = [row[name] for row in one.rows if row[name] is not None]
    if not values or isinstance(values[0], str):
        return "<sharedItems/>"
    low, high = min(values), max(values)
    blank = 'containsBlank="1" ' if len(values) < len(one.rows) else ""
    if isinstance(low, date):
        return (
            f'<sharedItems {blank}containsSemiMixedTypes="0" containsNonDate="0" containsDate="1" '
            f'containsString="0" minDate="{_moment(low)}" maxDate="{_moment(high)}"/>'
        )
    return (
        f'<sharedItems {blank}containsSemiMixedTypes="0" containsString="0" containsNumber="1" '
        f'containsInteger="1" minValue="{low}" maxValue="{high}"/>'
    )


def _records(one: SheetPivot) -> str:
    places = {
        name: {item: place for place, item in enumerate(items)}
        for name, items in one.computed.items.items()
    }
    lines = (
        "<r>" + "".join(_record(row[name], places.get(name)) for name in one.columns) + "</r>"
        for row in one.rows
    )
    return (
        f'<pivotCacheRecords xmlns="{_MAIN}" xmlns:r="{_LINKS}" count="{len(one.rows)}">'
        f"{''.join(lines)}</pivotCacheRecords>"
    )


def _record(value: Any, places: Mapping[Any, int] | None) -> str:
    if places is not None:
        return f'<x v="{places[value]}"/>'
    if value is None:
        return "<m/>"
    if isinstance(value, str):
        return f"<s v={quoteattr(value)}/>"
    return f'<d v="{_moment(value)}"/>' if isinstance(value, date) else f'<n v="{value}"/>'


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat()
    return f"{value.isoformat()}T00:00:00"


def _pivot_table(one: SheetPivot, number: int) -> str:
    computed, pivot = one.computed, one.computed.pivot
    names = list(one.columns)
    fields = "".join(_field(computed, name) for name in names)
    if pivot.share is not None:
        fields += '<pivotField dataField="1" compact="0" outline="0" dragToRow="0" dragToCol="0" '
        fields += 'dragToPage="0" showAll="0" defaultSubtotal="0"/>'
    row_items = computed.items[pivot.rows]
    rows = [row_items.index(item) for item in computed.rows]
    pages = ""
    if pivot.filter is not None:
        name, _ = pivot.filter
        place = computed.items[name].index(str(computed.chosen))
        pages = f'<pageFields count="1"><pageField fld="{names.index(name)}" item="{place}" '
        pages += 'hier="-1"/></pageFields>'
    first = f'<location ref="A{TOP + 1}:{_letter(computed.last_column)}{computed.last_row + 1}" '
    first += f'firstHeaderRow="{computed.header_rows - 1}" firstDataRow="{computed.header_rows}" '
    first += 'firstDataCol="1"' + (' rowPageCount="1" colPageCount="1"' if pages else "") + "/>"
    return (
        f'<pivotTableDefinition xmlns="{_MAIN}" name="pivot_{number}" cacheId="{number}" '
        'applyNumberFormats="0" applyBorderFormats="0" applyFontFormats="0" '
        'applyPatternFormats="0" applyAlignmentFormats="0" applyWidthHeightFormats="1" '
        f'dataCaption="Values" updatedVersion="4" minRefreshableVersion="3" createdVersion="4" '
        'useAutoFormatting="1" compact="0" compactData="0" outline="0" '
        f'outlineData="0" multipleFieldFilters="0">'
        f"{first}"
        f'<pivotFields count="{len(names) + (pivot.share is not None)}">{fields}</pivotFields>'
        f'<rowFields count="1"><field x="{names.index(pivot.rows)}"/></rowFields>'
        f'<rowItems count="{len(rows) + 1}">{"".join(map(_item, rows))}{_GRAND}</rowItems>'
        f"{_columns(computed, names)}{pages}{_data_fields(computed, names)}"
        '<pivotTableStyleInfo name="PivotStyleLight16" showRowHeaders="1" showColHeaders="1" '
        'showRowStripes="0" showColStripes="0" showLastColumn="1"/></pivotTableDefinition>'
    )


_GRAND = '<i t="grand"><x/></i>'


def _item(place: int) -> str:
    return f'<i><x v="{place}"/></i>' if place else "<i><x/></i>"


def _field(computed: Computed, name: str) -> str:
    pivot = computed.pivot
    is_value = name in pivot.values.values()
    data = 'dataField="1" ' if is_value else ""
    axis = {pivot.rows: "axisRow", pivot.columns: "axisCol"}.get(name)
    if pivot.filter is not None and name == pivot.filter[0]:
        axis = "axisPage"
    rest = 'compact="0" outline="0" showAll="0"'
    if axis is None:
        return f"<pivotField {data}{rest}/>"
    count = len(computed.items[name])
    items = "".join(f'<item x="{place}"/>' for place in range(count)) + '<item t="default"/>'
    return (
        f'<pivotField axis="{axis}" {data}{rest}><items count="{count + 1}">{items}</items>'
        "</pivotField>"
    )


def _columns(computed: Computed, names: Sequence[str]) -> str:
    pivot = computed.pivot
    if pivot.columns is not None:
        all_items = computed.items[pivot.columns]
        places = "".join(_item(all_items.index(item)) for item in computed.columns)
        return (
            f'<colFields count="1"><field x="{names.index(pivot.columns)}"/></colFields>'
            f'<colItems count="{len(computed.columns) + 1}">{places}{_GRAND}</colItems>'
        )
    count = len(pivot.values) + (pivot.share is not None)
    items = "".join(
        f'<i i="{place}"><x v="{place}"/></i>' if place else "<i><x/></i>" for place in range(count)
    )
    # The field -2 stands for the values themselves.
    return (
        f'<colFields count="1"><field x="-2"/></colFields><colItems count="{count}">{items}'
        "</colItems>"
    )


def _data_fields(computed: Computed, names: Sequence[str]) -> str:
    pivot = computed.pivot
    fields = [(title, names.index(name), _COUNT_FORMAT) for title, name in pivot.values.items()]
    if pivot.share is not None:
        fields.append((pivot.share[0], len(names), _SHARE_FORMAT))
    texts = "".join(
        f'<dataField name={quoteattr(title)} fld="{place}" baseField="0" baseItem="0" '
        f'numFmtId="{kind}"/>'
        for title, place, kind in fields
    )
    return f'<dataFields count="{len(fields)}">{texts}</dataFields>'


def _calculated(title: str) -> str:
    """Return the name of a calculated field. The title of its values must differ from it."""
    return f"{title} of sums"


def _in_formula(name: str) -> str:
    return name if name.isidentifier() else "'" + name.replace("'", "''") + "'"


def _letter(column: int) -> str:
    return chr(ord("A") + column)


def _add_queries(package: _Package, queries: Sequence[Query], source: str) -> None:
    connections = ""
    for query in queries:
        name = f"oic-assurance {query.table}"
        connections += (
            f'<connection id="{query.number}" name={quoteattr(name)} type="1" '
            'refreshedVersion="4" saveData="1">'
            f"<dbPr connection={quoteattr(source)} command={quoteattr(query.sql)}/></connection>"
        )
        table = f"xl/tables/table{query.number}.xml"
        columns = _table_columns(package, table)
        path = f"xl/queryTables/queryTable{query.number}.xml"
        package.add(path, _query_table(query, columns), "queryTable")
        package.link(table, "queryTable", f"../queryTables/queryTable{query.number}.xml")
    package.add(
        "xl/connections.xml",
        f'<connections xmlns="{_MAIN}">{connections}</connections>',
        "connections",
    )
    package.link("xl/workbook.xml", "connections", "connections.xml")
    # Excel hides the names of the results of queries.
    book = package.files["xl/workbook.xml"].decode("utf-8")
    named = f'<definedName name="{RESULT}'
    package.files["xl/workbook.xml"] = book.replace(
        named, named.replace(" name", ' hidden="1" name')
    ).encode("utf-8")


def _table_columns(package: _Package, path: str) -> list[str]:
    """Mark a table as the result of a query, and return its columns as they are escaped in it."""
    text = package.files[path].decode("utf-8")
    found = re.findall(r'<tableColumn id="(\d+)" name="([^"]*)"', text)
    text = text.replace(" totalsRowShown=", ' tableType="queryTable" totalsRowShown=', 1)
    text = re.sub(
        r'<tableColumn id="(\d+)" name="([^"]*)"',
        r'<tableColumn id="\1" uniqueName="\1" name="\2" queryTableFieldId="\1"',
        text,
    )
    package.files[path] = text.encode("utf-8")
    return [name for _, name in found]


def _query_table(query: Query, columns: Sequence[str]) -> str:
    fields = "".join(_query_field(columns))
    return (
        f'<queryTable xmlns="{_MAIN}" name="{RESULT}{query.number}" backgroundRefresh="0" '
        f'connectionId="{query.number}" autoFormatId="16" applyNumberFormats="0" '
        'applyBorderFormats="0" applyFontFormats="0" applyPatternFormats="0" '
        'applyAlignmentFormats="0" applyWidthHeightFormats="0" adjustColumnWidth="0">'
        f'<queryTableRefresh nextId="{len(columns) + 1}"><queryTableFields '
        f'count="{len(columns)}">{fields}</queryTableFields></queryTableRefresh></queryTable>'
    )


def _query_field(columns: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(columns, start=1):
        yield f'<queryTableField id="{number}" name="{name}" tableColumnId="{number}"/>'
