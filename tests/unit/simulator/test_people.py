from collections import Counter
from datetime import date, timedelta

import pytest

from simulator.chance import Chance
from simulator.moments import days
from simulator.organisation.posts import ELEARNING_ROLES, HYDRA_ROLES
from simulator.organisation.units import MOVED_ON, UNITS, units_on
from simulator.people.careers import Careers
from simulator.world import World

EPOCH, LAST = date(2025, 1, 1), date(2026, 11, 24)
MONTHS = [EPOCH, date(2025, 9, 15), date(2026, 4, 30), LAST]


@pytest.mark.parametrize("day", MONTHS)
def test_the_force_keeps_its_size(world: World, day: date) -> None:
    present = [person for person in world.careers.people if person.is_in_post(day)]
    kinds = Counter(person.posting_on(day).employment_type for person in present)
    assert 1420 <= kinds["OFFICER"] <= 1540
    assert 940 <= kinds["STAFF"] <= 1030
    assert 85 <= kinds["PCSO"] <= 105
    assert 60 <= kinds["SPECIAL"] <= 90
    roles = Counter(person.posting_on(day).role for person in present)
    assert 650 <= sum(roles[role] for role in ELEARNING_ROLES) <= 850
    assert 190 <= sum(roles[role] for role in HYDRA_ROLES) <= 250
    away = sum(person.absence_on(day) is not None for person in present)
    assert 0.02 <= away / len(present) <= 0.06


def test_postings_are_in_units_that_exist(world: World) -> None:
    teams = {unit.code: unit for unit in UNITS if unit.kind == "TEAM"}
    for person in world.careers.people:
        for posting in person.postings:
            assert posting.since >= teams[posting.unit].opens


def test_careers_are_consistent(world: World) -> None:
    numbers = [person.employee_no for person in world.careers.people]
    assert len(set(numbers)) == len(numbers)
    assert all(len(number) == 6 and number.isdigit() for number in numbers)
    for person in world.careers.people:
        since = [posting.since for posting in person.postings]
        assert since == sorted(since)
        assert person.postings[0].since == person.joined
        if person.left is not None:
            assert person.left >= person.joined
            assert person.left_keyed_on is not None
            assert person.left - person.left_keyed_on <= timedelta(days=14)


def test_collar_numbers_are_reused_but_rarely_shared(world: World) -> None:
    holders: dict[str, set[str]] = {}
    for person in world.careers.people:
        for posting in person.postings:
            holders.setdefault(posting.collar, set()).add(person.employee_no)
    assert sum(len(people) > 1 for people in holders.values()) > 100
    shared_days = 0
    for day in days(date(2026, 1, 1), date(2026, 3, 31)):
        worn = Counter(
            person.posting_on(day).collar
            for person in world.careers.people
            if person.is_in_post(day)
        )
        shared = [number for number, count in worn.items() if count > 1]
        assert len(shared) <= 5
        shared_days += len(shared)
    assert shared_days < 3 * 90


def test_careers_do_not_depend_on_how_far_they_are_simulated() -> None:
    short, long = Careers(Chance(3), EPOCH), Careers(Chance(3), EPOCH)
    short.advance(date(2025, 6, 30))
    long.advance(date(2025, 4, 1))
    long.advance(date(2026, 1, 31))
    later = {person.employee_no: person for person in long.people}
    until = date(2025, 6, 30)
    for person in short.people:
        same = later[person.employee_no]
        assert person.postings == [p for p in same.postings if p.since <= until] or (
            person.joined > until
        )
        for day in (date(2025, 3, 1), until):
            assert person.is_in_post(day) == same.is_in_post(day)
            assert person.absence_on(day) == same.absence_on(day)


def test_one_team_moves_and_one_is_new() -> None:
    before, after = MOVED_ON - timedelta(days=1), MOVED_ON
    moved = [unit for unit in units_on(after) if unit.parent_on(before) != unit.parent_on(after)]
    assert len(moved) == 1
    assert len(units_on(date(2026, 1, 12))) == len(units_on(date(2026, 1, 11))) + 1
    for unit in units_on(after):
        above = {other.code: other.kind for other in units_on(after)}
        expected = {"FORCE": None, "DIRECTORATE": "FORCE", "DISTRICT": "DIRECTORATE"}
        assert above.get(unit.parent_on(after)) == expected.get(unit.kind, "DISTRICT")
