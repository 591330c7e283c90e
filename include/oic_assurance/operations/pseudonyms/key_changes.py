"""The list of all keys that a re-keying changes, each with its new key (`identity.key_change`).

Three kinds of keys change:

- `officer`: the pseudonyms themselves,
- `version`: the keys of officers' versions, which are made from the pseudonym,
- `exception`: the keys of exceptions about training, which are made from the pseudonym.

The list is filled once, when a re-keying begins, and is emptied when the re-keying ends.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.landing.pseudonyms import pseudonym
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
