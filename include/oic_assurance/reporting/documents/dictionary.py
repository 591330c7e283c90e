"""The data dictionary for whoever builds a report: a page a mart, and how marts belong together."""

from collections.abc import Iterable

from oic_assurance.reporting.documents.marts import Mart, Reference

#: In every key; all that a reader sees is of one publication, and most deployments have one force.
_IN_EVERY_KEY = ("publication_id", "force_code")
_TYPES = {
    "text": "text",
    "bigint": "whole number",
    "integer": "whole number",
    "double precision": "number",
    "boolean": "yes or no",
    "date": "day",
    "timestamp with time zone": "moment",
}

_INDEX = """\
# Data dictionary

What a report can be built on: {count} tables. Each has a page with its columns, from the
descriptions of the dbt models. Every table also has `publication_id` (the same in all of them at
any moment) and `force_code`. How to connect: [README](../README.md).

| table | what | columns |
|---|---|---:|
"""

_RELATIONSHIPS = """
## Relationships

Declared as foreign keys together with `publication_id` and `force_code`. Each is many to one, and a
tool that relates tables by a single column relates them by the one that is named here.

| from | column | to | column |
|---|---|---|---|
"""

_PAGE = """\
# {place}

{description}

A row is told from others by {key}.{references}

| column | type | what it holds |
|---|---|---|
"""


def pages(marts: Iterable[Mart]) -> dict[str, str]:
    """Return the pages by their file names: an index with the relationships, one for each mart."""
    marts = list(marts)
    return {"README.md": _index(marts)} | {f"{mart.place}.md": _page(mart) for mart in marts}


def relating_column(reference: Reference) -> tuple[str, str]:
    """Return the one column, and its counterpart, by which tools with simple keys relate tables."""
    (pair,) = (
        (own, theirs)
        for own, theirs in zip(reference.columns, reference.to_columns, strict=True)
        if own not in _IN_EVERY_KEY
    )
    return pair


def _index(marts: list[Mart]) -> str:
    tables = [
        _line(f"[{mart.place}]({mart.place}.md)", mart.description, str(len(mart.columns)))
        for mart in marts
    ]
    relations = []
    for mart in marts:
        for reference in mart.references:
            own, theirs = relating_column(reference)
            cells = (mart.name, own, reference.table, theirs)
            relations.append(_line(*(f"`{cell}`" for cell in cells)))
    return _INDEX.format(count=len(marts)) + "".join(tables) + _RELATIONSHIPS + "".join(relations)


def _page(mart: Mart) -> str:
    key = [f"`{name}`" for name in mart.primary_key if name not in _IN_EVERY_KEY]
    refers = [
        f" `{relating_column(reference)[0]}` leads to [{reference.table}]"
        f"({mart.schema}.{reference.table}.md)."
        for reference in mart.references
    ]
    head = _PAGE.format(
        place=mart.place,
        description=mart.description,
        key=", ".join(key),
        references="".join(refers),
    )
    return head + "".join(
        _line(f"`{column.name}`", _TYPES.get(column.type, "number"), column.description)
        for column in mart.columns
    )


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
