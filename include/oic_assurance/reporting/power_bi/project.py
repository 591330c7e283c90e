"""Make the files of the Power BI project from its templates."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.colours import colours
from oic_assurance.reporting.power_bi.description import (
    FOLDER,
    Page,
    Visual,
    described,
    pages,
    visual_of,
)
from oic_assurance.reporting.power_bi.model import Model, semantic_model
from oic_assurance.reporting.templates import templates

NAME = "oic-assurance"
#: The parameters and the functions in Power Query, which are written by hand.
EXPRESSIONS = "expressions.tmdl"
_SPACE = UUID("2f6d8f0a-5d0c-4c53-9d39-0a5f1a1f9a77")
#: The level that Power BI Desktop gives new models, and which TMDL needs.
_LEVEL = 1600
_WIDTH, _MARGIN, _GAP = 1280, 16, 12
#: The tops and heights of what every page begins with: title, publication and caveats, slicers.
_TITLE, _SHOWN, _SLICERS = (8, 44), (56, 128), (196, 72)


@dataclass(frozen=True)
class Place:
    """Where a visual is on its page, in pixels, and when the Tab key reaches it."""

    x: int
    y: int
    width: int
    height: int
    order: int


def project(root: Path) -> dict[str, str]:
    """Return the text of every file of the project, keyed by its path in the project.

    `root` is the root folder of this repository.

    Raises:
        AssuranceError: A description is not valid, or names something that does not exist.
    """
    model, report, given = semantic_model(root), pages(root), colours(root)
    look = described(root, "report.yml")
    for page in report:
        _check(page, model, look)
    fill = templates(
        Path(__file__).with_name("templates"), in_json=json.dumps, place_of=model.place_of, tag=_tag
    )
    named = {**given.meanings, **given.of_series(())}
    files: dict[str, Any] = {}
    heights = {}
    for page in report:
        visuals = list(_visuals(page, look))
        heights[page.name] = _MARGIN + max(place.y + place.height for _, _, place in visuals)
        for name, visual, place in visuals:
            text = fill(
                "visual.yml.j2", name=name, visual=visual, place=place, look=look, colours=named
            )
            folder = f"{NAME}.Report/definition/pages/{page.name}/visuals/{name}"
            files[f"{folder}/visual.json"] = yaml.safe_load(text)
    text = fill(
        "report.yml.j2",
        name=NAME, pages=report, heights=heights, width=_WIDTH, meanings=given.meanings,
    )  # fmt: skip
    files |= yaml.safe_load(text)
    texts = {place: json.dumps(content, indent=2) + "\n" for place, content in files.items()}
    definition = f"{NAME}.SemanticModel/definition"
    for table in model.tables:
        texts[f"{definition}/tables/{table.name}.tmdl"] = fill("table.tmdl.j2", table=table)
    for name in ("model.tmdl", "relationships.tmdl"):
        texts[f"{definition}/{name}"] = fill(f"{name}.j2", model=model)
    return texts | {
        f"{definition}/database.tmdl": (
            f"database 'OIC assurance'\n\tcompatibilityLevel: {_LEVEL}\n"
        ),
        f"{definition}/{EXPRESSIONS}": (root / FOLDER / EXPRESSIONS).read_text(encoding="utf-8"),
    }


def _tag(names: tuple[str, ...]) -> str:
    """Return the tag by which Power BI knows an object again. The same names give the same tag."""
    return str(uuid5(_SPACE, "/".join(names)))


def _check(page: Page, model: Model, look: Mapping[str, Any]) -> None:
    """Check that everything a page names exists.

    Raises:
        AssuranceError: Something does not exist.
    """
    where = f"pages/{page.name}"
    if unknown := sorted({*page.slicers} - {*look["slicers"]}):
        raise AssuranceError(f"{where}: there is no slicer {unknown[0]}.")
    for visual in (visual for _, visuals in page.rows for visual in visuals):
        if visual.kind not in look["kinds"]:
            raise AssuranceError(f"{where}: '{visual.title}': there is no kind {visual.kind}.")
        roles = look["kinds"][visual.kind]["roles"]
        if unknown := sorted({*visual.fields} - {*roles}):
            raise AssuranceError(f"{where}: '{visual.title}' has no role {unknown[0]}.")
        named = [field for fields in visual.fields.values() for field in fields]
        named += [*visual.where, *(f"[{measure}]" for measure in visual.colours)]
        for field in named:
            if not model.has(field):
                raise AssuranceError(f"{where}: '{visual.title}': the model has no {field}.")


def _visuals(page: Page, look: Mapping[str, Any]) -> Iterator[tuple[str, Visual, Place]]:
    """Return the visuals of a page, from top left to bottom right, as the Tab key reaches them."""
    wide, left = _WIDTH - 2 * _MARGIN, 400
    heading = Visual("", "heading", 12, {}, {}, {}, page.title)
    yield "title", heading, Place(_MARGIN, _TITLE[0], wide, _TITLE[1], 0)
    publication, caveats = (visual_of("report.yml", one) for one in look["begin"])
    yield "publication", publication, Place(_MARGIN, _SHOWN[0], left, _SHOWN[1], 1)
    rest = Place(_MARGIN + left + _GAP, _SHOWN[0], wide - left - _GAP, _SHOWN[1], 2)
    yield "caveats", caveats, rest
    order, top = 3, _SLICERS[0]
    width = (wide - 3 * _GAP) // 4
    for number, title in enumerate(page.slicers):
        fields = {"Values": (look["slicers"][title],)}
        slicer = Visual(title, "slicer", 3, fields, {}, {}, f"Choose: {title.lower()}.")
        place = Place(_MARGIN + number * (width + _GAP), top, width, _SLICERS[1], order)
        yield f"slicer-{title.lower()}", slicer, place
        order += 1
    top += _SLICERS[1] + _GAP if page.slicers else 0
    for row, (height, visuals) in enumerate(page.rows, start=1):
        x = _MARGIN
        for number, visual in enumerate(visuals, start=1):
            width = (wide + _GAP) * visual.width // 12 - _GAP
            yield f"{page.name}-{row}-{number}", visual, Place(x, top, width, height, order)
            x += width + _GAP
            order += 1
        top += height + _GAP
