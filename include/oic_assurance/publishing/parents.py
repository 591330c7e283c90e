"""The tables that readers know: partitioned by publication, made from what candidates look like.

A reader sees the partition of the current publication through row-level security, and of that what
his audience is shown. What the contract allows (a new table, column, key or comment) is added to
what stands; what it does not allow (a column that went or has another type) is refused before
anything is done.
"""

from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql

from oic_assurance.publishing.audiences import open_to_audiences
from oic_assurance.publishing.catalogue import Column, ForeignKey, Table, read_tables
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.schemas import KEY, STAGES_THAT_READ, Face

#: The tables of one face by name.
Tables = Mapping[str, Table]

_POLICY = "current_publication"
_NEW_VERSION = "the contract of a mart does not allow that, a new version of the model does"


def prepare_parents(conn: psycopg.Connection, candidates: Mapping[Face, Tables]) -> None:
    """Make or widen the parents so that the candidates can be attached to them.

    Adding to a parent that readers know takes a lock that waits for them: the caller limits how
    long.
    """
    parents = {face: read_tables(conn, face.parents) for face in candidates}
    for statement in plan(candidates, parents):
        conn.execute(statement)
    open_to_audiences(conn)


def plan(candidates: Mapping[Face, Tables], parents: Mapping[Face, Tables]) -> list[sql.Composed]:
    """Return the statements that bring the parents up to the candidates, in their order."""
    for face, tables in candidates.items():
        for table in tables.values():
            check_contract(table, parents[face].get(table.name))
    targets = {
        (face.candidate, name): (face.parents, name)
        for face, tables in candidates.items()
        for name in tables
    }
    made: list[sql.Composed] = []
    keys: list[sql.Composed] = []
    for face, tables in candidates.items():
        for table in tables.values():
            parent = parents[face].get(table.name)
            made += _create(face, table) if parent is None else _widen(parent, table)
            made += _comments(face, table, parent)
            keys += _keys(face, table, parent, targets)
    return made + keys


def check_contract(table: Table, parent: Table | None) -> None:
    """Refuse a candidate that takes something away from what readers build on."""
    if KEY not in table.primary_key:
        raise NotPublishableError(f"{table.place} has no primary key with {KEY} in it")
    if parent is None:
        return
    if parent.kind != "p":
        raise NotPublishableError(
            f"{table.place} cannot be published: {parent.place} is a table of another kind"
        )
    for column in parent.columns:
        now = table.column(column.name)
        if now is None:
            raise NotPublishableError(
                f"{table.place} has no column {column.name}, {parent.place} has: {_NEW_VERSION}"
            )
        if (now.type, now.collation) != (column.type, column.collation):
            raise NotPublishableError(
                f"{table.place}.{column.name} is {_type_text(now)}, in {parent.place} it is "
                f"{_type_text(column)}: {_NEW_VERSION}"
            )
    if set(parent.primary_key) != set(table.primary_key):
        raise NotPublishableError(
            f"{table.place} has the primary key ({', '.join(table.primary_key)}), "
            f"{parent.place} has ({', '.join(parent.primary_key)}): {_NEW_VERSION}"
        )


def definition(column: Column, *, not_null: bool) -> sql.Composed:
    """Return a column as a `create table` or `add column` writes it."""
    # The type's text comes from the catalogue, which quotes what needs it.
    parts: list[sql.Composable] = [sql.Identifier(column.name), sql.SQL(column.type)]
    if column.collation is not None:
        parts.append(sql.SQL("collate {}").format(sql.Identifier(*column.collation)))
    if not_null:
        parts.append(sql.SQL("not null"))
    return sql.SQL(" ").join(parts)


def _create(face: Face, table: Table) -> Iterator[sql.Composed]:
    parent = sql.Identifier(face.parents, table.name)
    reader = sql.Identifier(face.reader)
    columns = [definition(column, not_null=column.not_null) for column in table.columns]
    primary_key = sql.SQL("primary key ({})").format(_names(table.primary_key))
    yield sql.SQL("create table {} ({}) partition by list ({})").format(
        parent, sql.SQL(", ").join([*columns, primary_key]), sql.Identifier(KEY)
    )
    yield sql.SQL("alter table {} enable row level security").format(parent)
    # For whoever may read the table at all, so that a reader added later is no exception.
    yield sql.SQL("create policy {} on {} for select using ({})").format(
        sql.Identifier(_POLICY), parent, face.policy
    )
    yield sql.SQL("grant select on {} to {}").format(
        parent, sql.SQL(", ").join(map(sql.Identifier, (face.reader, *STAGES_THAT_READ)))
    )
    # The information schema shows keys only to who may do more than read. This right lets BI tools
    # see them and allows nothing: no table is unique over this column alone, so no key can refer to
    # it.
    yield sql.SQL("grant references ({}) on {} to {}").format(sql.Identifier(KEY), parent, reader)


def _widen(parent: Table, table: Table) -> Iterator[sql.Composed]:
    place = sql.Identifier(parent.schema, parent.name)
    for column in table.columns:
        known = parent.column(column.name)
        if known is None:
            # Older generations have nothing to put there.
            yield sql.SQL("alter table {} add column {}").format(
                place, definition(column, not_null=False)
            )
        elif known.not_null and not column.not_null:
            yield sql.SQL("alter table {} alter column {} drop not null").format(
                place, sql.Identifier(column.name)
            )


def _comments(face: Face, table: Table, parent: Table | None) -> Iterator[sql.Composed]:
    place = sql.Identifier(face.parents, table.name)
    if table.comment is not None and (parent is None or parent.comment != table.comment):
        yield sql.SQL("comment on table {} is {}").format(place, sql.Literal(table.comment))
    for column in table.columns:
        known = parent.column(column.name) if parent else None
        if column.comment is not None and (known is None or known.comment != column.comment):
            yield sql.SQL("comment on column {} is {}").format(
                sql.Identifier(face.parents, table.name, column.name), sql.Literal(column.comment)
            )


def _keys(
    face: Face,
    table: Table,
    parent: Table | None,
    targets: Mapping[tuple[str, str], tuple[str, str]],
) -> Iterator[sql.Composed]:
    """Return the foreign keys that are new, with an index each where nothing serves it yet."""
    place = sql.Identifier(face.parents, table.name)
    known = list(parent.foreign_keys) if parent else []
    indexed = [over for _, over in parent.indexes] if parent else [table.primary_key]
    for key in table.foreign_keys:
        if key.target not in targets:
            raise NotPublishableError(
                f"{table.place} refers to {'.'.join(key.target)}, which is not published with it"
            )
        wanted = ForeignKey(key.name, targets[key.target], key.pairs)
        # A table's key to itself was checked in the candidate. On the parent it would keep every
        # generation attached for ever: its own rows refer to what is to be detached.
        if wanted.target == (face.parents, table.name):
            continue
        if any(wanted.means(other) for other in known):
            continue
        known.append(wanted)
        yield sql.SQL("alter table {} add foreign key ({}) references {} ({})").format(
            place,
            _names(wanted.columns),
            sql.Identifier(*wanted.target),
            _names(tuple(theirs for _, theirs in wanted.pairs)),
        )
        if not any(set(over[: len(key.columns)]) == set(key.columns) for over in indexed):
            indexed.append(key.columns)
            yield sql.SQL("create index on {} ({})").format(place, _names(key.columns))


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _type_text(column: Column) -> str:
    return f"{column.type} collate {column.collation[1]}" if column.collation else column.type
