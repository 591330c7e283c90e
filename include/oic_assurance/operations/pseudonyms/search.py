"""Search all tables for earlier keys that a re-keying could not replace."""

import psycopg
from psycopg import sql

from oic_assurance.operations.pseudonyms.key_changes import relations

# Each row is searched as text, so keys inside a longer text or a JSON value are also found.
_HAS_KEY = """
select exists (
    select
    from {table} as t
    cross join lateral regexp_matches(t::text, '[0-9a-f]{{32}}', 'g') as found (tokens)
    inner join identity.key_change as k on k.old_key = found.tokens[1]
)
"""


def tables_with_earlier_keys(connection: psycopg.Connection) -> list[str]:
    """Return the names of the tables that still contain an earlier key.

    Raw tables are not searched, because they hold what the sources delivered.
    """
    return [
        f"{relation.schema}.{relation.name}"
        for relation in relations(connection)
        if connection.execute(sql.SQL(_HAS_KEY).format(table=relation.identifier)).fetchone()
        == (True,)
    ]
