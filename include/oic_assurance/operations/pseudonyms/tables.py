"""Replace earlier keys with new keys in tables, and prove that nothing else changed.

`identity.key_change` lists all keys that a re-keying changes, each with its new key. Three kinds of
keys change:

- `officer`: the pseudonyms themselves,
- `version`: the keys of officers' versions, which are made from the pseudonym,
- `exception`: the keys of exceptions about training, which are made from the pseudonym.

The list is filled once, when a re-keying begins, and is emptied when the re-keying ends.

The tables of a publication are changed in one transaction, row by row. So readers do not have to
wait, and each of their transactions sees the publication either with earlier keys or with new ones,
never with both.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.pseudonyms import pseudonym
from oic_assurance.publishing.attach import finalise
from oic_assurance.publishing.catalogue import read_tables, referenced_first
from oic_assurance.publishing.generations import Part, State, read_parts
from oic_assurance.publishing.rekeyed import present_tables
from oic_assurance.publishing.schemas import GENERATION, KEY, PUBLISHED_SCHEMAS
from oic_assurance.warehouse.fingerprint import (
    TableFingerprint,
    added_later,
    fingerprint_tables,
)
from oic_assurance.warehouse.rows import one_value

#: Schemas whose tables contain no pseudonyms.
_WITHOUT_KEYS = ("information_schema", "policy")
_RELATIONS = """
select n.nspname, c.relname,
    array_agg(a.attname::text order by a.attnum),
    pg_has_role(c.relowner, 'USAGE')
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'm') and n.nspname <> all(%s)
    and not starts_with(n.nspname, 'raw_') and not starts_with(n.nspname, 'pg_')
    and (n.nspname, c.relname) <> ('identity', 'key_change')
    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
group by n.nspname, c.relname, c.relowner
order by n.nspname, c.relname
"""

# A pseudonym without a row in `identity.pseudonym` belongs to an erased number. The number is no
# longer known, so no new pseudonym can be computed from it, and the pseudonym is replaced with a
# random key.
_ORPHANS = """
insert into identity.key_change (old_key, new_key, kind)
select stray.officer_key, replace(gen_random_uuid()::text, '-', ''), 'officer'
from (select distinct officer_key from {table} where officer_key is not null) as stray
where not exists (select from identity.key_change as k where k.old_key = stray.officer_key)
"""
# The same formula as in the model `int_officer_version`.
_VERSIONS = """
insert into identity.key_change (old_key, new_key, kind)
select distinct
    t.officer_version_key,
    md5(t.force_code || '|' || k.new_key || '|' || t.valid_from::text),
    'version'
from {table} as t
inner join identity.key_change as k on k.old_key = t.officer_key
where t.officer_version_key = md5(t.force_code || '|' || t.officer_key || '|' || t.valid_from::text)
on conflict (old_key) do nothing
"""
# The same formula as in the model `int_exception`, for exceptions whose key is derived from the
# officer's pseudonym.
_EXCEPTIONS = """
insert into identity.key_change (old_key, new_key, kind)
select distinct
    t.exception_key,
    md5(t.exception_code || '|' || t.record_ref || '|' || k.new_key),
    'exception'
