"""The views and functions through which limited readers read a mart.

A limited reader (a supervisor, the Commissioner's office) has no right on a mart, because the
execution plan of a statement reveals something about rows that the statement does not return. For
each mart that such a reader may see, schema `limited` has a view with the name and columns of the
mart. The view calls a function, which runs with the rights of a role that may only read the marts.
The function returns the rows of the current publication. From a mart of records, the function
returns only the rows of the login's own units. So a plan shows one function scan, always with the
same estimate. A reader's own conditions are applied only to rows that the function has returned.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from oic_assurance.publishing.catalogue import Table
from oic_assurance.publishing.schemas import KEY
from oic_assurance.warehouse.roles import AUDIENCE

#: The schema of the views and functions.
LIMITED = "limited"

# Readers choose the settings of their sessions. These settings must not change what a function
# returns, and must not reveal how the function finds its rows: the server can send the plan of each
# statement, even of those inside a function, to the client as a message. Nor must the time that
# the server needs for a plan depend on rows of others, so a session makes one plan and keeps it.
_SETTINGS = """
set search_path = pg_catalog, pg_temp
set client_min_messages = error
set debug_print_parse = off
set debug_print_rewritten = off
set debug_print_plan = off
set row_security = on
set plan_cache_mode = force_generic_plan
"""
# Each column is named, so that a statement in which a function waits, while its mart gets a column,
# returns the columns with which it began.
# The function uses the index on the unit, so it reads only the rows of the reader's own units. Its
# running time and the pages that `explain (analyze, buffers)` counts therefore do not depend on the
# rows of other units, except through the depth of the index and the pages that rows share.
_BY_UNIT = """
declare
    own text[] := limited.own_units();
    forces text[] := array(select split_part(name, '_', 1) from unnest(own) as unit (name));
    units text[] := array(
        select substr(name, strpos(name, '_') + 1) from unnest(own) as unit (name)
    );
begin
    return query
    select {columns}
    from {mart} as mart
    where mart.{key} = (select p.{key} from marts.publication as p where p.is_current)
        and mart.force_code = any (forces)
        and mart.{unit} = any (units)
        and mart.force_code || '_' || mart.{unit} = any (own);
end
"""
_WHOLE = """
begin
    return query
    select {columns}
    from {mart} as mart
    where mart.{key} = (select p.{key} from marts.publication as p where p.is_current);
end
"""
_EVERY_PUBLICATION = """
begin
    return query select {columns} from {mart} as mart;
