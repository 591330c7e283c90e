"""Make the semantic model: tables, columns and relationships, from the marts and `model.yml`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.vocabulary import SENTENCE, VOCABULARIES
from oic_assurance.reporting.documents.marts import Mart, MartColumn, marts, views
from oic_assurance.reporting.power_bi.description import Measure, described, measures

PUBLICATION = "publication_id"
#: Tables with rows of several publications.
OF_EVERY_PUBLICATION = ("publication", "position_as_published")
_POINT = ("point_code", "dim_point")
_TYPES = {
    "text": "string",
    "bigint": "int64",
    "integer": "int64",
    "numeric": "double",
    "double precision": "double",
    "boolean": "boolean",
    "date": "dateTime",
    "timestamp with time zone": "dateTime",
    "timestamp without time zone": "dateTime",
}
_MOMENT = "timestamp with time zone"
_FORMATS = {
    "date": "d mmm yyyy",
    _MOMENT: "d mmm yyyy hh:nn",
    "timestamp without time zone": "d mmm yyyy hh:nn",
    "double precision": "0.0##",
    "numeric": "0.0##",
    "bigint": "#,0",
    "integer": "0",
}
_FOLDERS = {"boolean": "Yes or no", "dateTime": "Days and moments", "int64": "Numbers"}
_FOLDERS["double"] = _FOLDERS["int64"]
_SHARES = ("value", "ci_low", "ci_high", "second_value", "limit", "mean")


@dataclass(frozen=True)
class Words:
    """How Power Query computes a column from another.

    Attributes:
        of: The column with the codes.
        known: For each code, its word or its place in the order.
        other: What another code gives: itself if None.
    """

    of: str
    known: Mapping[str, str | int]
    other: int | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table. `words` is None for a column that the mart has."""

    name: str
    type: str
    description: str
    format: str
    folder: str
    is_hidden: bool
    is_key: bool = False
    is_moment: bool = False
    sort_by: str = ""
    words: Words | None = None


@dataclass(frozen=True)
class Table:
    """A table of the model: a mart, with the measures that belong to it.

    `hierarchies` maps each hierarchy to its levels, and each level to its column.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    measures: tuple[Measure, ...]
    hierarchies: Mapping[str, Mapping[str, str]]
    is_date_table: bool


@dataclass(frozen=True)
class Relationship:
    """A relationship, many to one. A filter goes from the one side to the many."""

    table: str
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Model:
    """The tables and relationships of the semantic model."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...]

    def has(self, field: str) -> bool:
        """Return whether a field exists: `table[column]`, or `[measure]`."""
        table, _, name = field.removesuffix("]").partition("[")
        if not table:
            return any(name == one.name for found in self.tables for one in found.measures)
        columns = [one.columns for one in self.tables if one.name == table]
        return any(name == column.name for found in columns for column in found)

    def place_of(self, field: str) -> tuple[str, str, bool]:
        """Return the table and name of a field, and whether it is a measure."""
        table, _, name = field.removesuffix("]").partition("[")
        if table:
            return table, name, False
        own = (one.name for one in self.tables if name in {two.name for two in one.measures})
        return next(own), name, True


def semantic_model(root: Path) -> Model:
    """Return the semantic model of the project whose root folder is `root`.

    Raises:
        AssuranceError: `model.yml` or `measures.yml` names something that does not exist.
    """
    given = described(root, "model.yml")
    known = {mart.name: mart for mart in (*marts(root), *views(root)) if mart.schema == "marts"}
    if unknown := sorted({*given["tables"]} - {*known}):
        raise AssuranceError(f"model.yml: there is no mart {unknown[0]}.")
    chosen = [known[name] for name in given["tables"]]
    relationships = tuple(one for mart in chosen for one in _relationships(mart, given))
    keys = {(one.table, one.column) for one in relationships}
    all_measures = measures(root)
    if lost := [one for one in all_measures if one.table not in given["tables"]]:
        raise AssuranceError(f"measures.yml: '{lost[0].name}' is of no table of model.yml.")
    tables = [_table(mart, given, keys, all_measures) for mart in chosen]
    return Model(tuple(_one_publication(tables)), relationships)


