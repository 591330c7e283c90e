"""What was erased is kept out when a source says it again.

The log of erasures does not hold which records went: a keyed hash of each is enough to know one
again, and without the key in `secrets/` nobody can tell whose it is. So keys are hashed here, and
only of datasets of which something was erased.
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


def mark(secret_key: str, force_code: str, dataset: Dataset, table: Table, row_key: str) -> str:
    """Return the keyed hash by which an erased record is known again."""
    message = "\0".join((force_code, dataset.name, table.name, row_key)).encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()


class Erased:
    """The records that were erased of one dataset."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, dataset: Dataset
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._force = settings.force_code
        self._marks: dict[str, set[str]] = defaultdict(set)
        rows = connection.execute(
            """
            select e.table_name, k.key_mark
            from audit.erasure as e inner join audit.erased_key as k using (erasure_id)
            where e.force_code = %s and e.dataset = %s
            """,
            (self._force, dataset.name),
        ).fetchall()
        for table_name, key_mark in rows:
            self._marks[table_name].add(key_mark)
        self._secret = secret(settings, SECRET) if rows else ""

    def __bool__(self) -> bool:
        """Tell whether anything was erased of the dataset."""
        return bool(self._marks)

    def holds(self, table: Table, row_key: str) -> bool:
        """Tell whether a record was erased."""
        marks = self._marks.get(table.name)
        return bool(marks) and self._mark(table, row_key) in (marks or ())

    def left(self, table: Table, row_keys: Iterable[str]) -> list[str]:
        """Return the keys of the records that were not erased."""
        if table.name not in self._marks:
            return list(row_keys)
        return [key for key in row_keys if not self.holds(table, key)]

    def places(self, loader: TableLoader) -> list[int]:
        """Return the places of the checked rows that were erased, in the loader's transaction."""
        if loader.table.name not in self._marks:
            return []
        query = SQL("select row_number, row_key from {} where row_key is not null").format(
            checks.checked(loader.table)
        )
        with self._connection.cursor(CURSOR) as cursor:
            cursor.itersize = 20_000
            cursor.execute(query)
            return sorted(place for place, key in cursor if self.holds(loader.table, key))

    def _mark(self, table: Table, row_key: str) -> str:
        return mark(self._secret, self._force, self._dataset, table, row_key)


def log_kept_out(
    connection: psycopg.Connection,
    batch_id: int,
    sha256: tuple[str | None, str | None],
    places: Mapping[str, list[int]],
) -> None:
    """Enter that a delivery was kept without what had been erased: SHA-256 before and after."""
    connection.execute(
        """
        insert into audit.batch_erasure
            (batch_id, sha256_before, sha256_after, places, raw_rows, rejected_rows)
        values (%s, %s, %s, %s, 0, 0)
        """,
        (batch_id, *sha256, Jsonb(dict(places))),
    )
