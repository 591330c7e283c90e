"""`assurance up`: every light of Airflow's home page is green, and no other machine can connect."""

import json

import psutil
import pytest

from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import connect
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
        what_is_wrong_stands_above_the_lists(server, terminal)
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


def what_is_wrong_stands_above_the_lists(server: Airflow, terminal: Terminal) -> None:
    """The watch stores the open problems, and the home page shows them in the words of `status`."""
    settings = load_settings({"ASSURANCE_HOME": str(terminal.home)})
    with connect(settings, role="oic_gate") as session:
        session.execute(
            "insert into audit.run (run_id, as_at, started_at, finished_at, outcome, message) "
            "values ('a test', now(), now(), now(), 'failed', 'it is a test')"
        )
    assert server.wait_for_end(WATCH, server.run_of(WATCH, "a test")) == "success"
    [shown] = server.client.get("../../ui/config").json()["dashboard_alert"]
    [problem] = json.loads(terminal.assurance("status", "--json").stdout)["problems"]
    assert (shown["category"], problem["severity"]) == ("error", "critical")
    assert problem["title"] in shown["text"]
    assert problem["readers_see"] in shown["text"]


def listening() -> set[str]:
    """Return the addresses at which Airflow's processes listen. They descend from the test."""
    return {
        one.laddr.ip
        for process in psutil.Process().children(recursive=True)
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    }
