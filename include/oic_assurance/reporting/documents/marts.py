"""Read the tables, columns, example values and keys of the marts from the YAML of their models."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from oic_assurance.builds.seeds import read_seeds
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import PROJECT_ROOT
from oic_assurance.sources.declarations.yaml_lines import load_yaml

MODELS = Path("dbt_project") / "models"
MARTS, NATIONAL_MARTS = MODELS / "marts", MODELS / "national" / "marts"
#: The folder of the public release's models, and the prefix of their names.
#: The types that the columns of marts have, and BI tools know.
TYPES = (
    "text", "bigint", "integer", "numeric", "numeric(38,15)", "double precision", "boolean", "date",
    "timestamp with time zone", "timestamp without time zone",
)  # fmt: skip
_PUBLIC, _PUBLIC_PREFIX = "public_release", "public_"
_REF = re.compile(r"ref\('(\w+)'\)")
_DOC = re.compile(r"\{\{\s*doc\('(\w+)'\)\s*\}\}")
#: The file with example values for columns that have no list of accepted values.
_EXAMPLES = Path(__file__).with_name("examples.yml")
#: Columns that are part of every key. Readers see one publication, and most deployments have one
#: force, so the pages leave them out of the keys.
IN_EVERY_KEY = ("publication_id", "force_code")
#: The dictionary shows at most this many example values for a column.
_MAX_EXAMPLES = 3
#: The file that describes the tables and views which a migration makes.
_VIEWS = Path(__file__).with_name("views.yml")
_DOC_BLOCK = re.compile(r"\{%\s*docs (\w+)\s*%\}(.*?)\{%\s*enddocs\s*%\}", re.DOTALL)


@dataclass(frozen=True)
class MartColumn:
    """A column of a mart. `type` is its SQL type, and `examples` are values that it could hold."""

    name: str
    type: str
    description: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """A foreign key of a mart.

    Attributes:
        columns: The mart's columns that make up the key.
        table: The table to which the key refers, in the same schema.
        to_columns: The columns of that table, in the order of `columns`.
    """

    columns: tuple[str, ...]
    table: str
    to_columns: tuple[str, ...]

    @property
    def pair(self) -> tuple[str, str]:
        """The column of the key that is in no other key, and the column to which it refers.

        Some tools can relate two tables by a single column only.

        Raises:
            ValueError: If the foreign key has no such column, or more than one.
        """
        (found,) = (
            (own, theirs)
            for own, theirs in zip(self.columns, self.to_columns, strict=True)
            if own not in IN_EVERY_KEY
        )
        return found


@dataclass(frozen=True)
class Mart:
    """A mart, with the schema and the name under which readers see it."""

    schema: str
    name: str
    description: str
    columns: tuple[MartColumn, ...]
    primary_key: tuple[str, ...]
    references: tuple[Reference, ...]
    #: Whether a migration makes it, as a view or a table. No model computes it then.
    is_view: bool = False

    @property
    def place(self) -> str:
        """The schema and name, as `schema.name`."""
        return f"{self.schema}.{self.name}"


def marts(project_root: Path, models: Path = MARTS) -> list[Mart]:
    """Return every mart that dbt builds from a folder of models, sorted by schema and name.

    Raises:
        AssuranceError: If a column has no example.
        KeyError: If a description names a doc block that is missing.
        ValueError: If a foreign key does not use `ref()`.
    """
    blocks = doc_blocks(project_root)
    paths = (project_root / models).rglob("*.yml")
    found = [mart for path in paths for mart in _read(path, blocks)]
    return sorted(found, key=lambda mart: (mart.schema, mart.name))


def views(project_root: Path) -> list[Mart]:
    """Return the description of every view and table in `marts` that a migration makes.

    Raises:
        AssuranceError: If a column has no example.
        KeyError: If a description names a doc block that is missing.
    """
    found = _read(_VIEWS, doc_blocks(project_root))
    return [dataclasses.replace(mart, is_view=True) for mart in found]


def doc_blocks(project_root: Path) -> dict[str, str]:
    """Return the text of every dbt doc block as one line, keyed by the name of the block."""
    texts = (path.read_text(encoding="utf-8") for path in (project_root / MODELS).rglob("*.md"))
    return {
        block[1]: " ".join(block[2].split())
        for text in texts
        for block in _DOC_BLOCK.finditer(text)
    }


def resolved(description: str, blocks: Mapping[str, str]) -> str:
    """Return a description with each `doc()` call replaced with the text of its doc block.

    Raises:
        KeyError: if there is no doc block of that name.
    """
    return _DOC.sub(lambda call: blocks[call[1]], description)


def _read(path: Path, blocks: Mapping[str, str]) -> Iterator[Mart]:
    for model in _models(path):
        is_public = path.parent.name == _PUBLIC
        schema = _PUBLIC if is_public else "marts"
        name = model["name"].removeprefix(_PUBLIC_PREFIX) if is_public else model["name"]
        keys = model.get("constraints", [])
        yield Mart(
            schema=schema,
            name=name,
            description=resolved(model["description"], blocks),
            columns=tuple(
                MartColumn(
                    column["name"],
                    column["data_type"],
                    resolved(column["description"], blocks),
                    _examples(f"{schema}.{name}", column),
                )
                for column in model["columns"]
            ),
            primary_key=next(
                (tuple(key["columns"]) for key in keys if key["type"] == "primary_key"), ()
            ),
            references=tuple(_reference(key) for key in keys if key["type"] == "foreign_key"),
        )


def _models(path: Path) -> list[Any]:
    """Return the models of a YAML file, each column of which has a type that BI tools know.

    Raises:
        AssuranceError: A column has another type.
    """
    text = path.read_text(encoding="utf-8")
    models: list[Any] = load_yaml(text).get("models", [])
    for model, column in ((one, column) for one in models for column in one["columns"]):
        if column["data_type"] not in TYPES:
            what = f"{path.name}: {model['name']}.{column['name']}: '{column['data_type']}'"
            raise AssuranceError(f"{what} is no type of a mart: choose one of {', '.join(TYPES)}.")
    return models


def _examples(place: str, column: Mapping[str, Any]) -> tuple[str, ...]:
    """Return at most `_MAX_EXAMPLES` example values of a column.

    If the column has an accepted-values test, the examples are accepted values. Otherwise the
    examples for a boolean column are `true` and `false`, those for the code of a measure come from
    the points, and those for any other column from `examples.yml`.

    Raises:
        AssuranceError: If `examples.yml` has no value for the column.
    """
    tests = [test for test in column.get("data_tests", []) if isinstance(test, dict)]
    accepted = [test["accepted_values"] for test in tests if "accepted_values" in test]
    if accepted:
        values = accepted[0]["arguments"]["values"]
    elif column["data_type"] == "boolean":
        values = ["true", "false"]
    else:
        values = _made_up_values().get(column["name"])
        if isinstance(values, dict):
            values = values.get(place, values.get("otherwise"))
        if not values:
            raise AssuranceError(
                f"{_EXAMPLES.name}: no example for {place}.{column['name']}: add one."
            )
        values = values if isinstance(values, list) else [values]
    return tuple(str(value) for value in values[:_MAX_EXAMPLES])


@cache
def _made_up_values() -> Mapping[str, Any]:
    # `BaseLoader` reads every value as text, so the pages show values as they are in the file.
    text = _EXAMPLES.read_text(encoding="utf-8")
    values: Mapping[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - text only
    points = read_seeds(PROJECT_ROOT)["policy_point"].rows
    seconds = [row["second_measure_code"] for row in points if row["second_measure_code"]]
    return {
        **values,
        "measure_code": points[-1]["measure_code"],
        "second_measure_code": seconds,
        "second_reading": seconds,
    }


def _reference(key: dict[str, Any]) -> Reference:
    named = _REF.fullmatch(key["to"])
    if named is None:
        raise ValueError(f"the foreign key to '{key['to']}' does not use ref()")
    return Reference(tuple(key["columns"]), named[1], tuple(key["to_columns"]))
