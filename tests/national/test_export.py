"""What a real force exports: after a restatement, and after a roll-back."""

import csv
import dataclasses
import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oic_assurance import clock, pipeline
from oic_assurance.builds.seeds import read_seed
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing import rollback as pointer
from oic_assurance.publishing.publish import publish
from oic_assurance.reporting.national import export
from oic_assurance.reporting.national.export import Export, export_national, tell_national
from oic_assurance.reporting.release import make as release
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets_of
from oic_assurance.sources.national.manifest import Exporter, exporter_of, write_manifest
from oic_assurance.state.read import open_problems
from tests.conftest import PROJECT_ROOT
from tests.integration.builds.restated_world import two_publications
from tests.national.world import NationalWorld
from tests.readers.copies import Copier

FORCE = "E23000022"
NOON = datetime(2026, 4, 11, 11, 0, tzinfo=UTC)

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Exports:
    """The dropzone after the second publication, and after it was rolled back."""

    published: Path
    rolled_back: Path
    first: int
    second: int
    #: Rows of the force's own marts after the second publication, by the name of the mart.
    marts: dict[str, list[dict[str, Any]]]
    disclosures: int
    #: What is told to whoever is on call: never exported, exported, failed, and exported again.
    #: Then twice failed, because a disk does.
    told: tuple[list[str], ...]
    #: The refusal of another deployment, whether it changed a file, and what it took over.
    foreign: str
    is_untouched: bool
    taken_over: Export
    #: The dropzone after the second publication was shown again while an export was writing.
    overtaken: Path


def problems(settings: Settings) -> list[str]:
    """Return what is wrong with the exports two hours from now."""
    later = clock.utc_now() + timedelta(hours=2)
    found = open_problems(settings, later)
    return [problem.what for problem in found if problem.problem_code == "national"]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    folder = tmp_path_factory.mktemp("national")
    zone = folder / "zone"
    zone.mkdir()
    publisher = folder / "publisher.yml"
    publisher.write_text("publisher: Example\ncontact: A team\nlicence: A licence\n", "utf-8")
    with (
        pytest.MonkeyPatch.context() as patch,
        two_publications(folder) as pair,
    ):
        patch.setenv("ASSURANCE_PUBLISHER", str(publisher))
        world, first, second = pair.world, pair.first, pair.second
        settings = dataclasses.replace(world.settings, national_dropzone=f"file://{zone}")
        for number, name in ((first, "one"), (second, "two")):
            release.make(settings, number, "for the test", "tester", folder / name)
        told = [problems(settings)]
        pipeline.make_packs(settings)
        told.append(problems(settings))
        shutil.copytree(zone, folder / "published")
        publish(settings, Copier.of_current(settings).make())
        marts = {
            name: world.ask(f"select * from marts.{name} where publication_id = %s", second)
            for name in ("assurance_position", "assurance_measure", "restatement")
        }
        pointer.rollback(settings, first, "a record was entered twice")
        tell_national(dataclasses.replace(settings, national_dropzone=f"file://{zone}/away"))
        told.append(problems(settings))
        tell_national(settings)
        told.append(problems(settings))
        shutil.copytree(zone, folder / "rolled_back")
        tell_national(world.settings)
        [logged] = world.ask(
            "select count(*) as number from audit.processing_log"
            " where action = 'disclosure' and to_whom = 'the national warehouse'"
        )
        # A file stands where a folder must be, as a disk that is full or only for reading would.
        for name in ("unread/national/manifest", "unwritten/national/position"):
            blocked = folder / name
            blocked.parent.mkdir(parents=True)
            blocked.touch()
            place = folder / name.partition("/")[0]
            tell_national(dataclasses.replace(settings, national_dropzone=f"file://{place}"))
            told.append(problems(settings))
        export_during_which(settings, lambda: show(settings, second))
        shutil.copytree(zone, folder / "overtaken")
        before = contents(zone)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ASSURANCE_SIGNING_KEY", secrets.token_hex(32))
            with pytest.raises(AssuranceError) as foreign:
                export_national(settings)
            is_untouched = contents(zone) == before
            taken_over = export_national(settings, take_over=True)
        yield Exports(
            folder / "published",
            folder / "rolled_back",
            first,
            second,
            marts,
            logged["number"],
            tuple(told),
            foreign.value.message,
            is_untouched,
            taken_over,
            folder / "overtaken",
        )