from {table} as t
inner join identity.key_change as k on k.old_key = t.officer_key
where t.exception_key = md5(t.exception_code || '|' || t.record_ref || '|' || t.officer_key)
on conflict (old_key) do nothing
"""
#: For each kind of key: the columns that a table with such keys has, and the statement that adds
#: its keys to the list.
_FROM_TABLES = (
    (frozenset({"officer_key"}), _ORPHANS),
    (
        frozenset({"force_code", "officer_key", "officer_version_key", "valid_from"}),
        _VERSIONS,
    ),
    (frozenset({"exception_code", "record_ref", "officer_key", "exception_key"}), _EXCEPTIONS),
)


@dataclass(frozen=True)
class Relation:
    """A table that can contain keys. `is_ours` tells whether this session may change every row."""

    schema: str
    name: str
    columns: frozenset[str]
    is_ours: bool

    @property
    def identifier(self) -> sql.Identifier:
        """Return the name with its schema, as an SQL identifier."""
        return sql.Identifier(self.schema, self.name)


def relations(connection: psycopg.Connection) -> list[Relation]:
    """Return all tables that this session may read, except those in raw and policy schemas."""
    rows = connection.execute(_RELATIONS.encode(), (list(_WITHOUT_KEYS),)).fetchall()
    return [
        Relation(schema, name, frozenset(columns), is_ours)
        for schema, name, columns, is_ours in rows
    ]


def list_changes(connection: psycopg.Connection, key: str) -> tuple[int, int]:
    """Fill the list of changes, within the transaction of `connection`.

    Returns how many pseudonyms have a number, and how many belong to an erased number.
    """
    known = connection.execute(
        "select force_code, kind, identifier, officer_key from identity.pseudonym"
    ).fetchall()
    with (
        connection.cursor() as cursor,
        cursor.copy("copy identity.key_change (old_key, new_key, kind) from stdin") as copy,
    ):
        for force_code, kind, number, officer_key in known:
            copy.write_row((officer_key, pseudonym(key, force_code, kind, number), "officer"))
    found = relations(connection)
    for needed, statement in _FROM_TABLES:
        for relation in found:
            if needed <= relation.columns:
                connection.execute(sql.SQL(statement).format(table=relation.identifier))
    officers = one_value(
        connection, "select count(*) from identity.key_change where kind = 'officer'"
    )
    return len(known), officers - len(known)


def read_changes(connection: psycopg.Connection) -> dict[str, str]:
    """Return the list of changes as a mapping from each earlier key to its new key."""
    return dict(connection.execute("select old_key, new_key from identity.key_change").fetchall())


#: A string that can be a pseudonym or a key derived from one.
TOKEN = re.compile(r"[0-9a-f]{32}")
TOKEN_IN_BYTES = re.compile(rb"[0-9a-f]{32}")
_TEXT_COLUMNS = """
select a.attname
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = %s and c.relname = %s
    and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
