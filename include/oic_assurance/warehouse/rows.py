"""Read one row, one value or one record from a database, and fail clearly when it is missing.

| the row | as a tuple | as one value | as a dataclass |
|---|---|---|---|
| must exist | `one_row` | `one_value` | `one_record` |
| may be missing | `find_row` | `find_value` | `find_record` |

The functions in this table run a query. `fetch_one` reads one row from a cursor that has already
executed its statement. `all_records` returns every row of a query as a dataclass, and `named_rows`
as an object with an attribute for each column.
"""

from types import SimpleNamespace
from typing import Any, TypeVar

import psycopg
from psycopg.abc import Params, QueryNoTemplate
from psycopg.rows import class_row, kwargs_row

from oic_assurance.errors import AssuranceError

Row = tuple[Any, ...]
Record = TypeVar("Record")
Session = psycopg.Connection[Row] | psycopg.Cursor[Row]

#: The default for `what`, which names the missing row in an error message. The default is enough
#: for a statement that always returns a row: an aggregate, or an insert with `returning`.
_RESULT = "result for a query that always has one"


def fetch_one(cursor: psycopg.Cursor[Row], what: str = _RESULT) -> Row:
    """Return the next row of a cursor.

    Raises:
        AssuranceError: There is no row. The message names it with `what`, such as "build 7".
    """
    return _must_exist(cursor.fetchone(), what)


def one_row(
    session: Session, query: QueryNoTemplate, params: Params | None = None, *, what: str
) -> Row:
    """Return the first row of a query that must have one.

    Raises:
        AssuranceError: There is no row. The message names it with `what`, such as "build 7".
    """
    return fetch_one(session.execute(query, params), what)


def one_value(
    session: Session, query: QueryNoTemplate, params: Params | None = None, *, what: str = _RESULT
) -> Any:
    """Return the value in the first column of a query's first row, or None if the value is null.

    Raises:
        AssuranceError: There is no row. The message names it with `what`, such as "build 7".
    """
    return one_row(session, query, params, what=what)[0]


def one_record(
    connection: psycopg.Connection[Row],
    kind: type[Record],
    query: QueryNoTemplate,
    params: Params | None = None,
    *,
    what: str,
) -> Record:
    """Return the first row of a query as a dataclass with a field for each column.

    Raises:
        AssuranceError: There is no row. The message names it with `what`, such as "build 7".
    """
    return _must_exist(find_record(connection, kind, query, params), what)


def find_row(session: Session, query: QueryNoTemplate, params: Params | None = None) -> Row | None:
    """Return the first row of a query, or None when there is none."""
    return session.execute(query, params).fetchone()


def find_value(session: Session, query: QueryNoTemplate, params: Params | None = None) -> Any:
    """Return the value in the first column of a query's first row.

    Return None when there is no row, and also when the value is null.
    """
    row = find_row(session, query, params)
    return None if row is None else row[0]


def find_record(
    connection: psycopg.Connection[Row],
    kind: type[Record],
    query: QueryNoTemplate,
    params: Params | None = None,
) -> Record | None:
    """Return the first row of a query as a dataclass with a field for each column.

    Return None when there is no row.
    """
    return connection.cursor(row_factory=class_row(kind)).execute(query, params).fetchone()


def all_records(
    connection: psycopg.Connection[Row],
    kind: type[Record],
    query: QueryNoTemplate,
    params: Params | None = None,
) -> list[Record]:
    """Return every row of a query as a dataclass with a field for each column."""
    return connection.cursor(row_factory=class_row(kind)).execute(query, params).fetchall()


def named_rows(
    connection: psycopg.Connection[Row], query: QueryNoTemplate, params: Params | None = None
) -> list[Any]:
    """Return every row of a query as an object with an attribute for each column."""
    named = connection.cursor(row_factory=kwargs_row(SimpleNamespace))
    return [*named.execute(query, params).fetchall()]


def relation_exists(session: Session, name: str) -> bool:
    """Tell whether there is a table or view called `name`. The name includes the schema."""
    return bool(one_value(session, "select to_regclass(%s) is not null", (name,)))


def _must_exist(row: Record | None, what: str) -> Record:
    if row is None:
        raise AssuranceError(f"The database has no {what}.")
    return row
