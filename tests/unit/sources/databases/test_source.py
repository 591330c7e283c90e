"""Sums of keys can be added and subtracted, to find out whether a source has lost rows."""

from oic_assurance.sources.databases.source import KeySum


def test_sums_of_keys_can_be_added_and_subtracted() -> None:
    assert KeySum(3, 100) + KeySum(1, 20) == KeySum(4, 120)
    assert KeySum(4, 120) + KeySum(-1, -20) == KeySum(3, 100)
