"""Read the descriptions in `include/bi/power-bi`: of the model, the measures and the pages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.datasets import read_yaml

FOLDER = Path("include") / "bi" / "power-bi"
QUESTIONS = Path("docs") / "bi" / "questions.md"
#: The display folder of the measures of `QUESTIONS`.
QUESTIONS_FOLDER = "Ten questions"
_QUESTION = re.compile(
    r"^## \d+\. (?P<text>.+?)$(?P<body>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE
)
_DAX = re.compile(r"```dax\n(?P<name>[^=\n]+?) =\n?(?P<dax>.*?)```", re.DOTALL)
_COLUMN = re.compile(r"(\w+)\[\w+\]")
#: A difference can be of shares or of hours.
_FORMATS = {"count": "#,0", "share": "0.0%", "hours": "0.0", "difference": "0.0##"}
#: The ends of Wilson's interval at 95%, for the two signs.
_WILSON = """\
VAR n = [{count}]
VAR p = [{share}]
VAR z2 = 1.959964 * 1.959964
VAR half = 1.959964 * SQRT ( p * ( 1 - p ) / n + z2 / ( 4 * n * n ) )
RETURN IF ( n > 0, ( p + z2 / ( 2 * n ) {sign} half ) / ( 1 + z2 / n ) )"""


@dataclass(frozen=True)
class Measure:
    """A measure of the semantic model.

    Attributes:
        table: The table that it belongs to.
        dax: The expression in DAX.
        format: How Power BI writes its values. Blank for texts and for values of several kinds.
        folder: The display folder. Blank for none.
    """

    name: str
    table: str
    dax: str
    description: str
    format: str
    folder: str


@dataclass(frozen=True)
class Visual:
    """A visual of a page.

    Attributes:
        kind: The kind: a key in `visuals.KINDS`.
        width: Its width, of the twelve columns of a page.
        fields: For each role of the visual, its fields: `table[column]` or `[measure]`.
        where: Filters: for each column, the values that are shown.
        colours: For each measure, the name of its colour in `colours.yml`: a meaning or a series.
        alt: What a screen reader says.
    """

    title: str
    kind: str
    width: int
    fields: Mapping[str, tuple[str, ...]]
    where: Mapping[str, tuple[str, ...]]
    colours: Mapping[str, str]
    alt: str


@dataclass(frozen=True)
class Page:
    """A page of the report: rows of visuals, each row with its height in pixels.

    `points` are the codes of the points that the page is about. Without them it is about all.
    """

    name: str
    title: str
    slicers: tuple[str, ...]
    points: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Visual, ...]], ...]


def described(root: Path, file: str) -> Mapping[str, Any]:
    """Return a description: `model.yml` adds to the marts, and `report.yml` is of all pages.

    Raises:
        AssuranceError: The file cannot be read.
    """
    found: Mapping[str, Any] = read_yaml(root / FOLDER / file)
    return found


def measures(root: Path) -> list[Measure]:
    """Return the measures of `measures.yml`, and those of the ten questions.

    Raises:
        AssuranceError: The file cannot be read, or two measures have one name.
    """
    found = [
        one
        for table, named in read_yaml(root / FOLDER / "measures.yml").items()
        for name, given in named.items()
        for one in _measure(table, name, given)
    ]
    names = {measure.name for measure in found}
    found += [one for one in _of_questions(root) if one.name not in names]
    twice = {one.name for one in found if sum(one.name == other.name for other in found) > 1}
    if twice:
        raise AssuranceError(f"measures.yml: two measures are named '{min(twice)}'.")
    return found


def pages(root: Path) -> list[Page]:
    """Return the pages of the report, in the order of their files.

    Raises:
        AssuranceError: A file cannot be read, or a row is not twelve columns wide.
    """
    return [_page(path) for path in sorted((root / FOLDER / "pages").glob("*.yml"))]


def _measure(table: str, name: str, given: Mapping[str, str]) -> Iterator[Measure]:
    folder = given.get("folder", "")
    form = _FORMATS.get(given.get("format", ""), "")
    yield Measure(name, table, given["dax"].rstrip(), given["description"], form, folder)
    if "interval_of" in given:
        for end, sign, which in (("from", "-", "lower"), ("to", "+", "upper")):
            dax = _WILSON.format(count=given["interval_of"], share=name, sign=sign)
            about = (
                f"The {which} end of the 95% Wilson interval of {name}, right under every filter."
            )
            yield Measure(f"{name}, interval {end}", table, dax, about, form, folder)


def _of_questions(root: Path) -> Iterator[Measure]:
    """Return the measure of each question. It belongs to the first table that it names.

    Raises:
        AssuranceError: A measure names no column, or has no format.
    """
    formats = read_yaml(root / FOLDER / "questions.yml")
    for question in _QUESTION.finditer((root / QUESTIONS).read_text(encoding="utf-8")):
        for found in _DAX.finditer(question["body"]):
            table = _COLUMN.search(found["dax"])
            if table is None:
                raise AssuranceError(f"{QUESTIONS}: '{found['name']}' names no column.")
            name = found["name"].strip()
            if formats.get(name) not in _FORMATS:
                raise AssuranceError(f"questions.yml: '{name}' has no format.")
            yield Measure(
                name,
                table[1],
                found["dax"].strip(),
                question["text"],
                _FORMATS[formats[name]],
                QUESTIONS_FOLDER,
            )


def _page(path: Path) -> Page:
    given = read_yaml(path)
    rows = tuple(
        (row["height"], tuple(visual_of(path.name, one) for one in row["visuals"]))
        for row in given["rows"]
    )
    for _, visuals in rows:
        if sum(visual.width for visual in visuals) != 12:
            raise AssuranceError(f"{path.name}: the row of '{visuals[0].title}' is not 12 wide.")
    return Page(
        name=path.stem.partition("-")[2],
        title=given["title"],
        slicers=tuple(given["slicers"]),
        points=tuple(given.get("points", ())),
        rows=rows,
    )


def visual_of(file: str, given: Mapping[str, Any]) -> Visual:
    """Return a visual, as a file describes it.

    Raises:
        AssuranceError: It lacks something, such as its text for screen readers.
    """
    for needed in ("title", "kind", "width", "fields", "alt"):
        if not given.get(needed):
            raise AssuranceError(f"{file}: '{given.get('title')}' has no {needed}.")
    return Visual(
        title=given["title"],
        kind=given["kind"],
        width=given["width"],
        fields={role: tuple(fields) for role, fields in given["fields"].items()},
        where={column: tuple(values) for column, values in given.get("where", {}).items()},
        colours=given.get("colours", {}),
        alt=given["alt"],
    )
