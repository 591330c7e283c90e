"""The rows of relations, for a comparison between engines."""

from collections import Counter
from decimal import Decimal
from typing import Any

from psycopg import sql

from oic_assurance.settings import Settings
from tests.databases import administrator

#: The relations in a prefix's schemas: for each, its columns and how often it has each row.
Relations = dict[tuple[str, str], tuple[list[str], Counter[tuple[Any, ...]]]]

#: The number of the build that computed the relations, which no two builds share.
_OWN = ("staging_general", "stg_audit__build", "build_id")


def relations_of(settings: Settings, prefix: str) -> Relations:
    """Return all tables and views of the schemas whose names begin with a prefix."""
    found: Relations = {}
    with administrator(settings) as connection:
        places = connection.execute(
            """
            select table_schema, table_name, array_agg(column_name::text order by column_name)
            from information_schema.columns
            where starts_with(table_schema, %s)
            group by table_schema, table_name
            """,
            (prefix,),
        ).fetchall()
        for schema, name, all_columns in places:
            place = schema.removeprefix(prefix), name
            columns = [column for column in all_columns if (*place, column) != _OWN]
            query = sql.SQL("select {} from {}").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, name)
            )
            rows = Counter(tuple(map(_as_printed, row)) for row in connection.execute(query))
            found[place] = columns, rows
    return found


def _as_printed(value: Any) -> Any:
    """Return a decimal with its zeros at the end, which Python's comparison would ignore."""
    return str(value) if isinstance(value, Decimal) else value


def differences(one: Relations, other: Relations) -> list[str]:
    """Return the relations that differ, each with the values in which two rows differ.

    Values are compared exactly: a double to its last bit.
    """
    told = [f"{'.'.join(place)} is missing" for place in sorted(one.keys() ^ other.keys())]
    for place in sorted(one.keys() & other.keys()):
        (columns, rows), (other_columns, other_rows) = one[place], other[place]
        if columns != other_columns:
            told.append(f"{'.'.join(place)}: columns {set(columns) ^ set(other_columns)}")
        elif rows != other_rows:
            first = min((rows - other_rows).elements(), key=repr, default=())
            second = min((other_rows - rows).elements(), key=repr, default=())
            values = zip(columns, first or columns, second or columns, strict=True)
            differing = [f"{name}: {a!r} or {b!r}" for name, a, b in values if a != b]
            told.append(f"{'.'.join(place)}: {'; '.join(differing)}")
    return told
