"""Random histories of dropped files.

Files are new, repeated, changed or late, and are landed by one run or by two runs at once. A state
machine draws the histories and compares raw with a plain model after every landing. The environment
variable LANDING_EXAMPLES sets the number of histories.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.land import land_dataset
from oic_assurance.pipeline import extract
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url, connect
from oic_assurance.warehouse.locks import dataset_lock, take
from oic_assurance.warehouse.rows import one_value
from tests.integration.landing.support import (
    World,
    london_midnight,
    person,
)
from tests.property.faults import Fault, ProcessEnded, inject

PEOPLE = "hr/personnel"
DAYS = [f"2026010{day}" for day in range(1, 6)]
KEYS = ["000001", "000002", "000003"]
STEPS = 60
PROFILE = settings(
    max_examples=int(os.environ.get("LANDING_EXAMPLES", "4")),
    stateful_step_count=12,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True)
class Delivery:
    """A personnel file for a day. `units` maps each listed officer to a unit."""

    day: str
    units: dict[str, str]


class Files(RuleBasedStateMachine):
    """Draws histories of steps that drop and land files, and keeps a model of them.

    `dropped` maps each day to the file that was dropped last. `landed` lists the landed files: if
    two are for the same day, the one landed last wins. `landed_until` maps each batch to the files
    that had been landed by then.
    """

    warehouse: ClassVar[Settings]

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.world = World(self.warehouse, Path(self._folder.name))
        self.dropped: dict[str, Delivery] = {}
        self.landed: list[Delivery] = []
        self.landed_until: dict[int, list[Delivery]] = {}

    def teardown(self) -> None:
        self.world.close()
        self._folder.cleanup()

    # ------------------------------------------------------------ steps that drop files

    @rule(
        day=st.sampled_from(DAYS),
        units=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["A", "B"]), min_size=1),
    )
    def drop(self, day: str, units: dict[str, str]) -> None:
        """Drop a file for any day, even for a day that has had a file before."""
        self.dropped[day] = Delivery(day, dict(units))
        self.world.personnel(day, *(person(key, unit) for key, unit in sorted(units.items())))

    @precondition(lambda self: self.dropped)
    @rule(data=st.data())
    def drop_again(self, data: st.DataObject) -> None:
        """Drop the same bytes under the same name, with another modification time."""
        delivery = self.dropped[data.draw(st.sampled_from(sorted(self.dropped)))]
        self.drop(delivery.day, delivery.units)

    @rule(day=st.sampled_from(DAYS))
    def half_written(self, day: str) -> None:
        """Drop a file that is not complete and does not have its final name yet."""
        self.world.drop(f"hr/personnel/personnel_{day}.csv.part", "employee_no,coll")

    # ------------------------------------------------------------ steps that land files

    @rule()
    def land(self) -> None:
        assert self.world.land(PEOPLE).batches == self._note_new_files()
        self._check()

    @rule()
    def land_twice_at_once(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            reports = list(
                pool.map(lambda run: land_dataset(self.world.settings, PEOPLE, run), ["one", "two"])
            )
        assert sum(report.batches for report in reports) == self._note_new_files()
        self._check()

    @rule(
        fault=st.builds(
            Fault,
            st.sampled_from(["process ends", "warehouse session cut"]),
            st.integers(1, STEPS),
        )
    )
    def land_with_fault(self, fault: Fault) -> None:
        """Land with a fault. Each file must be landed completely or not at all."""
        before = self._batches()
        try:
            with inject(self.world.settings, fault):
                # This is the function that a run calls. It also decides which errors Airflow
                # retries.
                settings = self.world.settings
                extract(settings, "with a fault", PEOPLE)
        except (AssuranceError, ProcessEnded):
            pass
        self._note_new_files(only=self._batches() - before)
        self._check()

    # ------------------------------------------------------------ the model, compared with raw

    def _batches(self) -> int:
        return len(self.world.batches(PEOPLE))

    def _note_new_files(self, only: int | None = None) -> int:
        """Add to the model the files that a landing should land, in the order of their days.

        With `only`, adds at most that number of files. Returns the number of added files.
        """
        latest = {delivery.day: delivery for delivery in self.landed}
        new = [d for day, d in sorted(self.dropped.items()) if latest.get(day) != d][:only]
        batches = self.world.batches(PEOPLE)
        for delivery, batch in zip(new, batches[len(batches) - len(new) :], strict=True):
            self.landed.append(delivery)
            self.landed_until[batch["batch_id"]] = list(self.landed)
        return len(new)

    def _check(self) -> None:
        """Compare raw with the model, as at each day and as it was known after each batch."""
        for batch_id, landed in self.landed_until.items():
            for day in DAYS:
                state = self.world.state(PEOPLE, ("org_unit_code",), london_midnight(day), batch_id)
                assert {key: unit for key, (unit,) in state.items()} == _units(landed, day)
        assert (
            self.world.query(
                "select row_key, version_at from raw_general.personnel"
                " group by row_key, version_at, batch_id having count(*) > 1"
            )
            == []
        )


def _units(landed: list[Delivery], day: str) -> dict[str, str]:
    """Return the unit of each officer in the newest file that is for a day or an earlier day.

    Officers who are not in that file have left.
    """
    until = [delivery for delivery in landed if delivery.day <= day]
    # The sort keeps the order of landing among files for the same day, so the one landed last wins.
    return sorted(until, key=lambda delivery: delivery.day)[-1].units if until else {}


def test_raw_agrees_with_the_model_in_any_history(warehouse: Settings) -> None:
    Files.warehouse = warehouse
    run_state_machine_as_test(Files, settings=PROFILE)


def test_two_landings_at_once_land_a_file_once(warehouse: Settings, tmp_path: Path) -> None:
    world = World(warehouse, tmp_path)
    world.personnel("20260101", "000001", "000002")
    with ThreadPoolExecutor(2) as pool:
        with _lock_of(world, PEOPLE):
            landings: list[Any] = [
                pool.submit(land_dataset, world.settings, PEOPLE, run) for run in ("one", "two")
            ]
            _wait_until_waiting(world, 2)
            assert world.batches(PEOPLE) == []
        reports = [landing.result() for landing in landings]
    assert sorted(report.batches for report in reports) == [0, 1]
    assert sorted(world.state(PEOPLE, ())) == ["000001", "000002"]
    assert len(world.batches(PEOPLE)) == 1
    world.close()


@contextmanager
def _lock_of(world: World, dataset: str) -> Iterator[None]:
    """Hold the lock of a dataset inside the block, so that no landing can start."""
    with connect(world.settings, role="oic_landing", autocommit=True) as connection:
        take(connection, dataset_lock(world.settings.force_code, dataset))
        yield


def _wait_until_waiting(world: World, sessions: int) -> None:
    deadline = time.monotonic() + 30
    waiting = """
        select count(*) from pg_stat_activity
        where query like '%locks.try_take%' and datname = current_database()
            and pid not in (select pid from locks.held union all select pg_backend_pid())
    """
    database = world.one("select current_database()")
    with psycopg.connect(admin_url(world.settings, database), autocommit=True) as administrator:
        while one_value(administrator, waiting) < sessions:
            assert time.monotonic() < deadline, "a landing did not wait for the dataset's lock"
            time.sleep(0.02)
