"""Find out from which columns each column of a dbt model is computed.

sqlglot reads the compiled SQL of the models. No database is needed. Reading all models takes two
seconds, so `remembered_lineage` stores what it found, and reads only models whose SQL has changed.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

#: The key under which the file of `remembered_lineage` has the hash of a model's SQL.
_SQL, _COLUMNS = "sql", "columns"
_DIALECT = "postgres"
#: A number, and the number of a publication at the end of a table's name. Each build has others.
_NUMBERS = re.compile(r"\b\d+\b|(?<=__)\d+\b")
_UNKNOWN_TYPE = "text"


class Input(NamedTuple):
    """A column that another column is computed from.

    Attributes:
        table: The unique ID of a model, seed or source in dbt's manifest.
        column: The name of the column.
    """

    table: str
    column: str


#: The inputs of each column of one model. A column with a fixed value has no inputs.
Columns = dict[str, tuple[Input, ...]]
#: The unique ID of each table and the types of its columns, keyed by schema and name.
_Tables = Mapping[tuple[str, str], tuple[str, Mapping[str, str]]]


def column_lineage(manifest: Mapping[str, Any]) -> dict[str, Columns]:
    """Return the inputs of each column of each model, keyed by the model's unique ID.

    The inputs are columns of the tables that the model's SQL reads: those columns whose values
    enter the column's value. Columns that only decide which rows there are, in a join or a filter,
    are not inputs.

    `manifest` is the content of dbt's `manifest.json` after `dbt compile` or `dbt build`. A model
    without compiled SQL, or with SQL that sqlglot cannot resolve, is left out.
    """
    return dict(_read(manifest, {}))


def remembered_lineage(manifest: Mapping[str, Any], memory: Path) -> dict[str, Columns]:
    """Return the same as `column_lineage`, and read only models whose SQL is not in the file yet.

    `memory` is the path of the file. It is written if a model has changed. A file that cannot be
    read is written anew.

    Raises:
        OSError: The file cannot be written.
    """
    before = _load(memory)
    hashes = _hashes(manifest)
    same = {key: kept for key, kept in before.items() if kept[_SQL] == hashes.get(key)}
    lineage = {key: _columns(kept[_COLUMNS]) for key, kept in same.items()}
    if len(lineage) < len(hashes):
        lineage |= dict(_read(manifest, lineage))
        # A manifest of a part of the models has no SQL of the others. They stay remembered.
        kept = {key: one for key, one in before.items() if key in manifest["nodes"]}
        kept |= {key: {_SQL: hashes[key], _COLUMNS: columns} for key, columns in lineage.items()}
        draft = memory.with_suffix(".new")
        draft.write_text(json.dumps(kept), encoding="utf-8")
        draft.replace(memory)
    return lineage


def _read(
    manifest: Mapping[str, Any], known: Mapping[str, Columns]
) -> Iterator[tuple[str, Columns]]:
    # Importing sqlglot takes a fifth of a second, and most runs do not need it.
    from sqlglot.errors import SqlglotError

    tables = _tables(manifest)
    for key, node in _compiled(manifest).items():
        if key in known:
            continue
        try:
            yield key, _of_model(node["compiled_code"], tables)
        except SqlglotError:
            continue


def _of_model(query: str, tables: _Tables) -> Columns:
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage

    parsed = parse_one(query, dialect=_DIALECT)
    found = lineage(
        None,
        parsed,
        _schema(parsed, tables),
        dialect=_DIALECT,
        trim_selects=False,
        validate_qualify_columns=True,
    )
    return {
        column: tuple(
            sorted(
                {
                    Input(tables[place][0], leaf.name.rpartition(".")[2])
                    for leaf in node.walk()
                    if isinstance(leaf.expression, exp.Table)
                    and (place := (leaf.expression.db, leaf.expression.name)) in tables
                }
            )
        )
        for column, node in found.items()
    }


def _schema(parsed: Any, tables: _Tables) -> Any:
    """Return the columns of the tables that a query reads, keyed as sqlglot expects them.

    dbt's sources about the warehouse itself declare no columns, and the tables of an earlier
    publication are not in the manifest. For such a table, the columns that the query names stand
    for its columns.
    """
    from sqlglot import exp

    columns_named = (one for one in parsed.find_all(exp.Column) if not one.is_star)
    named = {column.name: _UNKNOWN_TYPE for column in columns_named}
    schema: dict[str, Any] = {}
    for table in parsed.find_all(exp.Table):
        if table.db:
            _, columns = tables.get((table.db, table.name), ("", {}))
            schema.setdefault(table.catalog, {}).setdefault(table.db, {})[table.name] = (
                columns or named
            )
    return schema


def _tables(manifest: Mapping[str, Any]) -> _Tables:
    """Return the unique ID and the columns of each table, keyed by schema and name."""
    nodes = {**manifest["sources"], **manifest["nodes"]}
    return {
        (node["schema"], node.get("alias") or node["identifier"]): (
            key,
            dict.fromkeys(node["columns"], _UNKNOWN_TYPE),
        )
        for key, node in nodes.items()
        if node["resource_type"] in ("source", "model", "seed")
    }


def _compiled(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node.get("compiled_code")
    }


def _hashes(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of everything that decides a model's lineage, keyed by the model's unique ID.

    This is its SQL without numbers, and the columns of its parents, which a `select *` depends on.
    """
    nodes = {**manifest["sources"], **manifest["nodes"]}
    columns = {key: ",".join(node.get("columns", ())) for key, node in nodes.items()}
    hashes = {}
    for key, node in _compiled(manifest).items():
        parents = (columns.get(parent, "") for parent in sorted(node["depends_on"]["nodes"]))
        text = "\n".join((_NUMBERS.sub("0", node["compiled_code"]), *parents))
        hashes[key] = hashlib.sha256(text.encode()).hexdigest()
    return hashes


def _load(memory: Path) -> dict[str, Any]:
    try:
        kept = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _columns(kept: Mapping[str, list[list[str]]]) -> Columns:
    return {column: tuple(Input(*one) for one in inputs) for column, inputs in kept.items()}
