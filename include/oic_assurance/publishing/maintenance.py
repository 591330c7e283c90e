"""Maintenance after a publication.

Readers already see the publication, so a failure here must not fail the run.
"""

from datetime import timedelta

from psycopg import sql

from oic_assurance.publishing.catalogue import read_tables
from oic_assurance.publishing.generations import read_parts
from oic_assurance.publishing.publication import ROLE, find_current
from oic_assurance.publishing.retention import Retention, detach_old
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

#: How often a table is analysed. The values in a published table, over all generations, hardly
#: change from day to day.
EVERY = timedelta(days=7)


def tidy(settings: Settings) -> Retention:
    """Refresh the planner's statistics, and detach and drop old generations.

    Returns which generations were detached, which were dropped, and why steps were put off, if any.
    """
    refresh_statistics(settings)
    return detach_old(settings)


def refresh_statistics(settings: Settings) -> None:
    """Analyse the current generation's tables and the published tables, each once a week.

    dbt analyses each table that it builds, so a new generation is analysed already. The server
    never analyses the published tables by itself, because they are partitioned.
    """
    with connect(settings, role=ROLE, autocommit=True) as conn:
        current = find_current(conn)
        fresh = {
            (schema, name)
            for schema, name in conn.execute(
                """
                select schemaname, relname
                from pg_catalog.pg_stat_user_tables
                where last_analyze > now() - %s
                """,
                (EVERY,),
            ).fetchall()
        }
        tables = [
            ((GENERATION, part.name), part.identifier)
            for part in read_parts(conn)
            if current is not None and part.publication_id == current.publication_id
        ]
        tables += [
            ((table.schema, table.name), table.place_identifier)
            for schema in PUBLISHED_SCHEMAS
            for table in read_tables(conn, schema.parents).values()
        ]
        for place, identifier in tables:
            if place not in fresh:
                conn.execute(sql.SQL("analyze {}").format(identifier))
