"""What people try to do in Airflow, through the REST API: each action is one request.

The words are those of the table in docs/how-to/accounts.md.
"""

from collections.abc import Callable
from urllib.parse import quote

import httpx

from tests.end_to_end.airflow_server import Airflow

#: The DAG whose runs and tasks the actions are about, and its task that asks a person.
DAG, TASK = "assurance_daily", "approve_warning"
ALL_RUNS = f"/dags/{DAG}/dagRuns"

Action = Callable[[Airflow, str], httpx.Response]


def start(airflow: Airflow, run: str) -> httpx.Response:
    return airflow.client.post(ALL_RUNS, json={"logical_date": None})


def clear(airflow: Airflow, run: str) -> httpx.Response:
    what = {"dry_run": False, "dag_run_id": run, "task_ids": [TASK], "only_failed": False}
    return airflow.client.post(f"/dags/{DAG}/clearTaskInstances", json=what)


def backfill(airflow: Airflow, run: str) -> httpx.Response:
    what = {
        "dag_id": DAG, "from_date": "2026-01-01T00:00:00Z", "to_date": "2026-01-02T00:00:00Z",
        "dag_run_conf": {},
    }  # fmt: skip
    return airflow.client.post("/backfills/dry_run", json=what)


def parse_again(airflow: Airflow, run: str) -> httpx.Response:
    token = airflow.get(f"/dags/{DAG}")["file_token"]
    return airflow.client.put(f"/parseDagFile/{token}")


def change_variable(airflow: Airflow, run: str) -> httpx.Response:
    name = "tried"
    airflow.client.delete(f"/variables/{name}")
    return airflow.client.post("/variables", json={"key": name, "value": "x"})


def change_accounts(airflow: Airflow, run: str) -> httpx.Response:
    role = {"name": "Tried", "actions": []}
    airflow.client.delete(_accounts(airflow, "roles/Tried"))
    return airflow.client.post(_accounts(airflow, "roles"), json=role)


def answer(airflow: Airflow, run: str) -> httpx.Response:
    given = {"name": "A. Lead", "reason": "only tried"}
    return airflow.client.patch(
        _task(run, "/-1/hitlDetails"), json={"chosen_options": ["Reject"], "params_input": given}
    )


def _accounts(airflow: Airflow, path: str) -> str:
    return str(airflow.client.base_url).removesuffix("/api/v2/") + f"/auth/fab/v1/{path}"


def _run(run: str, path: str = "") -> str:
    return f"{ALL_RUNS}/{quote(run)}{path}"


def _task(run: str, path: str = "") -> str:
    return _run(run, f"/taskInstances/{TASK}{path}")


ACTIONS: dict[str, Action] = {
    "see DAGs, runs and tasks": lambda airflow, run: airflow.client.get(_task(run)),
    "read logs": lambda airflow, run: airflow.client.get(_task(run, "/logs/0")),
    "see *Required Actions*": lambda airflow, run: airflow.client.get(
        "/dags/~/dagRuns/~/hitlDetails"
    ),
    "answer a *Required Action*": answer,
    "start a run": start,
    "start a backfill": backfill,
    "clear a task": clear,
    "mark a task": lambda airflow, run: airflow.client.patch(
        _task(run), json={"new_state": "failed"}
    ),
    "mark a run": lambda airflow, run: airflow.client.patch(_run(run), json={"state": "failed"}),
    "pause a DAG": lambda airflow, run: airflow.client.patch(
        f"/dags/{DAG}", json={"is_paused": True}
    ),
    "pause many DAGs": lambda airflow, run: airflow.client.patch(
        "/dags", params={"dag_id_pattern": DAG}, json={"is_paused": True}
    ),
    "have a DAG's file read again": parse_again,
    "read what tasks pass on (*XComs*)": lambda airflow, run: airflow.client.get(
        _task(run, "/xcomEntries")
    ),
    "change what tasks pass on": lambda airflow, run: airflow.client.post(
        _task(run, "/xcomEntries"), json={"key": "tried", "value": "x", "map_index": -1}
    ),
    "read Airflow's audit log": lambda airflow, run: airflow.client.get("/eventLogs"),
    "read connections": lambda airflow, run: airflow.client.get("/connections"),
    "read variables": lambda airflow, run: airflow.client.get("/variables"),
    "change a variable": change_variable,
    "read pools": lambda airflow, run: airflow.client.get("/pools"),
    "see accounts": lambda airflow, run: airflow.client.get(_accounts(airflow, "users")),
    "change a role": change_accounts,
    "delete a run": lambda airflow, run: airflow.client.delete(_run(run)),
}
