"""Test when the stored sum of keys is used again, and when a source counts as unchanged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from oic_assurance.landing.source_state import RELIED_ON_FOR, SourceState
from oic_assurance.sources.databases.change_counts import ChangeCounts
from oic_assurance.sources.databases.source import KeySum, SourceDigest
from oic_assurance.sources.declarations.load import dataset

CUSTODY = dataset("rms/custody_record")
THEN = datetime(2026, 1, 5, tzinfo=UTC)
KEYS = KeySum(3, 42)
COUNTS = ChangeCounts("table 1", 10, 5, 2, THEN)
STATE = SourceState(THEN, KEYS, "window", CUSTODY.fingerprint, THEN, COUNTS)
DIGEST = SourceDigest(KEYS, THEN, "window", THEN)


def test_continued_counts_replace_the_sum() -> None:
    assert STATE.trusted_keys(replace(COUNTS, inserted=11), CUSTODY) == KEYS


def test_counts_that_are_missing_or_were_reset_do_not() -> None:
    assert STATE.trusted_keys(None, CUSTODY) is None
    assert STATE.trusted_keys(replace(COUNTS, identity="table 2"), CUSTODY) is None
    assert replace(STATE, change_counts=None).trusted_keys(COUNTS, CUSTODY) is None


def test_an_old_sum_or_none_is_not_trusted() -> None:
    late = replace(COUNTS, at=THEN + RELIED_ON_FOR)
    assert STATE.trusted_keys(replace(late, at=late.at - timedelta(seconds=1)), CUSTODY) == KEYS
    assert STATE.trusted_keys(late, CUSTODY) is None
    assert replace(STATE, reconciled_at=None).trusted_keys(COUNTS, CUSTODY) is None


def test_a_sum_under_another_declaration_is_not_trusted() -> None:
    assert replace(STATE, declaration="another").trusted_keys(COUNTS, CUSTODY) is None


def test_a_source_is_unchanged_if_keys_window_and_declaration_are_the_same() -> None:
    assert STATE.matches(DIGEST, CUSTODY)
    assert not STATE.matches(replace(DIGEST, keys=KeySum(3, 43)), CUSTODY)
    assert not STATE.matches(replace(DIGEST, window="another"), CUSTODY)
    assert not replace(STATE, declaration="another").matches(DIGEST, CUSTODY)
