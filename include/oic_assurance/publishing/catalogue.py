"""Read table structures (columns, keys, comments and indexes) from PostgreSQL's catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import psycopg
from psycopg import sql

from oic_assurance.publishing.errors import NotPublishableError


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    #: The schema and name of the collation, or None for the type's default collation.
    collation: tuple[str, str] | None
    not_null: bool
    comment: str | None


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: pairs of (own column, target column), in the constraint's order."""

    name: str
    target: tuple[str, str]
    pairs: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the foreign key on the table that has the key."""
        return tuple(own for own, _ in self.pairs)

    def means(self, other: "ForeignKey") -> bool:
        """Return whether two foreign keys have the same target and columns. Names may differ."""
        return self.target == other.target and set(self.pairs) == set(other.pairs)


@dataclass(frozen=True)
class Table:
    """The structure of a table."""

    schema: str
    name: str
    #: The kind of relation, as a letter from PostgreSQL's catalogue: r for a table, p for a
    #: partitioned table, v for a view, m for a materialised view, f for a foreign table.
    kind: str
    is_logged: bool
    owner: str
    #: Whether this session's login may act as the table's owner.
    is_ours: bool
    comment: str | None
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    #: The name of each index, with its columns.
    indexes: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def place(self) -> str:
        """Return the name as `schema.table`."""
        return f"{self.schema}.{self.name}"

    @property
    def place_identifier(self) -> sql.Identifier:
        """Return the name as an SQL identifier."""
        return sql.Identifier(self.schema, self.name)

    def column(self, name: str) -> Column | None:
        """Return a column by its name, or None."""
        return next((column for column in self.columns if column.name == name), None)


_TABLES = """
select c.relname, c.relkind::text, c.relpersistence = 'p', pg_get_userbyid(c.relowner),
    pg_has_role(c.relowner, 'USAGE'), obj_description(c.oid, 'pg_class')
from pg_catalog.pg_class as c
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
order by c.relname
"""

_COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attcollation <> t.typcollation then n.nspname end,
    l.collname, a.attnotnull, col_description(c.oid, a.attnum)
from pg_catalog.pg_class as c
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type as t on t.oid = a.atttypid
left join pg_catalog.pg_collation as l on l.oid = a.attcollation
left join pg_catalog.pg_namespace as n on n.oid = l.collnamespace
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
order by c.relname, a.attnum
"""

# If a foreign key refers to a partitioned table, PostgreSQL stores a copy of the key for each
# partition. The copies name the original key (`conparentid`) and are left out here.
_KEYS = """
select c.relname, k.conname, k.contype::text, n.nspname, f.relname,
    array(
        select a.attname::text
        from unnest(k.conkey) with ordinality as u (number, place)
        join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.number
        order by u.place
    ),
    array(
        select a.attname::text
        from unnest(k.confkey) with ordinality as u (number, place)
        join pg_catalog.pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.number
        order by u.place
    )
from pg_catalog.pg_constraint as k
join pg_catalog.pg_class as c on c.oid = k.conrelid
left join pg_catalog.pg_class as f on f.oid = k.confrelid
left join pg_catalog.pg_namespace as n on n.oid = f.relnamespace
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
    and k.contype in ('p', 'f') and k.conparentid = 0
order by c.relname, k.conname
"""

_INDEXES = """
select c.relname, i.relname,
    array(
        select a.attname::text
        from unnest(x.indkey) with ordinality as u (number, place)
        join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = u.number
        where u.place <= x.indnkeyatts
        order by u.place
    )
from pg_catalog.pg_index as x
join pg_catalog.pg_class as c on c.oid = x.indrelid
join pg_catalog.pg_class as i on i.oid = x.indexrelid
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
order by c.relname, i.relname
"""


def read_tables(
    conn: psycopg.Connection, schema: str, names: list[str] | None = None
) -> dict[str, Table]:
    """Return a schema's tables and views, or only those in `names`, keyed by name.

    Attached partitions are left out. A detached partition is included, because it is an ordinary
    table.
    """
    asked = {"schema": schema, "names": names}
    columns = _grouped(conn.execute(_COLUMNS, asked).fetchall())
    keys = _grouped(conn.execute(_KEYS, asked).fetchall())
    indexes = _grouped(conn.execute(_INDEXES, asked).fetchall())
    found = {}
    for name, kind, is_logged, owner, is_ours, comment in conn.execute(_TABLES, asked).fetchall():
        found[name] = Table(
            schema=schema,
            name=name,
            kind=kind,
            is_logged=is_logged,
            owner=owner,
            is_ours=is_ours,
            comment=comment,
            columns=tuple(_column(*row) for row in columns.get(name, [])),
            primary_key=_primary_key(keys.get(name, [])),
            foreign_keys=tuple(_foreign_keys(keys.get(name, []))),
            indexes=tuple((index, tuple(over)) for index, over in indexes.get(name, [])),
        )
    return found


def referenced_first(tables: Iterable[Table]) -> list[Table]:
    """Sort tables so that each table comes after the tables that its foreign keys refer to.

    Raises:
        NotPublishableError: Foreign keys form a circle, so there is no such order.
    """
    by_place: Mapping[tuple[str, str], Table] = {
        (table.schema, table.name): table for table in tables
    }
    graph = {
        place: [key.target for key in table.foreign_keys if key.target in by_place]
        for place, table in by_place.items()
    }
    # A foreign key from a table to itself (such as a unit to its parent unit) is not a circle.
    graph = {place: [t for t in targets if t != place] for place, targets in graph.items()}
    try:
        return [by_place[place] for place in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " → ".join(f"{schema}.{name}" for schema, name in error.args[1])
        raise NotPublishableError(f"foreign keys go round in a circle ({circle})") from error


def _grouped(rows: list[tuple[object, ...]]) -> dict[str, list[tuple]]:  # type: ignore[type-arg]
    grouped: dict[str, list[tuple]] = {}  # type: ignore[type-arg]
    for name, *rest in rows:
        grouped.setdefault(str(name), []).append(tuple(rest))
    return grouped


def _column(
    name: str,
    type_: str,
    collation_schema: str | None,
    collation: str | None,
    not_null: bool,
    comment: str | None,
) -> Column:
    own = (collation_schema, collation) if collation_schema and collation else None
    return Column(name, type_, own, not_null, comment)


def _primary_key(keys: list[tuple]) -> tuple[str, ...]:  # type: ignore[type-arg]
    return next((tuple(own) for _, kind, _, _, own, _ in keys if kind == "p"), ())


def _foreign_keys(keys: list[tuple]) -> Iterable[ForeignKey]:  # type: ignore[type-arg]
    for name, kind, schema, table, own, theirs in keys:
        if kind == "f":
            yield ForeignKey(name, (schema, table), tuple(zip(own, theirs, strict=True)))
