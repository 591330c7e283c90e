"""What the national warehouse does with a force that is poisoned, late, withdrawn or cut short.

One force's trouble must show as that force's, and must not touch the figures of another.
"""

import dataclasses
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.operations.verify.verify import verify
from oic_assurance.publishing import rollback as pointer
from tests.databases import Prepared
from tests.national.made_up import Publication, manifest
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

GOOD, BAD = MIDLANDS[0], MIDLANDS[1]


VAST = 10**17
UNLISTED = "E23999999"


@dataclass(frozen=True)
class Troubled:
    """What was published when every force but the first delivered something that is wrong."""

    states: dict[str, str | None]
    position: list[dict[str, Any]]
    measure: list[dict[str, Any]]
    #: The expectations that failed on the landed positions.
    failed: set[str]


@pytest.fixture(scope="module")
def troubled(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    good, late, back, wrong, stale, cut, poisoned, _, absurd = MIDLANDS
    with national_world(prepared, tmp_path_factory.mktemp("troubled")) as world:
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
        world.run()
        failed = world.rows(
            "select expectation from audit.latest_expectation_result"
            " where not success and suite = 'raw_general.force_position'"
        )
        return Troubled(
            world.states(),
            world.mart("national_position"),
            world.mart("national_measure"),
            {row["expectation"] for row in failed},
        )


def test_a_force_in_trouble_is_unknown_with_its_reason_and_the_others_are_published(
    troubled: Troubled,
) -> None:
    good, late, back, wrong, stale, cut, poisoned, silent, _ = MIDLANDS

    assert len(troubled.states) == 43
    assert {code: troubled.states[code] for code in MIDLANDS[:8]} == {
        good: None,
        late: "LATE",
        back: "WITHDRAWN",
        wrong: "INCONSISTENT",
        stale: "INCOMPLETE",
        cut: "REFUSED",
        poisoned: "REFUSED",
        silent: "NEVER_REPORTED",
    }
    shown = {(row["reporting_force_code"], row["point_code"]): row for row in troubled.position}
    assert shown[(good, "HYDRA")]["value"] == 0.9
    assert shown[(late, "HYDRA")]["status"] == "unknown"
    assert shown[(late, "HYDRA")]["value"] is None
    assert shown[(late, "HYDRA")]["last_value"] == 0.9
    assert shown[(late, "HYDRA")]["last_as_at"] == days_before(3)
    # The figure that was rolled back is nowhere: the last one that stands is the one before.
    assert shown[(back, "HYDRA")]["last_value"] == 0.9
    assert shown[(wrong, "HYDRA")]["last_value"] is None
    assert {row["reporting_force_code"] for row in troubled.measure} == {good}


def test_an_absurd_number_of_cases_does_not_keep_the_build_from_ending(
    troubled: Troubled,
) -> None:
    assert troubled.states[MIDLANDS[8]] == "INCONSISTENT"


def test_figures_of_a_force_that_is_not_listed_are_not_used(troubled: Troubled) -> None:
    assert UNLISTED not in troubled.states
    assert "force_known" in troubled.failed


def test_a_refusal_names_the_force_the_file_the_row_and_the_reason(world: NationalWorld) -> None:
    paths = world.export(made_up(BAD))
    lines = paths["position"].read_text().splitlines()
    lines[2] = lines[2].replace(f"{BAD},8,", f"{BAD},eight,")
    paths["position"].write_text("\n".join(lines) + "\n")
    manifest(BAD, world.zone, DAY)
    foreign = paths["released"].read_text().replace(f"{BAD},HYDRA", f"{GOOD},HYDRA")
    paths["released"].write_text(foreign)
    manifest(BAD, world.zone, DAY)
    paths["measure"].write_text(paths["measure"].read_text() + "\n")

    world.land()

    refusals = {reason.split(":")[0]: reason for reason in world.refusals()}
    assert f"position_{BAD}_20260310.csv" in refusals["national/position"]
    assert "first in row 2: publication_id is not a whole number" in refusals["national/position"]
    assert (
        f"released_{BAD}_20260310.csv: force {BAD}: row 3 is of another force"
        in (refusals["national/released"])
    )
    assert f"force {BAD}: its SHA-256 is" in refusals["national/measure"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no manifest_E23000015_20260310.json that lists it"),
        ("{", "it is not JSON in UTF-8"),
        ("[]", "it is not a JSON object"),
        ('{"form": "other/1"}', "its form is not oic-assurance-national/1"),
        ("force", "it is of another force or day"),
        ("twice", "it lists the file 2 times instead of once"),
        ("rows", "it has 1 rows, and the manifest says 2"),
        ("no hash", "its entry for the file has no SHA-256"),
        ("large", "it is larger than"),
    ],
)
def test_a_manifest_that_does_not_fit_refuses_the_files(
    world: NationalWorld, content: str | None, reason: str
) -> None:
    world.export(made_up(BAD))
    path = world.zone / "national" / "manifest" / f"manifest_{BAD}_20260310.json"
    _spoil(path, content)

    world.land()

    assert any(reason in refusal for refusal in world.refusals()), world.refusals()


