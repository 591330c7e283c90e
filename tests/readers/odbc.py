"""Connect through ODBC as a user does who has copied the documented settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.end_to_end.terminal import PROJECT

#: The settings that the documentation tells users to copy.
SAMPLE = PROJECT / "docs" / "bi" / "odbc.ini"
DENIED, READ_ONLY = "42501", "25006"
_LONDON = ZoneInfo("Europe/London")


def connect(url: str, monkeypatch: pytest.MonkeyPatch, **options: str) -> Any:
    """Connect with the sample file. `options` replace its settings."""
    monkeypatch.setenv("ODBCINI", str(SAMPLE))
    parts = conninfo_to_dict(url)
    given = {
        "DSN": "oic-assurance",
        "Servername": parts["host"],
        "Port": parts["port"],
        "Database": parts["dbname"],
        "Uid": parts["user"],
        "Pwd": parts["password"],
        # The sample asks for TLS, which the embedded server does not have.
        "SSLmode": "disable",
    } | options
    import pyodbc

    return pyodbc.connect(";".join(f"{name}={value}" for name, value in given.items()))


def refused(connection: Any, statement: str) -> str:
    """Run a statement that the server must refuse. Return the SQLSTATE of the error."""
    import pyodbc

    with pytest.raises(pyodbc.Error) as caught:
        connection.cursor().execute(statement).fetchall()
    connection.rollback()
    return str(caught.value.args[0])


def rows_of(connection: Any, text: str) -> tuple[list[str], Sequence[Any]]:
    """Run a query. Return the names of the columns, and the rows."""
    cursor = connection.cursor().execute(text)
    return [column[0] for column in cursor.description], cursor.fetchall()


def as_shown(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return rows from psycopg with each moment as the sample's settings show it."""
    return [[_local(value) for value in row] for row in rows]


def _local(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(_LONDON).replace(tzinfo=None)
    return value
