"""What every place says in every state, in tables that a person can read.

The table `said.csv` has every sentence of an ordinary day, and of each other state what differs
from it. The table `corrected.csv` has, for each kind of correction and each point, the fields of
the position that it changes, and what readers are told of it. If something else is said, the test
writes the table anew and fails. Read what has changed, and commit the table if every sentence in it
is true.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from oic_assurance import pipeline
from oic_assurance.builds.dbt import forget_project
from oic_assurance.clock import london_day, utc_now
from oic_assurance.settings import PROJECT_ROOT
from oic_assurance.warehouse.cluster import SOURCES
from simulator.source_systems import create_sources
from tests.catalogue.world import RUN, World
from tests.databases import administrator
from tests.sentences.corrections import CORRECTIONS
from tests.sentences.places import PLACES, at
from tests.sentences.states import ORDINARY, STATES
from tests.year.clock import put_back

pytestmark = pytest.mark.slow
FOLDER = Path(__file__).parent
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
    in_full = f"{today.day} {today:%B %Y}"
    for form in (in_full, f"{today:%a %d %b %Y}", f"{today:%d %b %Y}", f"{today:%Y-%m-%d}"):
        text = re.sub(rf"{form}([T ]\d\d:\d\d(:[\d.+:]+Z?)?)?", "today", text)
    return re.sub(r"\b[0-9a-f]{12,64}\b", "…", text)


VERDICT = ("status", "status_since", "status_at_deadline")
FIELDS = (*VERDICT, "value", "value_at_deadline")
#: What stands beside a point whose verdict a correction changed without a word.
SILENT = "THIS IS NOT TOLD"
_FIELDS = """
select now.point_code, field.name, to_jsonb(before) ->> field.name, to_jsonb(now) ->> field.name
from candidate.assurance_position as now
inner join marts.assurance_position as before using (force_code, point_code)
cross join unnest(%s::text[]) with ordinality as field (name, place)
where to_jsonb(before) ->> field.name is distinct from to_jsonb(now) ->> field.name
order by now.point_code, field.place
"""
_TOLD = """
select point_code, 'caveat', words from candidate.assurance_caveat
where caveat_code in ('VERDICT_CORRECTED', 'MOVED_BY_CORRECTIONS', 'MANY_CORRECTIONS')
union all
select point_code, 'cause ' || coalesce(verdict_cause, 'none'), verdict_words
from candidate.assurance_position where verdict_words is not null
order by 1, 2, 3
"""


def corrected(world: World) -> Iterator[tuple[str, ...]]:
    """Yield each changed field with its values, and each sentence, by correction and point."""
    usual: set[tuple[str, ...]] = set()
    for name, correct in CORRECTIONS.items():
        world.restore("eve")
        world.copy_project()
        forget_project()
        correct(world)
        world.land()
        build = world.build()
        world.audit(RUN, build)
        waits = pipeline.warnings_to_approve(world.settings, build.build_id)
        with administrator(world.settings) as warehouse:
            fields = warehouse.execute(_FIELDS, [list(FIELDS)]).fetchall()
            told = warehouse.execute(_TOLD).fetchall()
        found = [tuple(str(part or "–") for part in row) for row in fields]
        found += [(*row[:2], "", plain(row[2], world)) for row in told]
        found += [("", "waits for a person", "", plain(one, world)) for one in waits]
        new = [row for row in found if row not in usual]
        silent = {row[0] for row in new if row[1] in VERDICT}
        silent -= {row[0] for row in new if row[1] not in FIELDS}
        yield from ((name, *row) for row in new)
        yield from ((name, point, SILENT, "", "") for point in sorted(silent) if usual)
        usual = usual or set(found)


@pytest.mark.parametrize(
    ("table", "header", "rows"),
    [
        ("said.csv", ("state", "place", "sentence"), said),
        ("corrected.csv", ("correction", "point", "what", "before", "now"), corrected),
    ],
)
def test_what_is_said_is_what_the_table_says(
    world: World,
    table: str,
    header: Sequence[str],
    rows: Callable[[World], Iterator[Sequence[str]]],
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows(world))
    place = FOLDER / table
    before = place.read_text("utf-8") if place.exists() else ""
    place.write_text(text.getvalue(), encoding="utf-8")
    assert SILENT not in text.getvalue()
    assert text.getvalue() == before
