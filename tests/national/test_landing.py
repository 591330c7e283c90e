"""What the national warehouse does with a force that is poisoned, late, withdrawn or cut short.

One force's trouble must show as that force's, and must not touch the figures of another. What is
refused is seen after landing. The four runs that show what readers see then are slow.
"""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oic_assurance.operations.verify.verify import verify
from oic_assurance.publishing import rollback as pointer
from tests.databases import Prepared
from tests.national.made_up import Force, Publication, manifest
from tests.national.world import (
    AS_AT,
    DAY,
    MIDLANDS,
    NationalWorld,
    days_before,
    made_up,
    national_world,
    publications,
    rolled_back,
)

GOOD = MIDLANDS[0]
# Forces of another group, each of which has a trouble of its own that lasts several runs.
MENDED, AGAIN, REBUILT, TWICE, WRONG, LATE, EMPTY, EARLIER, VIEW = (
    f"E230000{number:02}" for number in range(2, 11)
)
MISTAKEN, FOREIGN = "E23000032", "E23000033"
#: How a manifest is spoilt, and why the files that it lists are then refused.
MANIFESTS = {
    None: "there is no manifest_E23000023_20260310.json that lists it",
    "{": "it is not JSON in UTF-8",
    "[]": "it is not a JSON object",
    '{"form": "other/1"}': "its form is not oic-assurance-national/1",
    "force": "it is of another force or day",
    "twice": "it lists the file 2 times instead of once",
    "rows": "it has 1 rows, and the manifest says 2",
    "no hash": "its entry for the file has no SHA-256",
    "large": "it is larger than",
}
SPOILT = [f"E230000{number}" for number in range(23, 32)]
VAST = 10**17
UNLISTED = "E23999999"
DAY_BEFORE = date(2026, 3, 9)


@dataclass(frozen=True)
class Seen:
    """What readers see after a run, and what was refused so far."""

    publication: int
    states: dict[str, str | None]
    position: dict[tuple[str, str], dict[str, Any]]
    measure: list[dict[str, Any]]
    #: Every publication of a force that the history shows.
    history: set[tuple[str, int]]
    refusals: list[str]

    def shown(self, code: str, *columns: str) -> tuple[Any, ...]:
        """Return columns of the position of a force at one point."""
        return tuple(self.position[code, "HYDRA"][column] for column in columns)

    def refused(self, code: str) -> int:
        """Return how many files of a force were refused."""
        return sum(f"_{code}_" in reason for reason in self.refusals)


@dataclass(frozen=True)
class Story:
    """Three runs at one moment, and a fourth at the moment of the day before."""

    world: NationalWorld
    first: Seen
    second: Seen
    third: Seen
    day_before: Seen
    #: The expectations that failed on the positions that the first run landed.
    failed: set[str]


