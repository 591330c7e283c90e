"""Create and extend the published tables, which readers query.

A published table is partitioned by publication and has the columns of the candidate table. The code
calls the published table the parent of its partitions. Row-level security shows readers only the
partition of the current publication, and only rows that their audience may see.

The mart contract allows that a candidate has a new table, column, foreign key or comment. These are
added to the published tables. The contract does not allow that a candidate lacks a column, or has a
column of another type or another primary key. Such a candidate is refused before anything is
changed.
"""

from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql

from oic_assurance.publishing.audiences import keep_functions, open_to_audiences
from oic_assurance.publishing.catalogue import Column, ForeignKey, Table, read_tables
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.schemas import KEY, MARTS, STAGES_THAT_READ, PublishedSchema

#: The tables of one schema, keyed by name.
Tables = Mapping[str, Table]

_POLICY = "current_publication"
_NEW_VERSION = "the contract of a mart does not allow that, a new version of the model does"


def widen_parents(conn: psycopg.Connection, candidates: Mapping[PublishedSchema, Tables]) -> None:
    """Give the published tables the candidates' new columns, each table in its own transaction.

    A new column needs the table for a moment without readers. A transaction that waited for several
    tables would hold the first ones meanwhile, and a reader who has read the others would wait for
    it: with readers who never pause, it would never end. What is done stays done if the publication
    then fails: earlier generations have no value in the column.

    Raises:
        NotPublishableError: A candidate has a change that the mart contract does not allow.
    """
    parents = {schema: read_tables(conn, schema.parents) for schema in candidates}
    # A candidate that is refused changes nothing, so all of them are checked first.
    plan(candidates, parents)
    for schema, tables in candidates.items():
        for table in tables.values():
            parent = parents[schema].get(table.name)
            if parent is not None:
                with conn.transaction():
                    statements = list(_widen(parent, table))
                    for statement in statements:
                        conn.execute(statement)
                    if statements and schema is MARTS:
                        keep_functions(conn, table.name)


def prepare_parents(conn: psycopg.Connection, candidates: Mapping[PublishedSchema, Tables]) -> None:
    """Create or extend the published tables so that the candidates can be attached to them.

    To extend a published table, the session waits for the table's readers. The caller limits the
    wait.

    Raises:
        NotPublishableError: A candidate has a change that the mart contract does not allow.
    """
    parents = {schema: read_tables(conn, schema.parents) for schema in candidates}
    for statement in plan(candidates, parents):
        conn.execute(statement)
    open_to_audiences(conn)


def plan(
    candidates: Mapping[PublishedSchema, Tables], parents: Mapping[PublishedSchema, Tables]
) -> list[sql.Composed]:
    """Return the statements that give the published tables the candidates' structure, in order."""
    for schema, tables in candidates.items():
        for table in tables.values():
            check_contract(table, parents[schema].get(table.name))
    targets = {
        (schema.candidate, name): (schema.parents, name)
        for schema, tables in candidates.items()
        for name in tables
    }
    made: list[sql.Composed] = []
    keys: list[sql.Composed] = []
    for schema, tables in candidates.items():
        for table in tables.values():
            parent = parents[schema].get(table.name)
            made += _create(schema, table) if parent is None else _widen(parent, table)
            made += _comments(schema, table, parent)
            keys += _keys(schema, table, parent, targets)
    return made + keys


def check_contract(table: Table, parent: Table | None) -> None:
    """Refuse a candidate that removes or changes something that readers may rely on."""
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
    """Return the SQL that defines a column, for `create table` and `add column`."""
    # The type name needs no quoting: PostgreSQL's catalogue returns it quoted if necessary.
    parts: list[sql.Composable] = [sql.Identifier(column.name), sql.SQL(column.type)]
    if column.collation is not None:
        parts.append(sql.SQL("collate {}").format(sql.Identifier(*column.collation)))
    if not_null:
        parts.append(sql.SQL("not null"))
    return sql.SQL(" ").join(parts)


def _create(schema: PublishedSchema, table: Table) -> Iterator[sql.Composed]:
    parent = sql.Identifier(schema.parents, table.name)
    readers = [schema.reader] if schema.reader else []
    columns = [definition(column, not_null=column.not_null) for column in table.columns]
    primary_key = sql.SQL("primary key ({})").format(_names(table.primary_key))
    yield sql.SQL("create table {} ({}) partition by list ({})").format(
        parent, sql.SQL(", ").join([*columns, primary_key]), sql.Identifier(KEY)
    )
    yield sql.SQL("alter table {} enable row level security").format(parent)
    # The policy applies to every role that may read the table, including roles added later.
    yield sql.SQL("create policy {} on {} for select using ({})").format(
        sql.Identifier(_POLICY), parent, schema.policy
    )
    yield sql.SQL("grant select on {} to {}").format(
        parent, sql.SQL(", ").join(map(sql.Identifier, (*readers, *STAGES_THAT_READ)))
    )
    # PostgreSQL's information schema shows the keys of a table only to roles that may do more than
    # read the table. So that BI tools see the keys, the reader gets the right to make foreign keys
    # that refer to one column. The reader cannot use this right: the column is not unique by itself
    # in any table, so no foreign key can refer to it.
    for reader in readers:
        yield sql.SQL("grant references ({}) on {} to {}").format(
            sql.Identifier(KEY), parent, sql.Identifier(reader)
        )


def _widen(parent: Table, table: Table) -> Iterator[sql.Composed]:
    place = sql.Identifier(parent.schema, parent.name)
    for column in table.columns:
        known = parent.column(column.name)
        if known is None:
            # Older generations have no value for a new column, so the column allows nulls.
            yield sql.SQL("alter table {} add column {}").format(
                place, definition(column, not_null=False)
            )
        elif known.not_null and not column.not_null:
            yield sql.SQL("alter table {} alter column {} drop not null").format(
                place, sql.Identifier(column.name)
            )


def _comments(
    schema: PublishedSchema, table: Table, parent: Table | None
) -> Iterator[sql.Composed]:
    place = sql.Identifier(schema.parents, table.name)
    if table.comment is not None and (parent is None or parent.comment != table.comment):
        yield sql.SQL("comment on table {} is {}").format(place, sql.Literal(table.comment))
    for column in table.columns:
        known = parent.column(column.name) if parent else None
        if column.comment is not None and (known is None or known.comment != column.comment):
            yield sql.SQL("comment on column {} is {}").format(
                sql.Identifier(schema.parents, table.name, column.name), sql.Literal(column.comment)
            )


def _keys(
    schema: PublishedSchema,
    table: Table,
    parent: Table | None,
    targets: Mapping[tuple[str, str], tuple[str, str]],
) -> Iterator[sql.Composed]:
    """Return statements that add new foreign keys to a published table.

    If a key has no index yet, a further statement adds one.
    """
    place = sql.Identifier(schema.parents, table.name)
    known = list(parent.foreign_keys) if parent else []
    indexed = [over for _, over in parent.indexes] if parent else [table.primary_key]
    for key in table.foreign_keys:
        if key.target not in targets:
            raise NotPublishableError(
                f"{table.place} refers to {'.'.join(key.target)}, which is not published with it"
            )
        wanted = ForeignKey(key.name, targets[key.target], key.pairs)
        # A foreign key from a table to itself is not added to the published table. There it would
        # prevent every detachment, because a generation's rows refer to rows of the same
        # generation. The key was already checked in the candidate.
        if wanted.target == (schema.parents, table.name):
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
