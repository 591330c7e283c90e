"""What every place says in every state, in one table that a person can read.

The table is `said.csv`: every sentence of an ordinary day, and of each other state what differs
from it. If a place says something else, the test writes the table anew and fails. Read what has
changed, and commit the table if every sentence in it is true.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from oic_assurance.builds.dbt import forget_project
from oic_assurance.clock import london_day, utc_now
from oic_assurance.settings import PROJECT_ROOT
from oic_assurance.warehouse.cluster import SOURCES
from simulator.source_systems import create_sources
from tests.catalogue.world import World
from tests.sentences.places import PLACES, at
from tests.sentences.states import ORDINARY, STATES
from tests.year.clock import put_back

pytestmark = pytest.mark.slow
TABLE = Path(__file__).with_name("said.csv")
FOLDERS = ("include", "docs", "deploy", "expectations")


class SpeakingWorld(World):
    """The world with a saved state from before its first record: the `bare` databases."""

    def _make(self) -> None:
        create_sources(self.settings)
        for database in ("warehouse", *SOURCES):
            self.copy_database(f"bare_{database}", database)
        super()._make()

    def _publish(self, run_id: str, as_at: datetime) -> None:
        super()._publish(run_id, as_at)
        put_back(self.settings, as_at)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = SpeakingWorld(tmp_path_factory.mktemp("world"))
    made.project.mkdir(parents=True)
    for name in FOLDERS:
        (made.project / name).symlink_to(PROJECT_ROOT / name)
    publisher = made.settings.home.parent / "publisher.yml"
    publisher.write_text("publisher: Example\ncontact: A team\nlicence: A licence\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSURANCE_PUBLISHER", str(publisher))
        made.start()
        yield made
        made.stop()


def said(world: World) -> Iterator[tuple[str, str, str]]:
    """Yield each sentence with its state and its place.

    Of the ordinary day, every sentence is listed; of another state, what no place says on that day.
    """
    usual: set[tuple[str, str]] = set()
    for state, make in STATES.items():
        world.restore("eve")
        world.copy_project()
        forget_project()
        with at(world.settings, make(world)):
            for place, read in PLACES.items():
                texts = (plain(line, world) for line in read(world.settings))
                found = [
                    text for text in dict.fromkeys(texts) if text and (place, text) not in usual
                ]
                yield from ((state, place, text) for text in found)
                if state == ORDINARY:
                    usual |= {(place, text) for text in found}


def plain(text: str, world: World) -> str:
    """Return a sentence without what differs from machine to machine and from day to day."""
    today = london_day(utc_now())
    text = " ".join(text.split()).replace(str(world.settings.home.parent), "…")
    for form in (f"{today:%a %d %b %Y}", f"{today:%d %b %Y}", f"{today:%Y-%m-%d}"):
        text = re.sub(rf"{form}[T ]?(\d\d:\d\d(:[\d.+:]+Z?)?)?", "today", text)
    return re.sub(r"\b[0-9a-f]{12,64}\b", "…", text)


def test_every_place_says_in_every_state_what_the_table_says(world: World) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("state", "place", "sentence"))
    writer.writerows(said(world))
    before = TABLE.read_text("utf-8") if TABLE.exists() else ""
    TABLE.write_text(table.getvalue(), encoding="utf-8")
    assert table.getvalue() == before