def _spoil(path: Path, how: str | None) -> None:
    listed = json.loads(path.read_text())
    if how is None:
        path.unlink()
        return
    if how == "force":
        listed["force_code"] = GOOD
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


def test_a_refused_export_counts_as_soon_as_it_is_mended(world: NationalWorld) -> None:
    """The same bytes are refused while their manifest is missing, and landed once it is there."""
    world.export(made_up(BAD))
    (world.zone / "national" / "manifest" / f"manifest_{BAD}_20260310.json").unlink()
    world.land()
    refused = len(world.refusals())
    assert refused == 6
    world.land()
    assert len(world.refusals()) == refused, "a refusal that stands is recorded once"

    manifest(BAD, world.zone, DAY)
    world.run()

    assert world.states()[BAD] is None


def test_a_second_export_of_a_day_replaces_the_first(world: NationalWorld) -> None:
    force = made_up(BAD, as_at=days_before(1))
    world.export(force)
    world.run()
    assert world.states()[BAD] is None
    newer = publications(force, (9, AS_AT, {"HYDRA": (70, 100)}))
    world.export(newer)
    world.run()
    [shown] = [r for r in world.mart("national_position") if _is(r, BAD, "HYDRA")]
    assert (shown["force_publication_id"], shown["numerator"]) == (9, 70)

    # The force rolls back at noon, and exports again.
    world.export(rolled_back(newer, to=8))
    world.run()

    assert world.states()[BAD] == "WITHDRAWN"
    [shown] = [r for r in world.mart("national_position") if _is(r, BAD, "HYDRA")]
    assert (shown["value"], shown["last_value"]) == (None, 0.9)


def test_a_warehouse_that_was_rebuilt_replaces_what_was_known_of_its_force(
    world: NationalWorld,
) -> None:
    """Its publications count from 1 again, and are fewer than half of those before."""
    months = [
        ["nccu_intel_compliance", f"{year}-0{month}-01"]
        for year in (2023, 2024, 2025)
        for month in range(1, 10)
    ]
    measures = [[BAD, *month, 1, 2, "0.5", "true"] for month in months]
    before = publications(
        made_up(BAD, as_at=days_before(2)), (9, days_before(1), {}), (10, days_before(1), {})
    )
    restated = dataclasses.replace(
        before, restatements=[(8, "hydra_completion", DAY, 1, "LATE_RECORD", 0.5, 0.6)]
    )
    world.export(rolled_back(restated, to=8), date(2026, 3, 9), measure=measures)
    world.export(publications(made_up(GOOD), (9, AS_AT, {})), date(2026, 3, 10))
    world.run()
    assert world.states()[BAD] is not None

    world.export(made_up(BAD, {"HYDRA": (70, 100)}, number=1))
    world.run()

    assert world.states()[BAD] is None
    [shown] = [r for r in world.mart("national_position") if _is(r, BAD, "HYDRA")]
    assert (shown["force_publication_id"], shown["numerator"], shown["last_value"]) == (1, 70, None)
    assert _history(world) == {(BAD, 1), (GOOD, 8), (GOOD, 9)}
    assert world.refusals() == []
    kept = world.rows(
        "select count(*) as versions from raw_general.force_publication"
        " where reporting_force_code = %s and not is_tombstone",
        BAD,
    )
    assert kept == [{"versions": 4}], "raw keeps what was exported before"
    assert _disagreements(world) == []


