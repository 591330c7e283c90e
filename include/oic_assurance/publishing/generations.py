"""What stands in the schema of generations: attached, about to be detached, or on its own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg import sql

from oic_assurance.publishing.schemas import FACES, GENERATION, Face

_NAME = re.compile(r"(?P<table>.+)__(?P<publication_id>\d+)")

_PARTS = """
select c.relname, n.nspname, p.relname, coalesce(i.inhdetachpending, false)
from pg_catalog.pg_class as c
left join pg_catalog.pg_inherits as i on i.inhrelid = c.oid
left join pg_catalog.pg_class as p on p.oid = i.inhparent
left join pg_catalog.pg_namespace as n on n.oid = p.relnamespace
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and c.relkind = 'r' and (%(name)s::text is null or c.relname = %(name)s)
"""

_OWN_KEYS = """
select c.relname, k.conname
from pg_catalog.pg_constraint as k
join pg_catalog.pg_class as c on c.oid = k.conrelid
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %s)
    and not c.relispartition and k.contype = 'f' and k.conparentid = 0
order by c.relname, k.conname
"""


class State(StrEnum):
    """How a table of a generation stands to its parent."""

    ATTACHED = "attached"
    PENDING = "pending"
    DETACHED = "detached"


@dataclass(frozen=True)
class Part:
    """One table of one generation."""

    face: Face
    table: str
    publication_id: int
    state: State

    @property
    def name(self) -> str:
        """Return its name among the generations."""
        return self.face.partition(self.table, self.publication_id)

    @property
    def identifier(self) -> sql.Identifier:
        """Return its full name as SQL writes it."""
        return sql.Identifier(GENERATION, self.name)

    @property
    def parent(self) -> sql.Identifier:
        """Return the full name of the table that readers know it by."""
        return sql.Identifier(self.face.parents, self.table)


def read_parts(conn: psycopg.Connection, name: str | None = None) -> list[Part]:
    """Return the tables of all generations that are kept, or one, in the order of publications."""
    rows = conn.execute(_PARTS, {"schema": GENERATION, "name": name}).fetchall()
    parts = [part for row in rows for part in _part(*row)]
    return sorted(parts, key=lambda part: (part.publication_id, part.name))


def own_foreign_keys(conn: psycopg.Connection) -> list[tuple[str, str]]:
    """Return the foreign keys of detached tables: names of table and key."""
    return [(table, key) for table, key in conn.execute(_OWN_KEYS, (GENERATION,)).fetchall()]


def _part(name: str, schema: str | None, parent: str | None, is_pending: bool) -> Iterable[Part]:
    match = _NAME.fullmatch(name)
    if match is None:
        return
    publication_id = int(match["publication_id"])
    if schema is not None and parent is not None:
        face = next(face for face in FACES if face.parents == schema)
        yield Part(face, parent, publication_id, State.PENDING if is_pending else State.ATTACHED)
        return
    # The longest prefix first: the empty one fits every name.
    for face in sorted(FACES, key=lambda face: -len(face.prefix)):
        if name.startswith(face.prefix):
            table = match["table"].removeprefix(face.prefix)
            yield Part(face, table, publication_id, State.DETACHED)
            return
