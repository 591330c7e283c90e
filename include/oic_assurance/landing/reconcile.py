"""Reconciliation: compare the keys of a source with raw, to find vanished and missed records.

Reconciliation reads only the keys and cursor values of the source. It runs only if the digest of
the keys in the source has changed in a way that the extracted rows do not explain.
"""

from datetime import datetime

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from oic_assurance.landing import checks
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.sources.databases.source import Source
from oic_assurance.sources.declarations.model import Dataset


class Reconciliation:
    """Compares the keys of a source table with the latest versions in raw."""

    def __init__(self, connection: psycopg.Connection, dataset: Dataset, force_code: str) -> None:
        self._connection = connection
        self._table = dataset.tables[0]
        self._key = self._table.key[0]
        self._cursor = dataset.database.cursor
        self._raw = raw_name(dataset, self._table)
        self._keys = Identifier("pg_temp", f"keys_{self._table.name}")
        self._force = Literal(force_code)
        connection.execute(
            SQL(
                "create temporary table {} (row_key text, cursor_at timestamptz)"
                " on commit delete rows"
            ).format(Identifier(f"keys_{self._table.name}"))
        )

    def read_keys(self, source: Source) -> None:
        """Copy the key and cursor value of every source row into a temporary table."""
        statement = SQL("copy {} (row_key, cursor_at) from stdin (format {})").format(
            self._keys, SQL(source.copy_format)
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for chunk in source.stream(source.all_keys()):
                copy.write(chunk)
        self._connection.execute(SQL("analyze {}").format(self._keys))

    def missed(self, refused: list[str]) -> list[str]:
        """Return the keys of source rows that the cursor has missed.

        In raw, such a row has no version, or its latest version is a tombstone or has another
        cursor value. Staged rows are left out, because this landing is about to load them.
        `refused` contains the keys of rows with a refused protective marking, which are left out
        too.
        """
        cursor = self._connection.execute(
            SQL(
                """
                select k.row_key
                from {keys} as k
                left join {latest} as s on k.row_key = s.row_key
                where
                    (s.row_key is null or s.is_tombstone or s.{cursor} is distinct from k.cursor_at)
                    and not exists (
                        select from {stage} as g where g.{key}::text = k.row_key
                    )
                    and k.row_key <> all(%s)
                """
            ).format(
                keys=self._keys,
                latest=self._latest(),
                cursor=Identifier(self._cursor),
                stage=checks.stage(self._table),
                key=Identifier(self._key),
            ),
            (refused,),
        )
        return [key for (key,) in cursor.fetchall()]

    def listed(self, keys: list[str]) -> list[str]:
        """Return those of `keys` that the source lists."""
        cursor = self._connection.execute(
            SQL("select distinct row_key from {} where row_key = any(%s)").format(self._keys),
            (keys,),
        )
        return [key for (key,) in cursor.fetchall()]

    def vanished(self) -> list[str]:
        """Return the keys that exist in raw but no longer in the source."""
        cursor = self._connection.execute(
            SQL(
                """
                select s.row_key
                from {latest} as s
                where
                    not s.is_tombstone
                    and not exists (select from {keys} as k where k.row_key = s.row_key)
                order by 1
                """
            ).format(latest=self._latest(), keys=self._keys)
        )
        return [key for (key,) in cursor.fetchall()]

    def insert_tombstones(self, batch_id: int, keys: list[str], snapshot_at: datetime) -> int:
        """Insert a tombstone for each vanished key, valid from the moment of the snapshot.

        Return the number of tombstones.
        """
        return self._connection.execute(
            SQL(
                """
                insert into {raw} (
                    {key}, force_code, batch_id, row_number, row_key, version_at, landed_at,
                    row_fingerprint, is_tombstone
                )
                select
                    s.{key}, {force}, %(batch)s, v.place, s.row_key,
                    greatest(s.version_at, %(at)s), now(), null, true
                from unnest(%(keys)s::text[]) with ordinality as v (row_key, place)
                inner join lateral (
                    select r.* from {raw} as r
                    where r.force_code = {force} and r.row_key = v.row_key
                    order by r.version_at desc, r.batch_id desc
                    limit 1
                ) as s on true
                """
            ).format(raw=self._raw, key=Identifier(self._key), force=self._force),
            {"batch": batch_id, "keys": keys, "at": snapshot_at},
        ).rowcount

    def _latest(self) -> Composed:
        return SQL(
            """
            (
                select distinct on (r.row_key) r.row_key, r.is_tombstone, r.{cursor}
                from {raw} as r
                where r.force_code = {force}
                order by r.row_key, r.version_at desc, r.batch_id desc
            )
            """
        ).format(raw=self._raw, cursor=Identifier(self._cursor), force=self._force)
