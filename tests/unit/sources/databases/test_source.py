"""The sum of a table's keys is computed from an earlier sum and the rows added or removed."""

from oic_assurance.sources.databases.source import KeySum


def test_sums_of_keys_can_be_added_and_subtracted() -> None:
    assert KeySum(3, 100) + KeySum(1, 20) == KeySum(4, 120)
    assert KeySum(4, 120) + KeySum(-1, -20) == KeySum(3, 100)
