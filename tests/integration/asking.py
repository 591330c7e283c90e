"""Run one statement in a warehouse, as its administrator or as one of its logins."""

from typing import Any

import psycopg
from psycopg import sql

from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import SUPERUSER
from oic_assurance.warehouse.connections import connect, url
from tests.databases import administrator


def ask(
    settings: Settings,
    statement: str | sql.Composed,
    *values: object,
    login: str | None = SUPERUSER,
) -> list[tuple[Any, ...]]:
    """Run a statement, commit it, and return its rows. A statement without rows gives none.

    Without a login, the statement is run as the owner of the warehouse.
    """
    with _session(settings, login) as session:
        text = statement.encode() if isinstance(statement, str) else statement
        cursor = session.execute(text, values or None)
        return cursor.fetchall() if cursor.description else []


def _session(settings: Settings, login: str | None) -> psycopg.Connection:
    if login == SUPERUSER:
        return administrator(settings)
    if login == "bi_reader":
        return psycopg.connect(url(settings, "bi"))
    return connect(settings, role=login)