def show(settings: Settings, publication: int) -> None:
    """Make a publication current again, and tell the national view."""
    pointer.rollback(settings, publication, "the record was entered once", until_next_run=True)
    tell_national(settings)


def export_during_which(settings: Settings, something: Callable[[], None]) -> None:
    """Export, and let something happen before the first manifest is written."""
    write = write_manifest
    happened: list[bool] = []

    def late(*of: Any) -> bytes:
        if not happened:
            happened.append(True)
            something()
        return write(*of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "write_manifest", late)
        export_national(settings)


def contents(zone: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in zone.rglob("*") if path.is_file()}


def exporter(zone: Path) -> Exporter:
    """Return who has signed the manifest of the day of the second publication."""
    path = zone / "national" / "manifest" / f"manifest_{FORCE}_20260411.json"
    found = exporter_of(path.read_bytes())
    assert found is not None
    return found


def rows(zone: Path, name: str) -> Rows:
    """Return the rows of an exported file of the day of the second publication."""
    path = zone / "national" / name / f"{name}_{FORCE}_20260411.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_those_of_the_national_declarations(exports: Exports) -> None:
    for dataset in datasets_of("national").values():
        name = dataset.name.removeprefix("national/")
        path = exports.published / "national" / name / f"{name}_{FORCE}_20260411.csv"
        head = path.read_text(encoding="utf-8").splitlines()[0]
        assert head.split(",") == list(dataset.tables[0].names)


def test_the_manifest_lists_every_file_as_it_is(exports: Exports) -> None:
    for zone in (exports.published, exports.rolled_back):
        path = zone / "national" / "manifest" / f"manifest_{FORCE}_20260411.json"
        listed = json.loads(path.read_text(encoding="utf-8"))["files"]
        assert len(listed) == 6
        for one in listed:
            [found] = zone.rglob(one["name"])
            assert hashlib.sha256(found.read_bytes()).hexdigest() == one["sha256"]
            assert len(rows(zone, found.parent.name)) == one["rows"]


def test_every_publication_is_listed_with_its_position(exports: Exports) -> None:
    publications = rows(exports.published, "publication")
    assert [int(row["publication_id"]) for row in publications] == [exports.first, exports.second]
    assert [row["is_current"] for row in publications] == ["false", "true"]
    shown = {
        (int(row["publication_id"]), row["point_code"]): row
        for row in rows(exports.published, "position")
    }
    assert len(shown) == 2 * len(read_seed(PROJECT_ROOT, "point_words").rows)
    for own in exports.marts["assurance_position"]:
        row = shown[(exports.second, own["point_code"])]
        assert (float(row["value"]) if row["value"] else None) == own["value"]
        assert (int(row["numerator"]), row["status"]) == (own["numerator"], own["status"])


def test_only_the_whole_force_leaves(exports: Exports) -> None:
    own = {
        (row["measure_code"], row["period_start"].isoformat()): row["value"]
        for row in exports.marts["assurance_measure"]
        if row["org_unit_code"] == "ALL"
    }
    exported = {
        (row["measure_code"], row["period_start"]): float(row["value"]) if row["value"] else None
        for row in rows(exports.published, "measure")
    }
    assert exported == own
    restated = [r for r in exports.marts["restatement"] if r["org_unit_code"] == "ALL"]
    assert restated
    assert {(r["measure_code"], r["cause"]) for r in rows(exports.published, "restatement")} == {
        (r["measure_code"], r["cause"]) for r in restated
    }
    assert "record_count" not in rows(exports.published, "restatement")[0]


def test_of_two_releases_to_the_public_the_latest_is_told(exports: Exports) -> None:
    told = rows(exports.published, "released")
    assert len(told) == len(read_seed(PROJECT_ROOT, "point_words").rows)
    assert {row["release_id"] for row in told} == {"2"}


