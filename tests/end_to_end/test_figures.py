"""The published figures equal those that the oracle computes from the contracts."""

from pathlib import Path

import pytest

from tests.oracle.runner import check

# The quick test compares the figures at these moments: on a deadline day, and on a later day when
# records have changed. The slow test compares them at every moment of the oracle, and also while a
# source is unavailable.
FIRST_DAY = ["2026-04-30T12:00"]
DAY_AFTER = ["2026-06-21T05:30"]


@pytest.mark.parametrize("seed", [1])
def test_the_oracle_agrees(seed: int, tmp_path: Path) -> None:
    compared = 0
    for title, differences in check(seed, tmp_path, FIRST_DAY, DAY_AFTER):
        hard = [str(difference) for difference in differences if not difference.soft]
        assert not hard, f"{title}: {len(hard)} differences\n" + "\n".join(hard[:20])
        compared += 1
    assert compared == len(FIRST_DAY) + len(DAY_AFTER)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_oracle_agrees_at_every_moment(seed: int, tmp_path: Path) -> None:
    for title, differences in check(seed, tmp_path, source_down=True):
        hard = [str(difference) for difference in differences if not difference.soft]
        assert not hard, f"{title}: {len(hard)} differences\n" + "\n".join(hard[:20])
