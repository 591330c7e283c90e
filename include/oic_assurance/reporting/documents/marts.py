"""The marts as their models declare them: tables, columns, keys, as readers know them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DOCS = Path("dbt_project") / "models"
MODELS = DOCS / "marts"
#: The folder of the models of the public face, and what their names begin with.
_PUBLIC, _PUBLIC_PREFIX = "public_release", "public_"
_REF = re.compile(r"ref\('(\w+)'\)")
_DOC = re.compile(r"\{\{\s*doc\('(\w+)'\)\s*\}\}")
_DOC_BLOCK = re.compile(r"\{%\s*docs (\w+)\s*%\}(.*?)\{%\s*enddocs\s*%\}", re.DOTALL)


@dataclass(frozen=True)
class MartColumn:
    """A column of a mart."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Reference:
    """A foreign key: the columns that refer, and what they refer to in the same schema."""

    columns: tuple[str, ...]
    table: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True)
class Mart:
    """A mart, by the name that readers know."""

    schema: str
    name: str
    description: str
    columns: tuple[MartColumn, ...]
    primary_key: tuple[str, ...]
    references: tuple[Reference, ...]

    @property
    def place(self) -> str:
        """Return schema and name."""
        return f"{self.schema}.{self.name}"


def marts(project_root: Path) -> list[Mart]:
    """Return every mart that dbt builds, in the order of schemas and names."""
    blocks = doc_blocks(project_root)
    paths = (project_root / MODELS).rglob("*.yml")
    found = [mart for path in paths for mart in _read(path, blocks)]
    return sorted(found, key=lambda mart: (mart.schema, mart.name))


def doc_blocks(project_root: Path) -> dict[str, str]:
    """Return the text of every dbt doc block, as one line, by the name of the block."""
    texts = (path.read_text(encoding="utf-8") for path in (project_root / DOCS).rglob("*.md"))
    return {
        block[1]: " ".join(block[2].split())
        for text in texts
        for block in _DOC_BLOCK.finditer(text)
    }


def _resolved(description: str, blocks: Mapping[str, str]) -> str:
    """Return a description with the text of each doc block in place of its `doc()` call.

    Raises:
        KeyError: if there is no doc block of that name.
    """
    return _DOC.sub(lambda call: blocks[call[1]], description)


def _read(path: Path, blocks: Mapping[str, str]) -> Iterator[Mart]:
    for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
        is_public = path.parent.name == _PUBLIC
        keys = model.get("constraints", [])
        yield Mart(
            schema=_PUBLIC if is_public else "marts",
            name=model["name"].removeprefix(_PUBLIC_PREFIX) if is_public else model["name"],
            description=_resolved(model["description"], blocks),
            columns=tuple(
                MartColumn(
                    column["name"],
                    column["data_type"],
                    _resolved(column["description"], blocks),
                )
                for column in model["columns"]
            ),
            primary_key=next(
                (tuple(key["columns"]) for key in keys if key["type"] == "primary_key"), ()
            ),
            references=tuple(_reference(key) for key in keys if key["type"] == "foreign_key"),
        )


def _reference(key: dict[str, Any]) -> Reference:
    named = _REF.fullmatch(key["to"])
    if named is None:
        raise ValueError(f"a foreign key to '{key['to']}', which is no ref")
    return Reference(tuple(key["columns"]), named[1], tuple(key["to_columns"]))
