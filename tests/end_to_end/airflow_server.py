"""Start Airflow with `assurance up`, and act like a user of its web pages, through the REST API."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from tests.end_to_end.terminal import Terminal
from tests.ports import free_port

ENDED = ("success", "failed")
PATIENCE = 600.0
READY = "Airflow is at"
#: How long a person reads before answering. If an answer comes before Airflow's scheduler has
#: noticed that the waiting task's process has ended, the scheduler takes that end for the end of
#: the process that works on the answer. It drops the answer, and the task asks again or fails.
READING_SECONDS = 10.0


@dataclass(frozen=True)
class Airflow:
    """A client of a running Airflow, logged in as a user of the web pages."""

    client: httpx.Client
    #: How long a method waits for what it is asked to wait for.
    patience: float = PATIENCE

    def run_of(self, dag: str, as_at: str) -> str:
        """Return the id of the current run of a scheduled DAG.

        In a new state folder the scheduler starts a run by itself. If there are runs but all of
        them have ended, this method starts a new run as at `as_at`.
        """
        for _ in patiently(f"no run of {dag}", self.patience):
            found = self.client.get(f"/dags/{dag}/dagRuns")
            runs = found.json()["dag_runs"] if found.is_success else []
            for run in runs:
                if run["state"] not in ENDED:
                    return str(run["dag_run_id"])
            if runs:
                return self.trigger(dag, as_at)
        raise AssertionError

    def trigger(self, dag: str, as_at: str) -> str:
        """Start a run as at a moment, as soon as Airflow knows the DAG. Return the run's id."""
        return self.start(dag, as_at=as_at)

    def start(self, dag: str, **params: str) -> str:
        """Start a run with parameters, as soon as Airflow knows the DAG. Return the run's id."""
        for _ in patiently(f"{dag} is not known", self.patience):
            done = self.client.post(
                f"/dags/{dag}/dagRuns", json={"logical_date": None, "conf": params}
            )
            if done.is_success:
                return str(done.json()["dag_run_id"])
        raise AssertionError

    def wait_for_end(self, dag: str, run: str) -> str:
        """Wait until a run has ended. Return its state."""
        for _ in patiently(f"{dag} does not end", self.patience):
            state = self.get(f"/dags/{dag}/dagRuns/{quote(run)}")["state"]
            if state in ENDED:
                return str(state)
        raise AssertionError

    def wait_for(self, dag: str, run: str, task: str, *states: str) -> None:
        """Wait until a task of a run is in one of the given states."""
        for _ in patiently(f"{task} is never {states}", self.patience):
            if self.state(dag, run, task) in states:
                return

    def state(self, dag: str, run: str, task: str) -> str | None:
        """Return the state that Airflow shows for a task, or None if it has no state yet."""
        found = self.get(_task(dag, run, task))["state"]
        return None if found is None else str(found)

    def mark(self, dag: str, run: str, task: str, state: str) -> None:
        """Mark a task as succeeded, failed or skipped, like the button on the web page."""
        done = self.client.patch(_task(dag, run, task), json={"new_state": state})
        done.raise_for_status()

    def clear(self, dag: str, run: str, *tasks: str, downstream: bool = False) -> None:
        """Clear tasks, so that they run again. With `downstream`, clear later tasks as well."""
        done = self.client.post(
            f"/dags/{dag}/clearTaskInstances",
            json={
                "dry_run": False,
                "dag_run_id": run,
                "task_ids": list(tasks),
                "only_failed": False,
                "include_downstream": downstream,
                "reset_dag_runs": True,
            },
        )
        done.raise_for_status()

    def answer(self, dag: str, run: str, task: str, option: str, reason: str) -> None:
        """Answer a task that waits for a decision.

        The answer gives "A. Lead" as the name of the person who decides.
        """
        self.fill_in(dag, run, task, option, name="A. Lead", reason=reason)

    def fill_in(self, dag: str, run: str, task: str, option: str, **fields: str) -> None:
        """Read, choose an option and fill in the form, as on the page *Required Actions*."""
        time.sleep(READING_SECONDS)
        done = self.client.patch(
            f"{_task(dag, run, task)}/-1/hitlDetails",
            json={"chosen_options": [option], "params_input": fields},
        )
        done.raise_for_status()

    def get(self, path: str) -> Any:
        """Return the answer of the REST API at a path."""
        found = self.client.get(path)
        found.raise_for_status()
        return found.json()


@contextmanager
def airflow(
    terminal: Terminal,
    extra: Mapping[str, str] | None = None,
    login: tuple[str, str] | None = None,
) -> Iterator[Airflow]:
    """Start Airflow in a terminal's state folder, log in, and stop it at the end.

    `login` is a user and a password, by default those that `assurance up` has made.
    """
    port = str(free_port())
    settings = {
        "ASSURANCE_AIRFLOW_PORT": port, "ASSURANCE_RETRY_SECONDS": "1", **(extra or {}),
    }  # fmt: skip
    process = Terminal(terminal.home, terminal.project, {**terminal.extra, **settings}).begin("up")
    try:
        _wait_until_ready(process)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            if login is None:
                file = terminal.home / "secrets" / "airflow_login.json"
                (login,) = json.loads(file.read_text()).items()
            log_in(client, *login)
            yield Airflow(client)
    finally:
        process.terminate()
        process.communicate(timeout=180)


def log_in(client: httpx.Client, name: str, password: str) -> None:
    """Log in to Airflow's REST API. The client's later requests use this login."""
    token = client.post("/auth/token", json={"username": name, "password": password})
    token.raise_for_status()
    client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
    client.base_url = client.base_url.join("/api/v2")


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    output = []
    for line in process.stdout:
        output.append(line)
        if line.startswith(READY):
            return
    raise AssertionError("".join(output))


def _task(dag: str, run: str, task: str) -> str:
    return f"/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}"


def patiently(otherwise: str, limit: float = PATIENCE) -> Iterator[None]:
    """Yield once a second until the caller stops asking. After the limit, raise TimeoutError."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        yield
        time.sleep(1)
    raise TimeoutError(otherwise)
