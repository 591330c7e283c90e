"""The verifier's own Ed25519, London time and words agree with a second implementation."""

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from oic_assurance.formats import moment
from oic_assurance.reporting.bundle.verify import ORDER, is_signed, london, stored


def public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@settings(max_examples=int(os.environ.get("FILE_EXAMPLES", "2")), deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_a_signature_holds_and_a_changed_bit_breaks_it(
    seed: bytes, message: bytes, bit: int
) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    signature = private.sign(message)
    assert is_signed(public(private), message, signature)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << (bit % 8)
    assert not is_signed(public(private), message, bytes(changed))
    assert not is_signed(public(private), message + b"x", signature)


def test_a_signature_of_another_key_is_refused() -> None:
    one, two = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    assert not is_signed(public(two), b"figures", one.sign(b"figures"))


def test_a_signature_cannot_be_written_in_a_second_way() -> None:
    """RFC 8032, section 5.1.7: the second half of a signature is smaller than the group order."""
    private = Ed25519PrivateKey.generate()
    signature = private.sign(b"figures")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not is_signed(
        public(private), b"figures", signature[:32] + scalar.to_bytes(32, "little")
    )


def test_the_first_vector_of_the_rfc_holds() -> None:
    """RFC 8032, section 7.1, test 1."""
    key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
        "6bd25bf5f0595bbe24655141438e7a100b"
    )
    assert is_signed(key, b"", signature)


@given(
    st.datetimes(datetime(1996, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
)
def test_london_time_is_that_of_the_time_zone_database(at: datetime) -> None:
    assert london(at) == moment(at)


def test_london_time_at_the_change_of_the_clocks() -> None:
    for changes in (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)):
        for at in (changes - timedelta(seconds=1), changes):
            assert london(at) == moment(at)


def test_a_moment_is_written_as_postgresql_writes_it() -> None:
    at = datetime(2026, 7, 9, 5, 30, tzinfo=ZoneInfo("Europe/London"))
    assert stored(at) == "2026-07-09 04:30:00+00"
    assert stored(at.replace(microsecond=120_000)) == "2026-07-09 04:30:00.12+00"
