"""The published figures equal those that the oracle computes from the contracts."""

from pathlib import Path

import pytest

from tests.oracle.runner import check

# The quick test lands the records of the first day, and compares the figures of the day after, when
# records have changed. The slow test compares the figures at every moment of the oracle, and also
# while a source is unavailable.
DAY_AFTER = ["2026-06-21T05:30"]


@pytest.mark.parametrize("seed", [1])
def test_the_oracle_agrees(seed: int, tmp_path: Path) -> None:
    compared = 0
    for title, differences in check(seed, tmp_path, [], DAY_AFTER):
        hard = [str(difference) for difference in differences if not difference.soft]
        assert not hard, f"{title}: {len(hard)} differences\n" + "\n".join(hard[:20])
        compared += 1
    assert compared == len(DAY_AFTER)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_oracle_agrees_at_every_moment(seed: int, tmp_path: Path) -> None:
    for title, differences in check(seed, tmp_path, source_down=True):
        hard = [str(difference) for difference in differences if not difference.soft]
        assert not hard, f"{title}: {len(hard)} differences\n" + "\n".join(hard[:20])