def test_a_roll_back_is_told_in_the_same_files(exports: Exports) -> None:
    """Readers went back from the third publication to the first, and so behind the second too."""
    publications = rows(exports.rolled_back, "publication")
    assert [(row["is_current"], row["is_withdrawn"]) for row in publications] == [
        ("true", "false"),
        ("false", "true"),
        ("false", "true"),
    ]
    assert {row["publication_id"] for row in rows(exports.rolled_back, "restatement")} <= {
        str(exports.first)
    }
    before = sorted(p.name for p in exports.published.rglob("*.csv"))
    assert sorted(p.name for p in exports.rolled_back.rglob("*.csv")) == before


def test_another_deployment_with_the_code_of_the_force_replaces_nothing_without_a_word(
    exports: Exports,
) -> None:
    own = exporter(exports.published)
    assert own == exporter(exports.rolled_back)
    assert own.key != exports.taken_over.key
    assert f"the key {own.key} (host {own.host})" in exports.foreign
    assert f"this one is the key {exports.taken_over.key}" in exports.foreign
    assert "`assurance release national --take-over`" in exports.foreign
    assert "\n" not in exports.foreign
    assert exports.is_untouched
    assert exporter(Path(exports.taken_over.place)).key == exports.taken_over.key


def test_each_export_is_a_disclosure(exports: Exports) -> None:
    """Two exports were made. A force without a place for them makes none."""
    assert exports.disclosures == 2


def test_what_cannot_be_exported_says_why(fresh_warehouse: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="set ASSURANCE_NATIONAL_DROPZONE"):
        export_national(fresh_warehouse)
    settings = dataclasses.replace(fresh_warehouse, national_dropzone=f"file://{tmp_path}")
    with pytest.raises(AssuranceError, match="Nothing is published yet"):
        export_national(settings)


@pytest.mark.slow
def test_the_national_view_follows_the_restatement_and_the_roll_back(
    exports: Exports, world: NationalWorld
) -> None:
    before = follow_the_restatement(exports, world)
    shutil.copytree(exports.rolled_back, world.zone, dirs_exist_ok=True)
    world.run(NOON)
    assert world.states()[FORCE] == "WITHDRAWN"
    [shown] = [r for r in world.mart("national_position") if r["point_code"] == "NCCU_INTEL"
               and r["reporting_force_code"] == FORCE]  # fmt: skip
    assert shown["value"] is None
    assert shown["last_publication_id"] == exports.first
    assert shown["last_value"] == pytest.approx(before)


def follow_the_restatement(exports: Exports, world: NationalWorld) -> float:
    """Return what the figure that was restated was before, as the national view shows it."""
    shutil.copytree(exports.published, world.zone, dirs_exist_ok=True)
    world.run(NOON)
    assert world.states()[FORCE] is None
    [told] = [
        row
        for row in world.mart("national_history")
        if row["point_code"] == "NCCU_INTEL" and row["force_publication_id"] == exports.second
    ]
    assert told["why_changed"] == "RESTATED"
    assert "LATE_RECORD" in told["causes"]
    assert told["value_before"] + told["value_change"] == pytest.approx(told["value"])
    assert world.mart("national_restatement")
    known = world.rows("select distinct key_sha256, trusted_by from audit.exporter")
    assert known == [{"key_sha256": exporter(exports.published).key, "trusted_by": None}]
    return float(told["value_before"])


def test_an_export_that_failed_is_told_until_one_succeeds(exports: Exports) -> None:
    never, done, failed, again, *_ = exports.told
    assert never == ["the publication that readers see was not exported"]
    assert done == again == []
    assert len(failed) == 1
    assert failed[0].startswith("the export failed: ")
    assert "away" in failed[0]


def test_an_export_that_the_disk_fails_is_told_in_one_line(exports: Exports) -> None:
    [[unread], [unwritten]] = exports.told[4:]
    assert "unread cannot be read (national/manifest/" in unread
    assert "unwritten cannot be written (national/position/" in unwritten


def test_an_export_that_another_one_overtakes_does_not_end_with_the_earlier_state(
    exports: Exports,
) -> None:
    shown = [row for row in rows(exports.overtaken, "publication") if row["is_current"] == "true"]
    assert [row["publication_id"] for row in shown] == [str(exports.second)]
    national = exports.overtaken / "national"
    manifest = json.loads((national / f"manifest/manifest_{FORCE}_20260411.json").read_text())
    assert {file["name"]: file["sha256"] for file in manifest["files"]} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in national.glob("*/*_20260411.csv")
    }