@pytest.fixture(scope="module")
def refusals(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what the first landing of the story refuses.

    Its tests come first: the story has a database of the same name, and the same archive.
    """
    with national_world(prepared, tmp_path_factory.mktemp("refusals")) as world:
        every_force_but_the_first_is_troubled(world)
        for_the_first_run(world)
        world.land()
        return world.refusals()


@pytest.fixture(scope="module")
def story(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with national_world(prepared, tmp_path_factory.mktemp("story")) as world:
        every_force_but_the_first_is_troubled(world)
        for_the_first_run(world)
        first = see(world, world.run())
        failed = world.rows(
            "select expectation from audit.latest_expectation_result"
            " where not success and suite = 'raw_general.force_position'"
        )
        for_the_second_run(world)
        second = see(world, world.run())
        for_the_third_run(world)
        third = see(world, world.run())
        day_before = see(world, world.run(days_before(1), makes_current=True))
        names = {row["expectation"] for row in failed}
        yield Story(world, first, second, third, day_before, names)


def see(world: NationalWorld, publication: int) -> Seen:
    return Seen(
        publication,
        world.states(),
        {(r["reporting_force_code"], r["point_code"]): r for r in world.mart("national_position")},
        world.mart("national_measure"),
        {
            (row["reporting_force_code"], row["force_publication_id"])
            for row in world.mart("national_history")
        },
        world.refusals(),
    )


def every_force_but_the_first_is_troubled(world: NationalWorld) -> None:
    good, late, back, wrong, stale, cut, poisoned, _, absurd = MIDLANDS
    world.export(made_up(good))
    world.export(made_up(late, as_at=days_before(3)))
    twice = publications(made_up(back, as_at=days_before(1)), (9, AS_AT, {"HYDRA": (1, 100)}))
    world.export(rolled_back(twice, to=8))
    world.export(made_up(wrong, {"HYDRA": (101, 100)}))
    world.export(made_up(stale))
    (world.zone / "national" / "measure" / f"measure_{stale}_20260310.csv").unlink()
    paths = world.export(made_up(cut))
    paths["position"].write_bytes(paths["position"].read_bytes()[:-20])
    paths = world.export(made_up(poisoned))
    content = paths["position"].read_text().replace("HYDRA,in_progress", "HYDRA,excellent")
    paths["position"].write_text(content)
    manifest(poisoned, world.zone, DAY)
    world.export(made_up(absurd, {"HYDRA": (VAST // 2, VAST)}))
    world.export(made_up(UNLISTED))
    make_a_mistake(world)
    for code, how in zip(SPOILT, MANIFESTS, strict=True):
        world.export(made_up(code))
        spoil(world.zone / "national" / "manifest" / f"manifest_{code}_20260310.json", how)


def for_the_first_run(world: NationalWorld) -> None:
    world.export(made_up(MENDED))
    (world.zone / "national" / "manifest" / f"manifest_{MENDED}_20260310.json").unlink()
    world.export(made_up(AGAIN, as_at=days_before(1)))
    months = [
        ["nccu_intel_compliance", f"{year}-0{month}-01"]
        for year in (2023, 2024, 2025)
        for month in range(1, 10)
    ]
    measures = [[REBUILT, *month, 1, 2, "0.5", "true"] for month in months]
    before = publications(
        made_up(REBUILT, as_at=days_before(2)), (9, days_before(1), {}), (10, days_before(1), {})
    )
    restated = dataclasses.replace(
        before, restatements=[(8, "hydra_completion", DAY, 1, "LATE_RECORD", 0.5, 0.6)]
    )
    world.export(rolled_back(restated, to=8), DAY_BEFORE, measure=measures)
    world.export(publications(made_up(TWICE), (9, AS_AT, {})))
    force = made_up(WRONG)
    wrong = Publication(9_999, days_before(1), {}, is_current=False, is_withdrawn=True)
    world.export(dataclasses.replace(force, publications=[*force.publications, wrong]))
    world.export(made_up(LATE, number=9))
    world.export(made_up(EMPTY))
    world.export(made_up(EARLIER, as_at=days_before(1)), DAY_BEFORE)
    world.export(made_up(EARLIER, {"HYDRA": (10, 100)}, number=9))
    world.export(made_up(VIEW))
    world.export(made_up(FOREIGN), key=Ed25519PrivateKey.generate())


def make_a_mistake(world: NationalWorld) -> None:
    paths = world.export(made_up(MISTAKEN))
    lines = paths["position"].read_text().splitlines()
    lines[2] = lines[2].replace(f"{MISTAKEN},8,", f"{MISTAKEN},eight,")
    paths["position"].write_text("\n".join(lines) + "\n")
    foreign = paths["released"].read_text().replace(f"{MISTAKEN},HYDRA", f"{GOOD},HYDRA")
    paths["released"].write_text(foreign)
    manifest(MISTAKEN, world.zone, DAY)
    paths["measure"].write_text(paths["measure"].read_text() + "\n")


def spoil(path: Path, how: str | None) -> None:
    listed = json.loads(path.read_text())
    if how is None:
        path.unlink()
        return
    if how == "force":
        listed["force_code"] = UNLISTED
    elif how == "twice":
        listed["files"] += listed["files"]
    elif how == "rows":
        listed["files"][0]["rows"] = 2
    elif how == "no hash":
        for file in listed["files"]:
            file["sha256"] = "abc"
    elif how == "large":
        listed["more"] = "x" * 70_000
    else:
        path.write_text(how)
        return
    path.write_text(json.dumps(listed))


def newer() -> Force:
    return publications(made_up(AGAIN, as_at=days_before(1)), (9, AS_AT, {"HYDRA": (70, 100)}))


def for_the_second_run(world: NationalWorld) -> None:
    world.export(newer())
    world.export(made_up(REBUILT, {"HYDRA": (70, 100)}, number=1))
    world.export(made_up(WRONG))
    world.export(made_up(LATE, as_at=days_before(1), number=8), DAY_BEFORE)
    world.export(made_up(EMPTY), publication=[])
    world.export(made_up(VIEW, {"HYDRA": (10, 100)}))
    world.export(made_up(FOREIGN, {"HYDRA": (10, 100)}), key=Ed25519PrivateKey.generate())


def for_the_third_run(world: NationalWorld) -> None:
    manifest(MENDED, world.zone, DAY)
    # The force rolls back at noon, and exports again.
    world.export(rolled_back(newer(), to=8))
    world.export(made_up(EMPTY))


def test_a_refusal_names_the_force_the_file_the_row_and_the_reason(refusals: list[str]) -> None:
    why = {one.split(":")[0]: one for one in refusals if f"_{MISTAKEN}_" in one}
    assert f"position_{MISTAKEN}_20260310.csv" in why["national/position"]
    assert "first in row 2: publication_id is not a whole number" in why["national/position"]
    assert (
        f"released_{MISTAKEN}_20260310.csv: force {MISTAKEN}: row 3 is of another force"
        in (why["national/released"])
    )
    assert f"force {MISTAKEN}: its SHA-256 is" in why["national/measure"]


@pytest.mark.parametrize(("code", "reason"), [*zip(SPOILT, MANIFESTS.values(), strict=True)])
def test_a_manifest_that_does_not_fit_refuses_the_files(
    refusals: list[str], code: str, reason: str
) -> None:
    of_force = [one for one in refusals if f"_{code}_" in one]
    assert any(reason in one for one in of_force), of_force


@pytest.mark.slow
def test_a_force_in_trouble_is_unknown_with_its_reason_and_the_others_are_published(
    story: Story,
) -> None:
    good, late, back, wrong, stale, cut, poisoned, silent, _ = MIDLANDS
    seen = story.first

    assert len(seen.states) == 43
    assert {code: seen.states[code] for code in MIDLANDS[:8]} == {
        good: None,
        late: "LATE",
        back: "WITHDRAWN",
        wrong: "INCONSISTENT",
        stale: "INCOMPLETE",
        cut: "REFUSED",
        poisoned: "REFUSED",
        silent: "NEVER_REPORTED",
    }
    assert seen.shown(good, "value") == (0.9,)
    last = ("status", "value", "last_value", "last_as_at")
    assert seen.shown(late, *last) == ("unknown", None, 0.9, days_before(3))
    # The figure that was rolled back is nowhere: the last one that stands is the one before.
    assert seen.shown(back, "last_value") == (0.9,)
    assert seen.shown(wrong, "last_value") == (None,)
    assert {row["reporting_force_code"] for row in seen.measure} & {*MIDLANDS} == {good}


@pytest.mark.slow
def test_an_absurd_number_of_cases_does_not_keep_the_build_from_ending(story: Story) -> None:
    assert story.first.states[MIDLANDS[8]] == "INCONSISTENT"


@pytest.mark.slow
def test_figures_of_a_force_that_is_not_listed_are_not_used(story: Story) -> None:
    assert UNLISTED not in story.first.states
    assert "force_known" in story.failed


@pytest.mark.slow
def test_a_refused_export_counts_as_soon_as_it_is_mended(story: Story) -> None:
    """The same bytes are refused while their manifest is missing, and landed once it is there."""
    assert story.first.refused(MENDED) == 6
    assert story.second.refused(MENDED) == 6, "a refusal that stands is recorded once"
    assert story.third.states[MENDED] is None


@pytest.mark.slow
def test_a_second_export_of_a_day_replaces_the_first(story: Story) -> None:
    assert story.first.states[AGAIN] is None
    assert story.second.shown(AGAIN, "force_publication_id", "numerator") == (9, 70)
    assert story.third.states[AGAIN] == "WITHDRAWN"
    assert story.third.shown(AGAIN, "value", "last_value") == (None, 0.9)


@pytest.mark.slow
def test_a_warehouse_that_was_rebuilt_replaces_what_was_known_of_its_force(story: Story) -> None:
    """Its publications count from 1 again, and are fewer than half of those before."""
    assert story.first.states[REBUILT] is not None

    seen = story.second
    assert seen.states[REBUILT] is None
    columns = ("force_publication_id", "numerator", "last_value")
    assert seen.shown(REBUILT, *columns) == (1, 70, None)
    history = {one for one in seen.history if one[0] in {REBUILT, TWICE}}
    assert history == {(REBUILT, 1), (TWICE, 8), (TWICE, 9)}
    assert seen.refused(REBUILT) == 0
    kept = story.world.rows(
        "select count(*) as versions from raw_general.force_publication"
        " where reporting_force_code = %s and not is_tombstone",
        REBUILT,
    )
    assert kept == [{"versions": 4}], "raw keeps what was exported before"


@pytest.mark.slow
def test_a_wrong_row_is_gone_with_the_next_export(story: Story) -> None:
    assert story.first.states[WRONG] == "WITHDRAWN"
    assert story.second.states[WRONG] is None


@pytest.mark.slow
def test_an_export_that_arrives_late_touches_no_later_one_and_no_other_force(story: Story) -> None:
    assert story.second.states[TWICE] is None
    assert story.second.shown(LATE, "force_publication_id") == (9,)
    assert {one for one in story.second.history if one[0] == LATE} == {(LATE, 9)}
    assert story.day_before.shown(LATE, "force_publication_id") == (8,)


@pytest.mark.slow
def test_an_export_without_a_publication_is_refused_and_shows_no_old_figure(story: Story) -> None:
    assert story.first.states[EMPTY] is None
    assert story.second.states[EMPTY] == "REFUSED"
    [refusal] = [one for one in story.second.refusals if f"publication_{EMPTY}_" in one]
    assert "it has no rows: a full list is never empty" in refusal
    assert story.third.states[EMPTY] is None


@pytest.mark.slow
def test_a_force_whose_export_another_deployment_has_signed_is_unknown(story: Story) -> None:
    assert story.first.shown(FOREIGN, "numerator") == (90,)
    assert story.second.states[FOREIGN] == "REFUSED"
    assert story.second.shown(FOREIGN, "numerator") == (None,)


@pytest.mark.slow
def test_archive_and_raw_agree_after_all_of_this(story: Story) -> None:
    proofs = verify(story.world.settings)
    # The archive also has the files of other tests.
    found = [str(one) for proof in proofs for one in proof.disagreements if one.batch is not None]
    assert found == []


@pytest.mark.slow
def test_a_run_for_an_earlier_moment_uses_what_forces_had_delivered_by_then(story: Story) -> None:
    assert story.first.shown(EARLIER, "numerator") == (10,)
    assert story.day_before.shown(EARLIER, "numerator") == (90,)


@pytest.mark.slow
def test_a_roll_back_of_the_national_view_shows_what_was_known_then(story: Story) -> None:
    assert story.second.publication > story.first.publication
    assert story.second.shown(VIEW, "numerator") == (10,)

    why = "the force delivered another force's figures"
    pointer.rollback(story.world.settings, story.first.publication, why)

    assert see(story.world, 0).shown(VIEW, "numerator") == (90,)