def _relationships(mart: Mart, given: Mapping[str, Any]) -> Iterator[Relationship]:
    """Return the relationships of a table: those of its foreign keys, and the added ones."""
    names = {column.name for column in mart.columns}
    found: dict[str, tuple[str, str]] = {}
    for reference in mart.references:
        own, theirs = reference.pair
        if reference.table in given["dimensions"]:
            found[own] = (reference.table, theirs)
    point, dimension = _POINT
    if point in names:
        found[point] = (dimension, point)
    for column, table in given["related"].get(mart.name, {}).items():
        if column not in names:
            raise AssuranceError(f"model.yml: {mart.name} has no {column}.")
        found[column] = (table, column)
    for column in given["unrelated"].get(mart.name, ()):
        if column not in found:
            raise AssuranceError(f"model.yml: {mart.name}.{column} has no relationship to leave.")
        del found[column]
    for column, (table, theirs) in found.items():
        yield Relationship(mart.name, column, table, theirs)


def _table(
    mart: Mart,
    given: Mapping[str, Any],
    keys: Iterable[tuple[str, str]],
    all_measures: Iterable[Measure],
) -> Table:
    columns = list(_columns(mart, given, {column for table, column in keys if table == mart.name}))
    names = {column.name for column in columns}
    hierarchies = given["hierarchies"].get(mart.name, {})
    named = {column for levels in hierarchies.values() for column in levels.values()}
    for rule in ("misleading", "sorted_by"):
        named |= set(given[rule].get(mart.name, ()))
    if unknown := sorted(named - names):
        raise AssuranceError(f"model.yml: {mart.name} has no {unknown[0]}.")
    return Table(
        name=mart.name,
        description=mart.description,
        columns=tuple(columns),
        measures=tuple(one for one in all_measures if one.table == mart.name),
        hierarchies=hierarchies,
        is_date_table=mart.name == given["date_table"]["table"],
    )


def _columns(mart: Mart, given: Mapping[str, Any], keys: Iterable[str]) -> Iterator[Column]:
    """Return the columns of a table, then those that Power Query computes: words and orders."""
    names = {column.name for column in mart.columns} | {*given["words"].get(mart.name, ())}
    orders = given["orders"].get(mart.name, {})
    sorts = given["sorted_by"].get(mart.name, {}) | {label: f"{label}_order" for label in orders}
    misleading = given["misleading"].get(mart.name, ())
    date_table = given["date_table"]
    for column in mart.columns:
        out = column.name in given["left_out"] or column.name in given["left_out_but"]
        if out and mart.name not in given["left_out_but"].get(column.name, ()):
            continue
        has_label = f"{column.name.removesuffix('_code')}_label" in names
        yield Column(
            name=column.name,
            type=type_of(column),
            description=column.description,
            format=_format(column),
            folder=_FOLDERS.get(type_of(column), ""),
            is_hidden=column.name in {PUBLICATION, *keys, *misleading, *given["left_out_but"]}
            or (has_label and not column.name.endswith("_label")),
            is_key=(mart.name, column.name) == (date_table["table"], date_table["key"]),
            is_moment=column.type == _MOMENT,
            sort_by=sorts.get(column.name, ""),
        )
    for label, (code, vocabulary) in given["words"].get(mart.name, {}).items():
        about = f"The code in {code}, in words."
        yield Column(label, "string", about, "", "", False, words=_words(code, vocabulary))
    for label, (code, codes) in orders.items():
        about = f"The order of {label}."
        places = Words(code, {one: place for place, one in enumerate(codes, 1)}, len(codes) + 1)
        yield Column(f"{label}_order", "int64", about, "0", "", True, words=places)


def type_of(column: MartColumn) -> str:
    """Return the type of a column in the model."""
    return _TYPES[column.type.partition("(")[0]]


def _words(code: str, vocabulary: str) -> Words:
    if vocabulary == SENTENCE:
        return Words(code, {})
    return Words(code, {str(one): word for one, word in VOCABULARIES[vocabulary].items()})


def _format(column: MartColumn) -> str:
    if column.type == "double precision" and column.name in _SHARES:
        return "0.0%"
    if column.name == "month_start" or column.name == "period_start":
        return "mmm yyyy"
    if column.name.endswith(("_id", "year")):
        return "0"
    return _FORMATS.get(column.type.partition("(")[0], "")


def _one_publication(tables: Iterable[Table]) -> list[Table]:
    """Put the tables whose publications are compared into the measure that compares them."""
    tables = list(tables)
    ids = ",\n        ".join(
        f"ALLNOBLANKROW ( {table.name}[{PUBLICATION}] )"
        for table in tables
        if table.name not in OF_EVERY_PUBLICATION
    )
    return [
        Table(
            **vars(table)
            | {
                "measures": tuple(
                    Measure(**vars(one) | {"dax": one.dax.replace("{one_publication}", ids)})
                    for one in table.measures
                )
            }
        )
        for table in tables
    ]