order by a.attnum
"""
_KEYED = """
select distinct held.name
from {table} as t
cross join lateral (values {values}) as held (name, value)
inner join identity.key_change as k on k.old_key = held.value
"""
# Each row is searched as text, so keys inside a longer text or a JSON value are also found.
_HAS_KEY = """
select exists (
    select
    from {table} as t
    cross join lateral regexp_matches(t::text, '[0-9a-f]{{32}}', 'g') as found (tokens)
    inner join identity.key_change as k on k.old_key = found.tokens[1]
)
"""
_IS_HELD = "{column} in (select k.old_key from identity.key_change as k)"
_NEW_VALUE = """
coalesce((select k.new_key from identity.key_change as k where k.old_key = {column}), {column})
"""
_EARLIER_VALUE = """
coalesce((select k.old_key from identity.key_change as k where k.new_key = {column}), {column})
"""
#: Text columns that contain keys among other words: the table, its key columns, and the text
#: column.
_TEXTS = (
    ("failing_row", ("result_id", "position"), "row_key"),
    ("expectation_result", ("result_id",), "observed"),
)


def keyed_columns(connection: psycopg.Connection, schema: str, name: str) -> list[str]:
    """Return the columns of a table that contain an earlier key, whatever their names."""
    columns = [row[0] for row in connection.execute(_TEXT_COLUMNS, (schema, name)).fetchall()]
    if not columns:
        return []
    pairs = [
        sql.SQL("({}, t.{}::text)").format(sql.Literal(column), sql.Identifier(column))
        for column in columns
    ]
    query = sql.SQL(_KEYED).format(
        table=sql.Identifier(schema, name), values=sql.SQL(", ").join(pairs)
    )
    held = {row[0] for row in connection.execute(query).fetchall()}
    return [column for column in columns if column in held]


def replace_keys(
    connection: psycopg.Connection, table: sql.Identifier, columns: Sequence[str]
) -> None:
    """Replace the earlier keys in the given columns of a table."""
    values = [
        sql.SQL("{} = {}").format(sql.Identifier(column), _expression(_NEW_VALUE, column))
        for column in columns
    ]
    connection.execute(
        sql.SQL("update {} as t set {} where {}").format(
            table, sql.SQL(", ").join(values), _holds(columns)
        )
    )


def _copy_rows_with_new_keys(
    connection: psycopg.Connection, table: sql.Identifier, columns: Sequence[str]
) -> None:
    """Add a copy with new keys of each row that has an earlier key.

    Rows of other tables that refer to such a row can then be changed to refer to the copy.
    """
    head = connection.execute(sql.SQL("select * from {} limit 0").format(table)).description or ()
    names = [column.name for column in head]
    values = [
        _expression(_NEW_VALUE, name) if name in columns else sql.Identifier("t", name)
        for name in names
    ]
    connection.execute(
        sql.SQL("insert into {} ({}) select {} from {} as t where {}").format(
            table,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(values),
            table,
            _holds(columns),
        )
    )


def replace_keys_in_texts(connection: psycopg.Connection) -> None:
    """Replace the earlier keys in the texts of `audit` that name the rows that fail a check."""
    changes = read_changes(connection)
    for table, key, text in _TEXTS:
        rows = connection.execute(
            sql.SQL("select {}::text, {} from {} where {}::text ~ '[0-9a-f]{{32}}'").format(
                sql.Identifier(text),
                sql.SQL(", ").join(map(sql.Identifier, key)),
                sql.Identifier("audit", table),
                sql.Identifier(text),
            )
        ).fetchall()
        changed = [
            (now, *row_key) for was, *row_key in rows if (now := with_new_keys(was, changes)) != was
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                sql.SQL("update {} set {} = %s where ({}) = ({})").format(
                    sql.Identifier("audit", table),
                    sql.Identifier(text),
                    sql.SQL(", ").join(map(sql.Identifier, key)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(key)),
                ),
                changed,
            )


def with_new_keys(text: str, changes: Mapping[str, str]) -> str:
    """Return a text with each earlier key replaced."""
    return TOKEN.sub(lambda match: changes.get(match.group(), match.group()), text)


def _holds(columns: Sequence[str]) -> sql.Composed:
    parts = [sql.SQL(_IS_HELD).format(column=sql.Identifier("t", column)) for column in columns]
    return sql.SQL(" or ").join(parts)


def _expression(template: str, column: str) -> sql.Composed:
    return sql.SQL(template).format(column=sql.Identifier("t", column))


@dataclass(frozen=True)
class _Keyed:
    """A table of a publication and those of its columns that contain keys.

    `is_referred_to` tells whether another table's foreign key refers to one of these columns.
    `added` has the empty columns that the table got after its audit, over which no fingerprint is.
    """

    part: Part
    columns: list[str]
    is_referred_to: bool
    added: list[str]


def publications_left(connection: psycopg.Connection, rekey_id: int) -> list[int]:
    """Return the kept publications that still have earlier keys, newest first."""
    done = {
        row[0]
        for row in connection.execute(
            "select publication_id from audit.rekeyed_publication where rekey_id = %s", (rekey_id,)
        ).fetchall()
    }
    kept = {part.publication_id for part in read_parts(connection)}
    return sorted(kept - done, reverse=True)


def rekey_publication(connection: psycopg.Connection, rekey_id: int, publication_id: int) -> None:
    """Replace the keys in a publication's tables, within the transaction of `connection`.

    For each changed table, the fingerprints before and after are recorded. If all keys in the new
    rows are turned back, the fingerprint must equal the one from before. That proves that each key
    was replaced with its own new key, and that no row and no other value changed.

    Raises:
        AssuranceError: The proof fails. The caller must roll back.
    """
    connection.execute(
        "insert into audit.rekeyed_publication (rekey_id, publication_id) values (%s, %s)",
        (rekey_id, publication_id),
    )
    keyed = _keyed_tables(connection, publication_id)
    before = {one.part.name: _fingerprint(connection, one) for one in keyed}
    # The key of a row cannot change while other rows refer to it. So a copy of the row with the new
    # key is added, the other rows are changed to refer to the copy, and then the original row is
    # deleted.
    for one in keyed:
        change = _copy_rows_with_new_keys if one.is_referred_to else replace_keys
        change(connection, one.part.identifier, one.columns)
    for one in reversed(keyed):
        if one.is_referred_to:
            connection.execute(
                sql.SQL("delete from {} as t where {}").format(
                    one.part.identifier, _holds(one.columns)
                )
            )
    for one in keyed:
        earlier: dict[str, sql.Composable] = {
            column: sql.SQL(_EARLIER_VALUE).format(column=sql.Identifier(column))
            for column in one.columns
        }
        if _fingerprint(connection, one, earlier) != before[one.part.name]:
            raise AssuranceError(
                f"Table {GENERATION}.{one.part.name}: with the keys turned back it is not what it "
                "was. Nothing was changed in this publication: report this as a defect."
            )
        after = _fingerprint(connection, one)
        connection.execute(
            """
            insert into audit.rekeyed_table (
                rekey_id, publication_id, schema_name, table_name, rows, fingerprint_before,
                fingerprint_after
            ) values (%s, %s, %s, %s, %s, %s, %s)
            """,
            (
                rekey_id,
                publication_id,
                one.part.schema.candidate,
                one.part.table,
                after.rows,
                before[one.part.name].fingerprint,
                after.fingerprint,
            ),
        )


def _keyed_tables(connection: psycopg.Connection, publication_id: int) -> list[_Keyed]:
    """Return the tables with keys, each after the tables to which its foreign keys refer."""
    parents = referenced_first(
        [
            table
            for schema in PUBLISHED_SCHEMAS
            for table in read_tables(connection, schema.parents).values()
        ]
    )
    order = {(table.schema, table.name): place for place, table in enumerate(parents)}
    audited = {
        schema.partition(name, publication_id): fingerprint
        for schema in PUBLISHED_SCHEMAS
        for name, fingerprint in present_tables(connection, schema, publication_id).items()
    }
    found = []
    for part in read_parts(connection):
        if part.publication_id != publication_id:
            continue
        if part.state is State.PENDING:
            connection.execute(finalise(part))
        columns = keyed_columns(connection, GENERATION, part.name)
        if columns:
            place = (part.schema.parents, part.table)
            is_referred_to = part.state is State.ATTACHED and any(
                key.target == place and any(theirs in columns for _, theirs in key.pairs)
                for table in parents
                for key in table.foreign_keys
            )
            then = audited.get(part.name)
            added = added_later(connection, GENERATION, part.name, then) if then else []
            found.append(_Keyed(part, columns, is_referred_to, added))
    return sorted(
        found, key=lambda one: order.get((one.part.schema.parents, one.part.table), len(order))
    )


def _fingerprint(
    connection: psycopg.Connection,
    one: _Keyed,
    values: dict[str, sql.Composable] | None = None,
) -> TableFingerprint:
    name, exclude = one.part.name, (KEY, *one.added)
    return fingerprint_tables(connection, GENERATION, exclude, only=[name], values=values)[name]


def tables_with_earlier_keys(connection: psycopg.Connection) -> list[str]:
    """Return the names of the tables that still contain an earlier key.

    Raw tables are not searched, because they hold what the sources delivered.
    """
    return [
        f"{relation.schema}.{relation.name}"
        for relation in relations(connection)
        if connection.execute(sql.SQL(_HAS_KEY).format(table=relation.identifier)).fetchone()
        == (True,)
    ]
