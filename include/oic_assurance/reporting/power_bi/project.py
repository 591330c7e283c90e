"""Generate the files of the Power BI project."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.colours import colours
from oic_assurance.reporting.power_bi.description import FOLDER, Page, Visual, pages
from oic_assurance.reporting.power_bi.model import Model, semantic_model
from oic_assurance.reporting.power_bi.tmdl import model_files, tag
from oic_assurance.reporting.power_bi.visuals import (
    KINDS,
    Place,
    chart,
    filter_of,
    heading,
    publication_card,
)

NAME = "oic-assurance"
#: The parameters and the functions in Power Query, which are written by hand.
EXPRESSIONS = "expressions.tmdl"
_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/"
_WIDTH, _MARGIN, _GAP = 1280, 16, 12
#: The tops and heights of what every page begins with: title, publication and caveats, slicers.
_TITLE, _SHOWN, _SLICERS = (8, 44), (56, 128), (196, 72)
#: The slicers that a page can have, each with its column.
SLICERS = {
    "Date": "dim_date[date_day]",
    "District": "dim_org_unit[district_label]",
    "Team": "dim_org_unit[team_label]",
    "Point": "dim_point[title]",
}
_CAVEATS = (
    "assurance_position[point_label]",
    "assurance_position[source_status_label]",
    "assurance_position[caveat]",
)
Json = dict[str, Any]


def project(root: Path) -> dict[str, str]:
    """Return the text of every file of the project, keyed by its path in the project.

    `root` is the root folder of this repository.

    Raises:
        AssuranceError: A description is not valid, or names something that does not exist.
    """
    model = semantic_model(root)
    given = colours(root)
    named = {**given.meanings, **given.of_series(())}
    report = pages(root)
    for page in report:
        _check(page, model)
    files: dict[str, Json] = {
        f"{NAME}.pbip": {
            "$schema": f"{_SCHEMAS}pbip/pbipProperties/1.0.0/schema.json",
            "version": "1.0",
            "artifacts": [{"report": {"path": f"{NAME}.Report"}}],
            "settings": {"enableAutoRecovery": True},
        },
        f"{NAME}.SemanticModel/.platform": _platform("SemanticModel"),
        f"{NAME}.SemanticModel/definition.pbism": {
            "$schema": f"{_SCHEMAS}item/semanticModel/definitionProperties/1.0.0/schema.json",
            "version": "4.0",
            "settings": {},
        },
        f"{NAME}.Report/.platform": _platform("Report"),
        f"{NAME}.Report/definition.pbir": {
            "$schema": f"{_SCHEMAS}item/report/definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": f"../{NAME}.SemanticModel"}},
        },
        f"{NAME}.Report/StaticResources/RegisteredResources/{NAME}.json": _theme(given.meanings),
    }
    for place, content in _report_files(report, model, named):
        files[f"{NAME}.Report/definition/{place}"] = content
    texts = {place: json.dumps(content, indent=2) + "\n" for place, content in files.items()}
    by_hand = (root / FOLDER / EXPRESSIONS).read_text(encoding="utf-8")
    for place, text in (*model_files(model).items(), (EXPRESSIONS, by_hand)):
        texts[f"{NAME}.SemanticModel/definition/{place}"] = text
    return texts


def _check(page: Page, model: Model) -> None:
    """Check that everything a page names exists.

    Raises:
        AssuranceError: Something does not exist.
    """
    where = f"pages/{page.name}"
    if unknown := sorted({*page.slicers} - {*SLICERS}):
        raise AssuranceError(f"{where}: there is no slicer {unknown[0]}.")
    for visual in (visual for _, visuals in page.rows for visual in visuals):
        if visual.kind not in KINDS:
            raise AssuranceError(f"{where}: '{visual.title}': there is no kind {visual.kind}.")
        roles = KINDS[visual.kind][1]
        if unknown := sorted({*visual.fields} - {*roles}):
            raise AssuranceError(f"{where}: '{visual.title}' has no role {unknown[0]}.")
        named = [field for fields in visual.fields.values() for field in fields]
        named += [*visual.where, *(f"[{measure}]" for measure in visual.colours)]
        for field in named:
            if not model.has(field):
                raise AssuranceError(f"{where}: '{visual.title}': the model has no {field}.")


def _platform(kind: str) -> Json:
    return {
        "$schema": f"{_SCHEMAS}gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": {"type": kind, "displayName": "OIC assurance"},
        "config": {"version": "2.0", "logicalId": tag("platform", kind)},
    }


def _theme(meanings: Mapping[str, str]) -> Json:
    """Return the theme: the colours of the dashboards, each once, keyed by what they mean."""
    text, line = "#252423", "#d5d9de"
    return {
        "name": "OIC assurance",
        "dataColors": list(dict.fromkeys(meanings.values())),
        "background": "#ffffff",
        "foreground": text,
        "tableAccent": meanings["met"],
        "good": meanings["met"],
        "neutral": meanings["other"],
        "bad": meanings["failed"],
        "textClasses": {
            "title": {"fontFace": "Segoe UI Semibold", "fontSize": 12, "color": text},
            "label": {"fontFace": "Segoe UI", "fontSize": 10, "color": text},
            "callout": {"fontFace": "Segoe UI", "fontSize": 28, "color": text},
        },
        "visualStyles": {
            "*": {"*": {"border": [{"show": True, "color": {"solid": {"color": line}}}]}}
        },
    }


def _report_files(
    report: list[Page], model: Model, colours: Mapping[str, str]
) -> Iterator[tuple[str, Json]]:
    definition = f"{_SCHEMAS}item/report/definition/"
    resource = {"name": f"{NAME}.json", "path": f"{NAME}.json", "type": "CustomTheme"}
    yield (
        "version.json",
        {
            "$schema": f"{definition}versionMetadata/1.0.0/schema.json",
            "version": "2.0.0",
        },
    )
    yield (
        "report.json",
        {
            "$schema": f"{definition}report/3.0.0/schema.json",
            "themeCollection": {
                "customTheme": {
                    "name": f"{NAME}.json",
                    "reportVersionAtImport": {
                        "visual": "2.4.0",
                        "report": "3.0.0",
                        "page": "2.0.0",
                    },
                    "type": "RegisteredResources",
                }
            },
            "resourcePackages": [
                {"name": "RegisteredResources", "type": "RegisteredResources", "items": [resource]}
            ],
        },
    )
    yield (
        "pages/pages.json",
        {
            "$schema": f"{definition}pagesMetadata/1.0.0/schema.json",
            "pageOrder": [page.name for page in report],
            "activePageName": report[0].name,
        },
    )
    for page in report:
        visuals = list(_visuals(page, model, colours))
        bottom = max(one["position"]["y"] + one["position"]["height"] for one in visuals)
        content: Json = {
            "$schema": f"{definition}page/2.0.0/schema.json",
            "name": page.name,
            "displayName": page.title,
            "displayOption": "FitToWidth",
            "height": bottom + _MARGIN,
            "width": _WIDTH,
        }
        if page.points:
            content["filterConfig"] = {
                "filters": [filter_of(page.name, "dim_point[point_code]", page.points)]
            }
        yield f"pages/{page.name}/page.json", content
        for visual in visuals:
            yield f"pages/{page.name}/visuals/{visual['name']}/visual.json", visual


def _visuals(page: Page, model: Model, colours: Mapping[str, str]) -> Iterator[Json]:
    """Return the visuals of a page, from top left to bottom right, as the Tab key reaches them."""
    wide = _WIDTH - 2 * _MARGIN
    yield heading(page.title, Place(_MARGIN, _TITLE[0], wide, _TITLE[1], 0), "title")
    left = 400
    place = Place(_MARGIN, _SHOWN[0], left, _SHOWN[1], 1)
    yield publication_card(model, place, "publication")
    caveats = Visual(
        "Sources and caveats", "table", 12, {"Values": _CAVEATS}, {}, {},
        "For each point, whether its sources are up to date, and what to know before using it.",
    )  # fmt: skip
    place = Place(_MARGIN + left + _GAP, _SHOWN[0], wide - left - _GAP, _SHOWN[1], 2)
    yield chart(caveats, model, place, "caveats", colours)
    order, top = 3, _SLICERS[0]
    for number, title in enumerate(page.slicers):
        slicer = Visual(
            title, "slicer", 3, {"Values": (SLICERS[title],)}, {}, {}, f"Choose: {title.lower()}."
        )
        width = (wide - 3 * _GAP) // 4
        place = Place(_MARGIN + number * (width + _GAP), top, width, _SLICERS[1], order)
        yield chart(slicer, model, place, f"slicer-{title.lower()}", colours)
        order += 1
    top += _SLICERS[1] + _GAP if page.slicers else 0
    for row, (height, visuals) in enumerate(page.rows, start=1):
        x = _MARGIN
        for number, visual in enumerate(visuals, start=1):
            width = (wide + _GAP) * visual.width // 12 - _GAP
            place = Place(x, top, width, height, order)
            yield chart(visual, model, place, f"{page.name}-{row}-{number}", colours)
            x += width + _GAP
            order += 1
        top += height + _GAP
