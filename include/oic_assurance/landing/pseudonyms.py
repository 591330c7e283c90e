"""Keyed pseudonyms: officers appear downstream under these and never by a number of their own."""

import hashlib
import hmac

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.secrets import secret

SECRET = "pseudonym_key"  # noqa: S105 - its name
LETTERS = 32


def pseudonym(key: str, kind: str, identifier: str) -> str:
    """Return the pseudonym of a number: without the key nobody can tell whose it is."""
    message = f"{kind}:{identifier}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:LETTERS]


def assign_pseudonyms(settings: Settings) -> int:
    """Give each employee and collar number in raw that has none its pseudonym; returns how many."""
    key = secret(settings, SECRET)
    with connect(settings, role="oic_landing") as connection:
        new = connection.execute(
            SQL(
                """
                select distinct seen.kind, seen.identifier
                from ({}) as seen
                where
                    seen.identifier is not null
                    and not exists (
                        select from identity.pseudonym as p
                        where
                            p.force_code = %(force)s and p.kind = seen.kind
                            and p.identifier = seen.identifier
                    )
                """
            ).format(seen_numbers(connection)),
            {"force": settings.force_code},
        ).fetchall()
        rows = [(settings.force_code, kind, one, pseudonym(key, kind, one)) for kind, one in new]
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into identity.pseudonym (force_code, kind, identifier, officer_key)
                values (%s, %s, %s, %s)
                on conflict (force_code, kind, identifier) do nothing
                """,
                rows,
            )
    return len(rows)


def seen_numbers(connection: psycopg.Connection) -> Composed:
    """Write the query for every number in the raw tables that are there; asks for `force`."""
    parts: list[Composable] = [SQL("select null::text as kind, null::text as identifier")]
    for dataset in datasets().values():
        for table in dataset.tables:
            found = connection.execute(
                "select to_regclass(%s)", (f"{dataset.raw_schema}.{table.name}",)
            ).fetchone()
            if found == (None,):
                continue
            parts += [
                SQL("select {}, {} from {} where force_code = %(force)s").format(
                    column.identifies, Identifier(column.name), raw_name(dataset, table)
                )
                for column in table.columns
                if column.identifies
            ]
    return SQL(" union ").join(parts)
