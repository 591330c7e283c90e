"""The hash of an erased key is always the same for a record, and depends on the secret."""

import hashlib
import hmac

from oic_assurance.landing.erased_keys import hash_key
from oic_assurance.sources.declarations.load import dataset


def test_a_hash_is_the_keyed_hash_of_force_dataset_table_and_key() -> None:
    people = dataset("hr/personnel")
    message = b"E23000001\0hr/personnel\0personnel\x00000001"
    expected = hmac.new(b"secret", message, hashlib.sha256).hexdigest()
    assert hash_key(["secret"], "E23000001", people, people.tables[0], "000001") == expected


def test_hashes_differ_by_secret_force_table_and_key() -> None:
    hydra = dataset("hydra/attendance")
    seen = {
        hash_key([secret], force, hydra, table, key)
        for secret in ("a", "b")
        for force in ("E23000001", "E23000002")
        for table in hydra.tables
        for key in ("S1", "S2")
    }
    assert len(seen) == 16


def test_a_further_layer_hashes_the_hash_with_another_secret() -> None:
    people = dataset("hr/personnel")
    key = ("E23000001", people, people.tables[0], "000001")
    first = hash_key(["one"], *key)
    second = hmac.new(b"two", first.encode(), hashlib.sha256).hexdigest()
    assert hash_key(["one", "two"], *key) == second
    assert hash_key(["two", "one"], *key) != second