def test_a_wrong_row_is_gone_with_the_next_export(world: NationalWorld) -> None:
    force = made_up(BAD)
    wrong = Publication(9_999, days_before(1), {}, is_current=False, is_withdrawn=True)
    world.export(dataclasses.replace(force, publications=[*force.publications, wrong]))
    world.run()
    assert world.states()[BAD] == "WITHDRAWN"

    world.export(force)
    world.run()

    assert world.states()[BAD] is None
    assert _disagreements(world) == []


def test_an_export_that_arrives_late_touches_no_later_one_and_no_other_force(
    world: NationalWorld,
) -> None:
    world.export(made_up(GOOD))
    world.export(made_up(BAD, number=9))
    world.run()
    world.export(made_up(BAD, as_at=days_before(1), number=8), date(2026, 3, 9))

    world.run()

    assert world.states()[GOOD] is None
    [shown] = [r for r in world.mart("national_position") if _is(r, BAD, "HYDRA")]
    assert shown["force_publication_id"] == 9
    assert _history(world) == {(BAD, 9), (GOOD, 8)}
    assert _disagreements(world) == []
    world.run(days_before(1), makes_current=True)
    [shown] = [r for r in world.mart("national_position") if _is(r, BAD, "HYDRA")]
    assert shown["force_publication_id"] == 8


def test_an_export_without_a_publication_is_refused_and_shows_no_old_figure(
    world: NationalWorld,
) -> None:
    world.export(made_up(BAD))
    world.run()
    world.export(made_up(BAD), publication=[])
    world.run()

    assert world.states()[BAD] == "REFUSED"
    assert any("it has no rows: a full list is never empty" in one for one in world.refusals())
    world.export(made_up(BAD))
    world.run()
    assert world.states()[BAD] is None


def test_a_roll_back_of_the_national_view_shows_what_was_known_then(world: NationalWorld) -> None:
    world.export(made_up(GOOD))
    first = world.run()
    world.export(made_up(GOOD, {"HYDRA": (10, 100)}))
    second = world.run()
    assert _hydra(world) == 10

    pointer.rollback(world.settings, first, "the force delivered another force's figures")

    assert second > first
    assert _hydra(world) == 90


def test_a_run_for_an_earlier_moment_uses_what_forces_had_delivered_by_then(
    world: NationalWorld,
) -> None:
    world.export(made_up(GOOD, as_at=days_before(1)), date(2026, 3, 9))
    world.export(made_up(GOOD, {"HYDRA": (10, 100)}, number=9), DAY)

    world.run(days_before(1))

    assert _hydra(world) == 90


def _history(world: NationalWorld) -> set[tuple[str, int]]:
    return {
        (row["reporting_force_code"], row["force_publication_id"])
        for row in world.mart("national_history")
    }


def _disagreements(world: NationalWorld) -> list[str]:
    """Return where archive and raw disagree. The archive also has the files of other tests."""
    proofs = verify(world.settings)
    return [str(one) for proof in proofs for one in proof.disagreements if one.batch is not None]


def _is(row: dict[str, object], code: str, point: str) -> bool:
    return row["reporting_force_code"] == code and row["point_code"] == point


def _hydra(world: NationalWorld) -> int:
    [row] = [row for row in world.mart("national_position") if _is(row, GOOD, "HYDRA")]
    return int(row["numerator"])
