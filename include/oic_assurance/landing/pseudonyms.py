"""Pseudonyms of officers: keyed hashes that stand for employee and collar numbers in the marts."""

import hashlib
import hmac

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.secrets import secret

SECRET = "pseudonym_key"  # noqa: S105 - its name
DIGITS = 32


def pseudonym(key: str, kind: str, identifier: str) -> str:
    """Return the pseudonym of an employee or collar number as 32 hexadecimal digits.

    `kind` is `employee_no` or `collar_no`. Without the secret key, nobody can find the number from
    the pseudonym.
    """
    message = f"{kind}:{identifier}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:DIGITS]


def assign_pseudonyms(settings: Settings) -> int:
    """Give each employee and collar number in raw a pseudonym, unless it has one.

    Return how many pseudonyms are new.
    """
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
            ).format(identifiers_query(connection)),
            {"force": settings.force_code},
        ).fetchall()
        rows = [
            (settings.force_code, kind, number, pseudonym(key, kind, number))
            for kind, number in new
        ]
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


def identifiers_query(connection: psycopg.Connection) -> Composed:
    """Write the query for the kind and value of every officer's number in the existing raw tables.

    The query has the parameter `force`, the force code.
    """
    parts: list[Composable] = [SQL("select null::text as kind, null::text as identifier")]
    for dataset in datasets().values():
        for table in dataset.tables:
            if not raw_table_exists(connection, dataset, table):
                continue
            parts += [
                SQL("select {}, {} from {} where force_code = %(force)s").format(
                    column.identifies, Identifier(column.name), raw_name(dataset, table)
                )
                for column in table.columns
                if column.identifies
            ]
    return SQL(" union ").join(parts)
