"""Write the semantic model in TMDL, the text format of Power BI's models."""

import json
from collections.abc import Iterator, Mapping
from uuid import UUID, uuid5

from oic_assurance.reporting.power_bi.description import Measure
from oic_assurance.reporting.power_bi.model import Column, Model, Relationship, Table, Words

_SPACE = UUID("2f6d8f0a-5d0c-4c53-9d39-0a5f1a1f9a77")
#: The level that Power BI Desktop gives new models, and which TMDL needs.
_LEVEL = 1600
_MODEL = """\
model Model
	culture: en-GB
	defaultPowerBIDataSourceVersion: powerBI_V3
	discourageImplicitMeasures
	sourceQueryCulture: en-GB

	annotation __PBI_TimeIntelligenceEnabled = 0

"""


def tag(*names: str) -> str:
    """Return the tag by which Power BI knows an object again. The same names give the same tag."""
    return str(uuid5(_SPACE, "/".join(names)))


def model_files(model: Model) -> dict[str, str]:
    """Return the text of each TMDL file, keyed by its path in the folder `definition`.

    `expressions.tmdl` is not made here: it is written by hand.
    """
    references = "".join(f"ref table {table.name}\n" for table in model.tables)
    return {
        "database.tmdl": f"database 'OIC assurance'\n\tcompatibilityLevel: {_LEVEL}\n",
        "model.tmdl": _MODEL + references,
        "relationships.tmdl": "\n".join(_relationship(one) for one in model.relationships),
    } | {f"tables/{table.name}.tmdl": "\n".join(_table(table)) for table in model.tables}


def _relationship(one: Relationship) -> str:
    return (
        f"relationship {tag('relationship', one.table, one.column)}\n"
        f"\tfromColumn: {one.table}.{one.column}\n"
        f"\ttoColumn: {one.to_table}.{one.to_column}\n"
    )


def _table(table: Table) -> Iterator[str]:
    yield from _about(table.description, 0)
    yield f"table {table.name}"
    yield f"\tlineageTag: {tag('table', table.name)}"
    if table.is_date_table:
        yield "\tdataCategory: Time"
    yield ""
    for measure in table.measures:
        yield from _measure(measure)
    for column in table.columns:
        yield from _column(table, column)
    for name, levels in table.hierarchies.items():
        yield from _hierarchy(table, name, levels)
    yield f"\tpartition {table.name} = m"
    yield "\t\tmode: import"
    yield "\t\tsource ="
    yield from (f"\t\t\t\t{line}" for line in _query(table))
    yield ""


def _measure(measure: Measure) -> Iterator[str]:
    yield from _about(measure.description, 1)
    lines = measure.dax.splitlines()
    if len(lines) == 1:
        yield f"\tmeasure {_quoted(measure.name)} = {lines[0]}"
    else:
        yield f"\tmeasure {_quoted(measure.name)} ="
        yield from (f"\t\t\t{line}" for line in lines)
    if measure.format:
        yield f"\t\tformatString: {measure.format}"
    if measure.folder:
        yield f"\t\tdisplayFolder: {measure.folder}"
    yield f"\t\tlineageTag: {tag('measure', measure.name)}"
    yield ""


def _column(table: Table, column: Column) -> Iterator[str]:
    yield from _about(column.description, 1)
    yield f"\tcolumn {column.name}"
    yield f"\t\tdataType: {column.type}"
    if column.is_hidden:
        yield "\t\tisHidden"
    if column.is_key:
        yield "\t\tisKey"
    if column.format:
        yield f"\t\tformatString: {column.format}"
    if column.folder and not column.is_hidden:
        yield f"\t\tdisplayFolder: {column.folder}"
    yield f"\t\tlineageTag: {tag('column', table.name, column.name)}"
    yield "\t\tsummarizeBy: none"
    if column.sort_by:
        yield f"\t\tsortByColumn: {column.sort_by}"
    yield f"\t\tsourceColumn: {column.name}"
    yield ""


def _hierarchy(table: Table, name: str, levels: Mapping[str, str]) -> Iterator[str]:
    yield f"\thierarchy {_quoted(name)}"
    yield f"\t\tlineageTag: {tag('hierarchy', table.name, name)}"
    yield ""
    for level, column in levels.items():
        yield f"\t\tlevel {_quoted(level)}"
        yield f"\t\t\tlineageTag: {tag('level', table.name, name, level)}"
        yield f"\t\t\tcolumn: {column}"
        yield ""


def _query(table: Table) -> list[str]:
    """Return the lines of a table's query in Power Query's language, M."""
    own = ", ".join(json.dumps(column.name) for column in table.columns if column.words is None)
    steps = [
        ("Mart", f'Warehouse{{[Schema = "marts", Item = "{table.name}"]}}[Data]'),
        ("Columns", f"Table.SelectColumns(Mart, {{{own}}})"),
    ]
    moments = [column.name for column in table.columns if column.is_moment]
    if moments:
        changes = ", ".join(f'{{"{name}", InLondon, type datetime}}' for name in moments)
        steps.append(("London", f"Table.TransformColumns({steps[-1][0]}, {{{changes}}})"))
    for column in table.columns:
        if column.words is not None:
            kind = "Int64.Type" if column.type == "int64" else "type text"
            made = f'"{column.name}", each {_in_m(column.words)}, {kind}'
            steps.append((f'#"{column.name}"', f"Table.AddColumn({steps[-1][0]}, {made})"))
    lines = [f"\t{name} = {text}," for name, text in steps]
    lines[-1] = lines[-1].removesuffix(",")
    return ["let", *lines, "in", f"\t{steps[-1][0]}"]


def _in_m(words: Words) -> str:
    if not words.known:
        text = f'Text.Lower(Text.Replace([{words.of}], "_", " "))'
        return f"Text.Upper(Text.Start({text}, 1)) & Text.Middle({text}, 1)"
    entries = ", ".join(f'#"{code}" = {json.dumps(word)}' for code, word in words.known.items())
    other = f"[{words.of}]" if words.other is None else words.other
    known = f"Record.FieldOrDefault([{entries}], [{words.of}], {other})"
    return f"if [{words.of}] = null then null else {known}"


def _about(description: str, depth: int) -> Iterator[str]:
    if description:
        yield "\t" * depth + "/// " + " ".join(description.split())


def _quoted(name: str) -> str:
    return name if name.isidentifier() else "'" + name.replace("'", "''") + "'"
