"""`assurance up`: every light of Airflow's home page is green, and no other machine can connect."""

import psutil
import pytest

from tests.end_to_end.airflow_server import Airflow, airflow, patiently
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow

WATCH = "assurance_watch"
LIGHTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


def test_every_part_is_healthy_and_serves_this_machine_alone(
    terminal: Terminal, first_run: str
) -> None:
    with airflow(terminal) as server:
        every_light_turns_green(server)
        the_log_of_a_task_can_be_read(server)
        assert listening() == {"127.0.0.1"}


def every_light_turns_green(server: Airflow) -> None:
    for _ in patiently("a part of Airflow is not healthy"):
        health = server.get("/monitor/health")
        if all(health[name]["status"] == "healthy" for name in LIGHTS):
            return


def the_log_of_a_task_can_be_read(server: Airflow) -> None:
    run = server.run_of(WATCH, "")
    assert server.wait_for_end(WATCH, run) == "success"
    log = server.get(f"/dags/{WATCH}/dagRuns/{run}/taskInstances/notify/logs/1")
    assert any("notify" in str(line) for line in log["content"])


def listening() -> set[str]:
    """Return the addresses at which Airflow's processes listen. They descend from the test."""
    return {
        one.laddr.ip
        for process in psutil.Process().children(recursive=True)
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    }
