"""Random histories of landed files, replayed rows and erased records.

After each step, raw and the archived batches must agree, and no erased key may remain. The
environment variable LANDING_EXAMPLES sets the number of histories.
"""

import csv
import os
import tempfile
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.replay import replay
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.support import World, person

PEOPLE = "hr/personnel"
DAYS = [f"2026010{day}" for day in range(1, 6)]
KEYS = [f"00010{number}" for number in range(4)]
KNOWN_KEYS = """
    select row_key from raw_general.personnel
    union all select row_key from audit.rejected_row
    union all select replayed_key from audit.rejected_row
    union all select row_key from audit.replayed_row
"""
PROFILE = settings(
    max_examples=int(os.environ.get("LANDING_EXAMPLES", "3")),
    stateful_step_count=14,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def lines_of(key: str) -> st.SearchStrategy[str]:
    """Draw a line about an officer: good, rejected, truncated, or with an unreadable key."""
    good = [person(key, unit) for unit in "AB"]
    return st.sampled_from([*good * 3, person(key, start="never"), person(f"x{key}"), f"{key},C1"])


class Records(RuleBasedStateMachine):
    """Draws histories of three steps: deliver a file, erase a record, and correct rejected rows."""

    warehouse: ClassVar[Settings]

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.world = World(self.warehouse, Path(self._folder.name))
        self.world.land(PEOPLE)
        self.erased: set[str] = set()

    def teardown(self) -> None:
        self.world.close()
        self._folder.cleanup()

    @rule(
        day=st.sampled_from(DAYS),
        rows=st.lists(st.sampled_from(KEYS).flatmap(lines_of), min_size=1, max_size=6),
    )
    def deliver(self, day: str, rows: list[str]) -> None:
        """Drop and land a personnel file for any day, even for a day that has had a file before.

        A key can occur twice in the file.
        """
        self.world.personnel(day, *rows)
        self.world.land(PEOPLE)
        self._check()

    @rule(key=st.sampled_from(KEYS))
    def erase(self, key: str) -> None:
        """Erase the record of an officer from the warehouse."""
        what = dataset(PEOPLE)
        request = Request(what, what.tables[0], (key,), "asked for")
        if erase(self.world.settings, request):
            self.erased.add(key)
        self._check()

    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        """Replay some rows from quarantine: corrected, with another key, or unchanged."""
        path = Path(self._folder.name) / "rejected.csv"
        path.unlink(missing_ok=True)
        try:
            export_rejected(self.world.settings, QuarantineFilter(PEOPLE), path, "somebody")
        except AssuranceError:  # the quarantine is empty
            return
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = csv.reader(file)
        taken = []
        for row in rows:
            key = data.draw(st.sampled_from([None, row[0], row[0].lstrip("x"), *KEYS]))
            start = data.draw(st.sampled_from(["2020-01-01", row[6]]))
            if key is not None:
                taken.append([key, row[1], "OFFICER", *row[3:6], start, *row[7:]])
        if taken:
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([head, *taken])
            replay(self.world.settings, PEOPLE, path, "HR said so", "somebody")
        self._check()

    def _check(self) -> None:
        [proof] = verify(self.world.settings, PEOPLE)
        assert [str(one) for one in proof.disagreements] == []
        assert not self.erased & {key for (key,) in self.world.query(KNOWN_KEYS)}


def test_erased_records_stay_erased_in_any_history(warehouse: Settings) -> None:
    Records.warehouse = warehouse
    run_state_machine_as_test(Records, settings=PROFILE)
