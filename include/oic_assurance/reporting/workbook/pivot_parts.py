"""Add pivot tables to a workbook, which XlsxWriter cannot write.

A pivot table has three parts: its layout on the sheet, the fields of its table with their values
(the cache), and the rows of the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from oic_assurance.reporting.workbook.package import LINKS, MAIN, WORKBOOK, Package
from oic_assurance.reporting.workbook.pivots import TOP, Computed, Rows

#: The versions of Excel that the parts are for: 2010 and later.
_VERSION = 'createdVersion="4" refreshedVersion="4" minRefreshableVersion="3"'
#: Excel's numbers of its built-in formats 0.00% and #,##0.
_SHARE_FORMAT, _COUNT_FORMAT = 10, 3
_GRAND = '<i t="grand"><x/></i>'


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
            WORKBOOK,
            "pivotCacheDefinition",
            f"pivotCache/pivotCacheDefinition{number}.xml",
        )
        caches += f'<pivotCache cacheId="{number}" r:id="{link}"/>'
    package.edit(WORKBOOK, "</workbook>", f"<pivotCaches>{caches}</pivotCaches></workbook>")


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
        f'<pivotCacheDefinition xmlns="{MAIN}" xmlns:r="{LINKS}" r:id="{records}" '
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
        f'<pivotCacheRecords xmlns="{MAIN}" xmlns:r="{LINKS}" count="{len(one.rows)}">'
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
        f'<pivotTableDefinition xmlns="{MAIN}" name="pivot_{number}" cacheId="{number}" '
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
