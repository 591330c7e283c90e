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

#: The folders of the pages, in `docs`.
FOLDER, NATIONAL_FOLDER = "bi/dictionary", "bi/national"
_LIST = "| table | what | columns |\n|---|---|---:|\n"
_RELATIONSHIPS = "| from | column | to | column |\n|---|---|---|---|\n"

_PAGE = """\
# {title}

The table `{place}`. {description}

The key is {key}.{references}

| column | type | example | what it holds |
|---|---|---|---|
"""


def pages(marts: Iterable[Mart]) -> dict[str, str]:
    """Return the text of the page of each mart, keyed by file name."""
    return {f"{mart.place}.md": _page(mart) for mart in marts}


def listed(marts: Iterable[Mart]) -> str:
    """Return the table of marts, each with a link to its page."""
    return _LIST + "".join(
        row(f"[{mart.place}]({mart.place}.md)", mart.description, len(mart.columns))
        for mart in marts
    )


def relationships(marts: Iterable[Mart]) -> str:
    """Return the table of the foreign keys between marts, each by its own column."""
    return _RELATIONSHIPS + "".join(
        row(*(f"`{cell}`" for cell in (mart.name, own, reference.table, theirs)))
        for mart in marts
        for reference in mart.references
        for own, theirs in [relating_column(reference)]
    )


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
