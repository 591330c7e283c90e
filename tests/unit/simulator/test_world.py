"""The synthetic force has realistic numbers of records. Later days do not change earlier days."""

from collections import Counter
from datetime import date
from statistics import mean

import pytest

from oic_assurance.clock import london_day
from simulator.delivery.personnel import row_on
from simulator.force import DEFAULT_SEED
from simulator.moments import at, end_of
from simulator.organisation.posts import ELEARNING_ROLES, HYDRA_ROLES
from simulator.training.elearning import LAUNCH, MODULES
from simulator.world import World

BREAK = date(2025, 9, 10)
NOW = date(2026, 11, 24)
DEADLINE = date(2026, 4, 30)


def test_the_reporting_officer_is_in_post_and_has_the_collar_number(world: World) -> None:
    people = {person.employee_no: person for person in world.careers.people}
    mistyped = 0
    for record in world.store.records_of("nccu_referral"):
        contacted_at = record.first["contacted_at"]
        day = london_day(contacted_at)  # type: ignore[arg-type]
        person = people[str(record.about["person"])]
        # An officer can refer a victim a day or two after dealing with the case, and may have left
        # by then.
        assert person.is_in_post(day) or record.first["referral_type"] == "VICTIM"
        mistyped += record.first["reporting_officer_no"] != person.posting_on(day).collar
    assert 5 <= mistyped <= 0.02 * len(world.store.records_of("nccu_referral"))


def test_documents_have_every_outcome(world: World) -> None:
    why = Counter(record.about["why"] for record in world.store.records_of("report"))
    assert why.keys() == {
        "EVERYDAY",
        "IN_TIME",
        "LATE",
        "TWICE",
        "BY_OTHER",
        "BAD_GRADING",
        "DRAFT",
        "REJECTED",
        "UNNAMED",
        "WRONG_TYPE",
        "TOO_EARLY",
    }
    written = {record.about.get("referral") for record in world.store.records_of("report")}
    never = [
        r for r in world.store.records_of("nccu_referral") if r.first["referral_ref"] not in written
    ]
    assert len(never) > 100
    schemes = Counter(record.first["grading_scheme"] for record in world.store.records_of("report"))
    assert 0.01 <= schemes["5x5x5"] / schemes["3x5x2"] <= 0.06
    without_conditions = [
        record
        for record in world.store.records_of("report")
        if record.first["handling_code"] == "C"
        and not str(record.first["handling_conditions"] or "").strip()
    ]
    assert len(without_conditions) > 20


def elearning(world: World, day: date) -> float:
    done: dict[str, set[str]] = {}
    for event in world.learning:
        if (event.status, event.version, event.entry_error) != ("COMPLETED", "1", None):
            continue
        if event.module in MODULES and event.at and at(LAUNCH, 0) <= event.at < end_of(day):
            done.setdefault(event.employee_no, set()).add(event.module)
    relevant = [
        person.employee_no
        for person in world.careers.people
        if person.is_working(day) and person.posting_on(day).role in ELEARNING_ROLES
    ]
    return mean(len(done.get(number, ())) == len(MODULES) for number in relevant)


def hydra(world: World, day: date) -> float:
    passed = {
        one.employee_no
        for one in world.attendances
        if one.outcome == "PASS" and one.session.day <= day
    }
    relevant = [
        person.employee_no
        for person in world.careers.people
        if person.is_working(day) and person.posting_on(day).role in HYDRA_ROLES
    ]
    return mean(number in passed for number in relevant)


def test_elearning_meets_its_target_after_the_deadline(world: World) -> None:
    assert 0.8 <= elearning(world, DEADLINE) < 0.95
    assert elearning(world, NOW) >= 0.95


def test_hydra_stays_below_its_target(world: World) -> None:
    assert 0.5 <= hydra(world, DEADLINE) <= 0.8
    assert hydra(world, DEADLINE) < hydra(world, NOW) < 0.93


@pytest.fixture(scope="module")
def shorter() -> World:
    force = World(DEFAULT_SEED, date(2025, 1, 1))
    force.advance(BREAK)
    return force


def test_databases_do_not_depend_on_the_days_that_follow(world: World, shorter: World) -> None:
    moment = end_of(BREAK)
    for short, long in ((shorter, world), (world, shorter)):
        later = {(r.table.name, r.key): r for r in long.store.all_records()}
        for record in short.store.all_records():
            state = record.state_at(moment)
            same = later.get((record.table.name, record.key))
            assert state == (same.state_at(moment) if same else None)


def test_training_does_not_depend_on_the_days_that_follow(world: World, shorter: World) -> None:
    assert shorter.learning == [e for e in world.learning if e.logged_at < end_of(BREAK)]
    held = [one for one in world.attendances if one.session.day <= BREAK]
    assert shorter.attendances == held


def test_the_personnel_list_does_not_depend_on_the_days_that_follow(
    world: World, shorter: World
) -> None:
    def listed(force: World) -> list[tuple[object, ...]]:
        rows = [row_on(person, BREAK) for person in force.careers.people]
        return sorted(row for row in rows if row is not None)

    assert listed(shorter) == listed(world)


@pytest.mark.parametrize("size", [0.2, 2.0])
def test_a_force_has_people_and_events_in_proportion_to_its_size(
    shorter: World, size: float
) -> None:
    day = date(2025, 3, 31)
    force = World(DEFAULT_SEED, date(2025, 1, 1), size)
    force.advance(day)
    people, expected = (
        sum(person.is_in_post(day) for person in one.careers.people) for one in (force, shorter)
    )
    assert people / expected == pytest.approx(size, rel=0.1)
    for table in ("occurrence", "custody_record", "nccu_referral", "report"):
        records, expected = (
            sum(one.committed_at < end_of(day) for one in world.store.records_of(table))
            for world in (force, shorter)
        )
        # Three standard deviations of the difference, if each record is drawn by itself.
        chance = 3 * (size * expected + size**2 * expected) ** 0.5
        assert records == pytest.approx(size * expected, abs=chance + 0.05 * size * expected)
