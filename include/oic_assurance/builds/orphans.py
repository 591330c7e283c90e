"""Drop the tables and views of models that the dbt project no longer has.

Such tables hold personal data. No run replaces them, so erased records would stay in them.
"""

from psycopg import sql

from oic_assurance.builds.dbt import relations_of_project
from oic_assurance.builds.record import ROLE, Build
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect


def drop_orphans(settings: Settings, build: Build) -> list[str]:
    """Drop every table or view in dbt's schemas that no model or seed writes.

    Drops only tables and views that belong to the role that runs dbt. Returns their names.
    """
    written = relations_of_project(settings, build.purpose)
    with connect(settings, role=ROLE) as warehouse:
        found = warehouse.execute(
            """
            select n.nspname, c.relname, c.relkind
            from pg_catalog.pg_class as c
            inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
            where n.nspname = any(%s) and c.relkind in ('r', 'v')
                and pg_has_role(c.relowner, 'USAGE')
            order by 1, 2
            """,
            (sorted({schema for schema, _ in written}),),
        ).fetchall()
        orphans = [row for row in found if (row[0], row[1]) not in written]
        for schema, name, kind in orphans:
            # `cascade` may already have dropped this view together with an earlier table.
            statement = "drop view if exists {} cascade"
            if kind == "r":
                statement = "drop table if exists {} cascade"
            warehouse.execute(sql.SQL(statement).format(sql.Identifier(schema, name)))
    return [f"{schema}.{name}" for schema, name, _ in orphans]