end
"""
_FUNCTION = """
create or replace function {function}() returns setof {mart}
language plpgsql stable security definer rows 1000
{settings}
as {body}
"""

_EXISTING = """
select
    c.relname, obj_description(p.oid, 'pg_proc'), pg_get_userbyid(p.proowner),
    pg_get_userbyid(c.relowner),
    (
        select count(*) from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    array(
        select grantee.rolname::text
        from aclexplode(c.relacl) as granted
        inner join pg_catalog.pg_roles as grantee on granted.grantee = grantee.oid
        where granted.privilege_type = 'SELECT' and granted.grantee <> c.relowner
        order by 1
    )
from pg_catalog.pg_class as c
left join pg_catalog.pg_proc as p
    on p.pronamespace = c.relnamespace and p.proname = 'read_' || c.relname
where c.relnamespace = %s::regnamespace and c.relkind = 'v'
"""


@dataclass(frozen=True)
class View:
    """A view in schema `limited`, as it exists on the server.

    `fingerprint` is the fingerprint of the definition, stored in the comment on the view's
    function. `readers` are the roles that may read the view.
    """

    fingerprint: str | None
    owners: frozenset[str]
    columns: int
    readers: frozenset[str]


def read_views(conn: psycopg.Connection) -> dict[str, View]:
    """Return the views in schema `limited`, keyed by the name of the mart."""
    return {
        name: View(
            fingerprint, frozenset({function_owner, view_owner}), columns, frozenset(readers)
        )
        for name, fingerprint, function_owner, view_owner, columns, readers in conn.execute(
            _EXISTING, (LIMITED,)
        ).fetchall()
    }


def view_statements(
    conn: psycopg.Connection,
    mart: Table,
    existing: View | None,
    function: sql.Composed,
    readers: frozenset[str],
) -> Iterator[sql.Composed]:
    """Return the statements that give a mart the view and the function that it should have.

    Returns no statements if the mart already has both. `function` is from `function_statement`.
    `readers` are the roles that may read the view. To change a view, the session must wait for its
    readers. So the view is changed only if the mart has a column that the view lacks.
    """
    fingerprint = _fingerprint(conn, function, mart, readers)
    wanted = View(fingerprint, frozenset({AUDIENCE}), len(mart.columns), readers)
    if existing == wanted:
        return
    name, view = sql.Identifier(LIMITED, f"read_{mart.name}"), sql.Identifier(LIMITED, mart.name)
    owner = sql.Identifier(AUDIENCE)
    yield sql.SQL("grant select on {} to {}").format(mart.place_identifier, owner)
    yield function
    yield sql.SQL("revoke all on function {}() from public").format(name)
    yield sql.SQL("alter function {}() owner to {}").format(name, owner)
    if existing is None or existing.columns != len(mart.columns):
        yield sql.SQL("create or replace view {} as select * from {}()").format(view, name)
    if existing is None or AUDIENCE not in existing.owners or len(existing.owners) > 1:
        yield sql.SQL("alter view {} owner to {}").format(view, owner)
    yield from _comments(mart, view)
    for role in sorted((existing.readers if existing else frozenset()) - readers):
        gone = sql.Identifier(role)
        yield sql.SQL("revoke select on {} from {}").format(view, gone)
        yield sql.SQL("revoke execute on function {}() from {}").format(name, gone)
    roles = sql.SQL(", ").join(map(sql.Identifier, sorted(readers)))
    yield sql.SQL("grant select on {} to {}").format(view, roles)
    yield sql.SQL("grant execute on function {}() to {}").format(name, roles)
    yield sql.SQL("comment on function {}() is {}").format(name, sql.Literal(fingerprint))


def function_statement(mart: Table, *, unit: str | None, of_all_publications: bool) -> sql.Composed:
    """Return the statement that makes the function of a mart, or replaces its body.

    `unit` is the column with the unit of each row. Without `unit`, the function returns every row
    of the current publication. With `of_all_publications`, it returns every row of every
    publication.
    """
    whole: LiteralString = _EVERY_PUBLICATION if of_all_publications else _WHOLE
    columns = [sql.Identifier("mart", column.name) for column in mart.columns]
    names: dict[str, sql.Composable] = {
        "columns": sql.SQL(", ").join(columns),
        "mart": mart.place_identifier,
        "key": sql.Identifier(KEY),
        "unit": sql.Identifier(unit or KEY),
    }
    settings = _SETTINGS + ("" if unit is None else "set enable_seqscan = off\n")
    body = sql.SQL(whole if unit is None else _BY_UNIT).format(**names)
    return sql.SQL(_FUNCTION).format(
        function=sql.Identifier(LIMITED, f"read_{mart.name}"),
        mart=mart.place_identifier,
        settings=sql.SQL(settings),
        body=sql.Literal(body.as_string(None)),
    )


def _comments(mart: Table, view: sql.Identifier) -> Iterator[sql.Composed]:
    yield sql.SQL("comment on view {} is {}").format(view, sql.Literal(mart.comment))
    for column in mart.columns:
        if column.comment is not None:
            yield sql.SQL("comment on column {} is {}").format(
                sql.Identifier(LIMITED, mart.name, column.name), sql.Literal(column.comment)
            )


def _fingerprint(
    conn: psycopg.Connection, function: sql.Composed, mart: Table, readers: frozenset[str]
) -> str:
    parts = [function.as_string(conn), mart.comment or "", *sorted(readers)]
    parts += [f"{column.name} {column.type} {column.comment}" for column in mart.columns]
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()
