"""Make the visuals of the report, in the JSON of Power BI's enhanced report format (PBIR)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oic_assurance.reporting.power_bi.description import Visual
from oic_assurance.reporting.power_bi.model import Model

SCHEMA = (
    "https://developer.microsoft.com/json-schemas/fabric/item/report/definition/"
    "visualContainer/2.4.0/schema.json"
)
#: The names in `colours.yml` of the values of columns that split a visual into series.
SERIES = {
    "fct_nccu_referral[intelligence_class_label]": (
        "In time", "Late", "By somebody else", "Not valid", "Missing",
    ),
    "assurance_exception_summary[age_band]": ("0-1", "2-7", "8-28", "over 28"),
    "dim_point[title]": (
        "Reporting to the NCCU", "Intelligence plans", "Hydra training", "E-learning",
    ),
    "dim_measure[title]": (
        "Hours to the document, median", "Hours to the document, nine of ten",
        "E-learning completed", "Hydra completed",
    ),
}  # fmt: skip
#: Power BI's name of each kind of visual, and the names of its roles.
KINDS = {
    "table": ("tableEx", ("Values",)),
    "matrix": ("pivotTable", ("Rows", "Columns", "Values")),
    "line": ("lineChart", ("Category", "Y", "Series")),
    "column": ("columnChart", ("Category", "Y", "Series")),
    "bar": ("barChart", ("Category", "Y", "Series")),
    "card": ("card", ("Values",)),
    "slicer": ("slicer", ("Values",)),
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a visual is on its page, in pixels, and when the Tab key reaches it."""

    x: int
    y: int
    width: int
    height: int
    order: int


def chart(
    visual: Visual, model: Model, place: Place, name: str, colours: Mapping[str, str]
) -> Json:
    """Return a visual of a page. `colours` are those of `colours.yml`."""
    kind, _ = KINDS[visual.kind]
    filters = [filter_of(name, column, values) for column, values in visual.where.items()]
    objects = _colours(visual, model, colours)
    if visual.kind == "slicer":
        objects["data"] = _properties(mode=_text(_slicer_mode(visual)))
    if visual.kind == "card":
        objects["categoryLabels"] = _properties(show=_literal("false"))
        objects["wordWrap"] = _properties(show=_literal("true"))
    content: Json = {
        "visualType": kind,
        "query": {
            "queryState": {
                role: {"projections": [_projection(field, model) for field in fields]}
                for role, fields in visual.fields.items()
            }
        },
        "objects": objects,
        "visualContainerObjects": _container(visual.title, visual.alt),
        "drillFilterOtherVisuals": True,
    }
    if visual.kind == "slicer":
        # A slicer keeps its choice from page to page.
        content["syncGroup"] = {
            "groupName": visual.title,
            "fieldChanges": True,
            "filterChanges": True,
        }
    return _visual(name, place, content, filters)


def publication_card(model: Model, place: Place, name: str) -> Json:
    """Return the card that every page begins with: publication, as-at moment and verdict."""
    visual = Visual(
        title="About this publication",
        kind="card",
        width=12,
        fields={"Values": ("[Publication shown]",)},
        where={},
        colours={},
        alt="The publication that this page shows, its as-at moment and the verdict of its checks.",
    )
    made = chart(visual, model, place, name, {})
    made["visual"]["objects"]["labels"] = _properties(fontSize=_literal("12D"))
    return made


def heading(text: str, place: Place, name: str) -> Json:
    """Return a text box with the title of a page."""
    paragraph = {
        "textRuns": [{"value": text, "textStyle": {"fontSize": "20pt", "fontWeight": "bold"}}]
    }
    content = {
        "visualType": "textbox",
        "objects": {"general": [{"properties": {"paragraphs": [paragraph]}}]},
        "visualContainerObjects": _container("", text),
    }
    return _visual(name, place, content, [])


def _visual(name: str, place: Place, content: Json, filters: Sequence[Json]) -> Json:
    made: Json = {
        "$schema": SCHEMA,
        "name": name,
        "position": {
            "x": place.x,
            "y": place.y,
            "z": place.order,
            "height": place.height,
            "width": place.width,
            "tabOrder": place.order,
        },
        "visual": content,
    }
    return made | ({"filterConfig": {"filters": [*filters]}} if filters else {})


def _slicer_mode(visual: Visual) -> str:
    return "Between" if visual.title == "Date" else "Dropdown"


def _container(title: str, alt: str) -> Json:
    return {
        "title": _properties(show=_literal(str(bool(title)).lower()), text=_text(title)),
        "general": _properties(altText=_text(alt)),
    }


def _projection(field: str, model: Model) -> Json:
    table, name, is_measure = split(field, model)
    return {
        "field": {"Measure" if is_measure else "Column": _reference("Entity", table, name)},
        "queryRef": f"{table}.{name}",
        "nativeQueryRef": name,
        "active": True,
    } | (
        {}
        if is_measure
        else {"displayName": name.removesuffix("_label").replace("_", " ").capitalize()}
    )


def split(field: str, model: Model) -> tuple[str, str, bool]:
    """Return the table and name of a field, and whether it is a measure."""
    table, _, name = field.removesuffix("]").partition("[")
    return (table, name, False) if table else (model.table_of(name), name, True)


def _reference(kind: str, table: str, name: str) -> Json:
    return {"Expression": {"SourceRef": {kind: table}}, "Property": name}


def filter_of(owner: str, column: str, values: Sequence[str]) -> Json:
    """Return a filter of a page or a visual: the values of a column that it shows.

    Its name has that of its owner in it, because it must be the only one of the whole report.
    """
    table, _, name = column.removesuffix("]").partition("[")
    return {
        "name": f"{owner}-{name}",
        "field": {"Column": _reference("Entity", table, name)},
        "type": "Categorical",
        "filter": {
            "Version": 2,
            "From": [{"Name": "t", "Entity": table, "Type": 0}],
            "Where": [
                {
                    "Condition": {
                        "In": {
                            "Expressions": [{"Column": _reference("Source", "t", name)}],
                            "Values": [[{"Literal": {"Value": f"'{value}'"}}] for value in values],
                        }
                    }
                }
            ],
        },
    }


def _colours(visual: Visual, model: Model, colours: Mapping[str, str]) -> Json:
    """Return the colours of the series: of the measures, or of the values of the series' column."""
    points = [
        {
            "properties": _fill(colours[colour]),
            "selector": {"metadata": f"{model.table_of(measure)}.{measure}"},
        }
        for measure, colour in visual.colours.items()
    ]
    for field in visual.fields.get("Series", ()):
        table, name, _ = split(field, model)
        points += [
            {"properties": _fill(colours[value]), "selector": _equals(table, name, value)}
            for value in SERIES[field]
        ]
    return {"dataPoint": points} if points else {}


def _equals(table: str, name: str, value: str) -> Json:
    comparison = {
        "ComparisonKind": 0,
        "Left": {"Column": _reference("Entity", table, name)},
        "Right": {"Literal": {"Value": f"'{value}'"}},
    }
    return {"data": [{"scopeId": {"Comparison": comparison}}]}


def _fill(colour: str) -> Json:
    return {"fill": {"solid": {"color": _text(colour)}}}


def _properties(**properties: Json) -> list[Json]:
    return [{"properties": properties}]


def _text(value: str) -> Json:
    return _literal("'" + value.replace("'", "''") + "'")


def _literal(value: str) -> Json:
    return {"expr": {"Literal": {"Value": value}}}
