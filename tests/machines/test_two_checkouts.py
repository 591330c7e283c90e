"""Two checkouts on one machine, each with a state and a server of its own, run at the same time."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.machines.machine import Machine, fresh

pytestmark = pytest.mark.slow


def test_two_checkouts_run_at_the_same_time(tmp_path: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor() as both:
        machines = [stack.enter_context(fresh(Machine(tmp_path / name))) for name in ("one", "two")]
        shown = list(both.map(Machine.publish, machines))
        ports = {(machine.home / "postgres/port").read_text() for machine in machines}
    assert all("Assurance position as at Tue 21 Apr 2026 05:30" in text for text in shown)
    assert len(ports) == len(machines)
