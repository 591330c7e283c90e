"""The tables in the schema `generation`, and whether each is attached or detached.

A table's state is pending if its detachment was interrupted.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg import sql

from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS, PublishedSchema

_NAME = re.compile(r"(?P<table>.+)__(?P<publication_id>\d+)")

_PARTS = """
select c.relname, n.nspname, p.relname, coalesce(i.inhdetachpending, false)
from pg_catalog.pg_class as c
left join pg_catalog.pg_inherits as i on i.inhrelid = c.oid
left join pg_catalog.pg_class as p on p.oid = i.inhparent
left join pg_catalog.pg_namespace as n on n.oid = p.relnamespace
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and c.relkind = 'r' and (%(name)s::text is null or c.relname = %(name)s)
    and (i.inhdetachpending or not %(pending)s)
"""

_OWN_KEYS = """
select c.relname, k.conname
from pg_catalog.pg_constraint as k
join pg_catalog.pg_class as c on c.oid = k.conrelid
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and not c.relispartition and k.contype = 'f' and k.conparentid = 0
    and (%(name)s::text is null or c.relname = %(name)s)
order by c.relname, k.conname
"""


class State(StrEnum):
    """Whether a generation's table is a partition of its published table.

    Readers query the published table, which the code calls the parent.
    """

    ATTACHED = "attached"
    PENDING = "pending"
    DETACHED = "detached"


@dataclass(frozen=True)
class Part:
    """One table of one generation."""

    schema: PublishedSchema
    table: str
    publication_id: int
    state: State

    @property
    def name(self) -> str:
        """Return the table's name in the schema `generation`."""
        return self.schema.partition(self.table, self.publication_id)

    @property
    def identifier(self) -> sql.Identifier:
        """Return the table's name with its schema, as an SQL identifier."""
        return sql.Identifier(GENERATION, self.name)

    @property
    def parent(self) -> sql.Identifier:
        """Return the published table's name with its schema, as an SQL identifier."""
        return sql.Identifier(self.schema.parents, self.table)


def read_parts(
    conn: psycopg.Connection, name: str | None = None, *, only_pending: bool = False
) -> list[Part]:
    """Return the tables of all kept generations, oldest generation first.

    These are more than ten thousand tables after a year. With `name`, only the table with this name
    is returned. With `only_pending`, only tables whose detachment was interrupted are returned.
    """
    which = {"schema": GENERATION, "name": name, "pending": only_pending}
    rows = conn.execute(_PARTS, which).fetchall()
    parts = [part for row in rows for part in _part(*row)]
    return sorted(parts, key=lambda part: (part.publication_id, part.name))


def own_foreign_keys(conn: psycopg.Connection, name: str | None = None) -> list[tuple[str, str]]:
    """Return the foreign keys of detached tables, each as (table name, key name).

    With `name`, only the keys of the table with this name are returned.
    """
    rows = conn.execute(_OWN_KEYS, {"schema": GENERATION, "name": name}).fetchall()
    return [(table, key) for table, key in rows]


def _part(
    name: str, parent_schema: str | None, parent: str | None, is_pending: bool
) -> Iterable[Part]:
    match = _NAME.fullmatch(name)
    if match is None:
        return
    publication_id = int(match["publication_id"])
    if parent_schema is not None and parent is not None:
        schema = next(schema for schema in PUBLISHED_SCHEMAS if schema.parents == parent_schema)
        yield Part(schema, parent, publication_id, State.PENDING if is_pending else State.ATTACHED)
        return
    # The prefixes are tried from longest to shortest, because the empty prefix matches every name.
    for schema in sorted(PUBLISHED_SCHEMAS, key=lambda schema: -len(schema.prefix)):
        if name.startswith(schema.prefix):
            table = match["table"].removeprefix(schema.prefix)
            yield Part(schema, table, publication_id, State.DETACHED)
            return
