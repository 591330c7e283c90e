"""Keep erased records erased when a source delivers them again.

The log of erasures contains a keyed hash of each erased record's key, but not the key. With the
hash, landing recognises the record when it is delivered again. But nobody can find out the key from
the hash without the secret in `secrets/`. Hashing takes time, so keys are hashed only for datasets
that have erased records.

A record that was erased because its marking rose is different. While its marking is too high, it is
not extracted at all. If its marking is lowered, it is landed again.

A hash cannot be computed again with another secret, because the key is no longer known. So if the
secret must be replaced, each hash is hashed once more with a further secret, which adds a layer.
To find out whether a key was erased, the secrets of all layers are needed: `erasure_key`,
`erasure_key_2` and so on. So somebody who knows only the earlier secrets can no longer find it out.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, takewhile

import psycopg
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from oic_assurance.errors import AssuranceError
from oic_assurance.landing import checks
from oic_assurance.landing.load import TableLoader
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.rows import one_value
from oic_assurance.warehouse.secrets import find_secret, secret, variable_name

SECRET = "erasure_key"  # noqa: S105 - its name
CURSOR = "erased_keys"


def hash_key(
    secret_keys: Sequence[str], force_code: str, dataset: Dataset, table: Table, row_key: str
) -> str:
    """Return the keyed hash by which an erased record is recognised, as 64 hexadecimal digits.

    `secret_keys` contains the secret of each layer.
    """
    *_, last = _layers_of(secret_keys, force_code, dataset, table, row_key)
    return last


def name_in_log(column: str, value: str) -> str:
    """Return what stands for the key of an erased record that is named by another column.

    Rules and readers name a referral by its reference, and its source by a number.
    """
    return f"{column}={value}"


def hashes_of(
    settings: Settings,
    connection: psycopg.Connection,
    dataset: Dataset,
    table: Table,
    row_keys: Iterable[str],
) -> list[str]:
    """Return the hashes that records may have in the log of erasures: one for each layer and key.

    The list is empty if nothing has been erased yet.

    Raises:
        AssuranceError: The secret of the second or a later layer is missing.
    """
    if find_secret(settings, SECRET) is None:
        return []
    keys = layer_secrets(settings, read_layers(connection))
    return [
        made
        for row_key in row_keys
        for made in _layers_of(keys, settings.force_code, dataset, table, row_key)
    ]


def read_layers(connection: psycopg.Connection) -> int:
    """Return how many layers a new hash has."""
    layers: int = one_value(connection, "select coalesce(max(layers), 1) from audit.erasure_layer")
    return layers


def layer_secrets(settings: Settings, layers: int) -> list[str]:
    """Return the secret of each layer. The first secret is generated if it does not exist yet.

    Raises:
        AssuranceError: The secret of the second or a later layer is missing.
    """
    found = [secret(settings, SECRET)]
    for layer in range(2, layers + 1):
        key = find_secret(settings, layer_name(layer))
        if key is None:
            raise AssuranceError(
                f"The secret {layer_name(layer)} is missing: restore it to {settings.secrets_dir} "
                f"from a back-up, or give it in {variable_name(layer_name(layer))}. Without it, "
                "erased records are not recognised."
            )
        found.append(key)
    return found


def layer_name(layer: int) -> str:
    """Return the name of the secret of a layer."""
    return SECRET if layer == 1 else f"{SECRET}_{layer}"


def layers_here(settings: Settings) -> list[str]:
    """Return the names of the secrets of layers that this host has, from the first one on."""
    return [*takewhile(lambda name: find_secret(settings, name), map(layer_name, count(1)))]


def add_layer(settings: Settings, connection: psycopg.Connection) -> int:
    """Add a layer to the hashes of all erased records, in the transaction of `connection`.

    The secret of the new layer is generated, unless an environment variable contains it. Returns
    the number of layers.

    Raises:
        AssuranceError: The secret of an earlier layer is missing.
    """
    layers = read_layers(connection) + 1
    secret(settings, layer_name(layers))
    secrets_of_layers = layer_secrets(settings, layers)
    rows = connection.execute(
        "select erasure_id, key_mark, layers from audit.erased_key where layers < %s", (layers,)
    ).fetchall()
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            update audit.erased_key set key_mark = %s, layers = %s
            where erasure_id = %s and key_mark = %s
            """,
            [
                (_wrapped(mark, secrets_of_layers[had:]), layers, erasure_id, mark)
                for erasure_id, mark, had in rows
            ],
        )
    connection.execute("insert into audit.erasure_layer (layers) values (%s)", (layers,))
    return layers


class ErasedKeys:
    """The erased records of one dataset."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, dataset: Dataset
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._force = settings.force_code
        self._hashes: dict[str, set[tuple[int, str]]] = defaultdict(set)
        rows = connection.execute(
            """
            select e.table_name, k.layers, k.key_mark
            from audit.erasure as e inner join audit.erased_key as k using (erasure_id)
            where e.force_code = %s and e.dataset = %s and e.kind <> 'marking'
            """,
            (self._force, dataset.name),
        ).fetchall()
        for table_name, layers, key_hash in rows:
            self._hashes[table_name].add((layers, key_hash))
        most = max((layers for _, layers, _ in rows), default=0)
        self._secrets = layer_secrets(settings, most) if rows else []

    def __bool__(self) -> bool:
        """Tell whether any record of the dataset was erased."""
        return bool(self._hashes)

    def contains(self, table: Table, row_key: str) -> bool:
        """Tell whether a record was erased."""
        hashes = self._hashes.get(table.name)
        if hashes is None:
            return False
        made = _layers_of(self._secrets, self._force, self._dataset, table, row_key)
        return any(layer in hashes for layer in enumerate(made, start=1))

    def without_erased(self, table: Table, row_keys: Iterable[str]) -> list[str]:
        """Return the keys whose records were not erased, in the given order."""
        if table.name not in self._hashes:
            return list(row_keys)
        return [key for key in row_keys if not self.contains(table, key)]

    def find_places(self, loader: TableLoader) -> list[int]:
        """Return the row numbers of the checked rows whose records were erased, sorted.

        Call this before the loader's transaction ends, because its end deletes the checked rows.
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


def record_removed_rows(
    connection: psycopg.Connection,
    batch_id: int,
    sha256: tuple[str | None, str | None],
    places: Mapping[str, list[int]],
    *,
    in_normal_form: bool = False,
) -> None:
    """Record that a delivery was archived without the rows of erased records.

    `sha256` contains two hashes: of the delivered content, and of the archived content. `places`
    maps the name of each table to the row numbers of its removed rows. `in_normal_form` says that a
    file was archived as its remaining rows.
    """
    connection.execute(
        """
        insert into audit.batch_erasure
            (batch_id, sha256_before, sha256_after, places, raw_rows, rejected_rows, in_normal_form)
        values (%s, %s, %s, %s, 0, 0, %s)
        """,
        (batch_id, *sha256, Jsonb(dict(places)), in_normal_form),
    )


def _layers_of(
    secret_keys: Sequence[str], force_code: str, dataset: Dataset, table: Table, row_key: str
) -> Iterator[str]:
    """Yield the hash of a key after each layer."""
    hashed = "\0".join((force_code, dataset.name, table.name, row_key))
    for key in secret_keys:
        hashed = _keyed_hash(key, hashed)
        yield hashed


def _wrapped(mark: str, secret_keys: Sequence[str]) -> str:
    for key in secret_keys:
        mark = _keyed_hash(key, mark)
    return mark


def _keyed_hash(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
