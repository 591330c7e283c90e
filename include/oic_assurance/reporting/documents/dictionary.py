"""Generate the data dictionary, which tells report authors what the marts contain.

It lists the columns of each mart, and the foreign keys between marts.
"""

from collections.abc import Iterable

from oic_assurance.reporting.documents.markdown import row, title
from oic_assurance.reporting.documents.marts import Mart, Reference

#: Columns that are part of every key. The dictionary leaves them out of the keys, because readers
#: see only one publication, and most deployments have only one force.
_IN_EVERY_KEY = ("publication_id", "force_code")
_TYPES = {
    "text": "text",
    "bigint": "whole number",
    "integer": "whole number",
    "double precision": "number",
    "boolean": "yes or no",
    "date": "day",
    "timestamp with time zone": "moment",
    "timestamp without time zone": "moment on the clock in London",
}

_INDEX = """\
# Data dictionary

The {count} tables that a report can use. Each has a page with its columns, generated from the
descriptions of the dbt models. The examples are made up. Every table but `data_dictionary` also
has `publication_id`, which has the same value in all tables at any moment but in `publication` and
`position_as_published`, and `force_code`. How to connect: [README](../README.md).

| table | what | columns |
|---|---|---:|
"""

_NATIONAL_INDEX = """\
# Data dictionary of the national view

The {count} tables that only the [national warehouse](../../how-to/national-view.md) has. Each has a
page with its columns, generated from the descriptions of the dbt models. The examples are made up.
Every table also has `publication_id` and `force_code`, the area of the national warehouse. The
force that reports is in `reporting_force_code`. How to connect: [README](../README.md).

| table | what | columns |
|---|---|---:|
"""

_RELATIONSHIPS = """
## Relationships

The relationships are foreign keys that include `publication_id` and `force_code`. Each is many to
one. A tool that relates tables by a single column uses the column named here.

| from | column | to | column |
|---|---|---|---|
"""

_PAGE = """\
# {title}

The table `{place}`. {description}

The key is {key}.{references}

| column | type | example | what it holds |
|---|---|---|---|
"""


def pages(marts: Iterable[Mart]) -> dict[str, str]:
    """Return the text of every page, keyed by file name: an index, and one page for each mart."""
    marts = sorted(marts, key=lambda mart: (mart.schema, mart.name))
    return {"README.md": _index(marts)} | {f"{mart.place}.md": _page(mart) for mart in marts}


def national_pages(marts: Iterable[Mart]) -> dict[str, str]:
    """Return the text of every page about the national marts, keyed by file name."""
    marts = sorted(marts, key=lambda mart: mart.name)
    return {"README.md": _tables(_NATIONAL_INDEX, marts)} | {
        f"{mart.place}.md": _page(mart) for mart in marts
    }


def relating_column(reference: Reference) -> tuple[str, str]:
    """Return the column of a foreign key and the column to which it refers.

    Some tools can relate two tables by a single column only. So the columns that are part of every
    key are ignored here.

    Raises:
        ValueError: If the foreign key has no other column, or more than one.
    """
    (pair,) = (
        (own, theirs)
        for own, theirs in zip(reference.columns, reference.to_columns, strict=True)
        if own not in _IN_EVERY_KEY
    )
    return pair


def _tables(head: str, marts: list[Mart]) -> str:
    return head.format(count=len(marts)) + "".join(
        row(f"[{mart.place}]({mart.place}.md)", mart.description, len(mart.columns))
        for mart in marts
    )


def _index(marts: list[Mart]) -> str:
    relationships = []
    for mart in marts:
        for reference in mart.references:
            own, theirs = relating_column(reference)
            cells = (mart.name, own, reference.table, theirs)
            relationships.append(row(*(f"`{cell}`" for cell in cells)))
    return _tables(_INDEX, marts) + _RELATIONSHIPS + "".join(relationships)


def _example(value: str) -> str:
    return value if value.startswith("(") else f"`{value}`"


def _refers(mart: Mart, reference: Reference) -> str:
    own = [f"`{name}`" for name in reference.columns if name not in _IN_EVERY_KEY]
    verb = "refers" if len(own) == 1 else "refer"
    place = f"{mart.schema}.{reference.table}.md"
    return f" {', '.join(own)} {verb} to [{reference.table}]({place})."


def _page(mart: Mart) -> str:
    own = [name for name in mart.primary_key if name not in _IN_EVERY_KEY]
    key = [f"`{name}`" for name in own or mart.primary_key]
    references = [_refers(mart, reference) for reference in mart.references]
    kind = " (public release)" if mart.schema == "public_release" else ""
    head = _PAGE.format(
        title=f"{title(mart.name)}{kind}",
        place=mart.place,
        description=mart.description,
        # A mart with one row per force has no other key.
        key=", ".join(key) or "`force_code`",
        references="".join(references),
    )
    return head + "".join(
        row(
            f"`{column.name}`",
            _TYPES.get(column.type, "number"),
            ", ".join(_example(value) for value in column.examples),
            column.description,
        )
        for column in mart.columns
    )
