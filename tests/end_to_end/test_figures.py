"""The published figures equal those that the oracle computes from the contracts."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from oic_assurance.warehouse.connections import url
from tests.integration.builds.restated_world import RestatedWorld, empty_world
from tests.oracle.runner import Rounds, check
from tests.oracle.world import make_world

# The quick test lands the records of the first day, and compares the figures of the day after, when
# records have changed. It calls the stages that the tasks of Airflow call. The slow test runs the
# command line, and compares the figures at every moment of the oracle, and also while a source is
# unavailable.
DAY_AFTER = "2026-06-21T05:30"


@dataclass(frozen=True)
class Stages:
    """Makes runs in this process, in the state folder of a world."""

    world: RestatedWorld

    @property
    def dropzone(self) -> Path:
        return Path(self.world.settings.dropzone.removeprefix("file://"))

    def url(self, name: str) -> str:
        return url(self.world.settings, name)

    def land(self, moment: str) -> None:
        self.world.land(moment)

    def run(self, moment: str, down: dict[str, str]) -> None:
        assert not down
        self.world.publish(moment)


@pytest.mark.parametrize("seed", [1])
def test_the_oracle_agrees(seed: int) -> None:
    with empty_world() as world:
        rounds = Rounds(Stages(world), make_world(seed))
        rounds.fill_to(0)
        rounds.land(rounds.world.moments[0])
        rounds.fill_to(1)
        differences = rounds.run(DAY_AFTER)
    hard = [str(difference) for difference in differences if not difference.soft]
    assert not hard, f"{len(hard)} differences\n" + "\n".join(hard[:20])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_oracle_agrees_at_every_moment(seed: int, tmp_path: Path) -> None:
    for title, differences in check(seed, tmp_path, source_down=True):
        hard = [str(difference) for difference in differences if not difference.soft]
        assert not hard, f"{title}: {len(hard)} differences\n" + "\n".join(hard[:20])
