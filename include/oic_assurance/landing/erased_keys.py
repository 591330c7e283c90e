"""Erased records stay erased when a source delivers them again.

The log of erasures holds no record keys. It holds a keyed hash of each key. With the hash, landing
recognises the record when it is delivered again. But nobody can find out the key from the hash
without the secret in `secrets/`. Hashing takes time, so keys are hashed only for datasets that have
erased records.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping

import psycopg
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from oic_assurance.landing import checks
from oic_assurance.landing.load import TableLoader
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.secrets import secret

SECRET = "erasure_key"  # noqa: S105 - its name
CURSOR = "erased_keys"


def hash_key(secret_key: str, force_code: str, dataset: Dataset, table: Table, row_key: str) -> str:
    """Return the keyed hash by which an erased record is recognised, as 64 hexadecimal digits."""
    message = "\0".join((force_code, dataset.name, table.name, row_key)).encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()


class ErasedKeys:
    """The erased records of one dataset."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, dataset: Dataset
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._force = settings.force_code
        self._hashes: dict[str, set[str]] = defaultdict(set)
        rows = connection.execute(
            """
            select e.table_name, k.key_mark
            from audit.erasure as e inner join audit.erased_key as k using (erasure_id)
            where e.force_code = %s and e.dataset = %s
            """,
            (self._force, dataset.name),
        ).fetchall()
        for table_name, key_hash in rows:
            self._hashes[table_name].add(key_hash)
        self._secret = secret(settings, SECRET) if rows else ""

    def __bool__(self) -> bool:
        """Tell whether any record of the dataset was erased."""
        return bool(self._hashes)

    def contains(self, table: Table, row_key: str) -> bool:
        """Tell whether a record was erased."""
        hashes = self._hashes.get(table.name)
        return hashes is not None and self._hash(table, row_key) in hashes

    def without_erased(self, table: Table, row_keys: Iterable[str]) -> list[str]:
        """Return the keys whose records were not erased, in the given order."""
        if table.name not in self._hashes:
            return list(row_keys)
        return [key for key in row_keys if not self.contains(table, key)]

    def find_places(self, loader: TableLoader) -> list[int]:
        """Return the row numbers of the checked rows whose records were erased, sorted.

        Call this before the loader's transaction ends, because the checked rows end with it.
        """
        if loader.table.name not in self._hashes:
            return []
        query = SQL("select row_number, row_key from {} where row_key is not null").format(
            checks.checked(loader.table)
        )
        with self._connection.cursor(CURSOR) as cursor:
            cursor.itersize = 20_000
            cursor.execute(query)
            return sorted(place for place, key in cursor if self.contains(loader.table, key))

    def _hash(self, table: Table, row_key: str) -> str:
        return hash_key(self._secret, self._force, self._dataset, table, row_key)


def record_removed_rows(
    connection: psycopg.Connection,
    batch_id: int,
    sha256: tuple[str | None, str | None],
    places: Mapping[str, list[int]],
) -> None:
    """Record that a delivery was archived without the rows of erased records.

    `sha256` has two hashes: of the content as it was delivered, and as it was archived. `places`
    has the row numbers of the removed rows, by table.
    """
    connection.execute(
        """
        insert into audit.batch_erasure
            (batch_id, sha256_before, sha256_after, places, raw_rows, rejected_rows)
        values (%s, %s, %s, %s, 0, 0)
        """,
        (batch_id, *sha256, Jsonb(dict(places))),
    )
