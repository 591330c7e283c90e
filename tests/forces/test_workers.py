"""Several forces on two workers: a worker is killed, Redis restarts, a server goes away."""

import signal
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.end_to_end.airflow_server import Airflow, patiently
from tests.forces.cluster import WORKERS, Cluster, running
from tests.forces.deployment import SEEDS, Deployment

pytestmark = pytest.mark.slow

CODES = tuple(SEEDS)[:3]
STEADY, INTERRUPTED, AWAY = CODES
FIRST, DAY_AFTER = "2026-06-20T05:30", "2026-06-21T05:30"
AWAY_SECONDS = 60
DECIDED = ("success", "skipped", "failed", "upstream_failed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    deployment = Deployment(tmp_path_factory.mktemp("cluster") / "deployment", CODES)
    deployment.prepare()
    try:
        deployment.fill_to(0)
        with running(deployment) as cluster:
            yield cluster
    finally:
        deployment.stop()


def daily(code: str) -> str:
    return f"assurance_daily_{code.lower()}"


def worker_of(cluster: Cluster, operator: Airflow, code: str, run: str, task: str) -> str:
    """Wait until a task runs, and return the worker on which it does."""
    for _ in patiently(f"{task} never runs", operator.patience):
        found = operator.get(f"/dags/{daily(code)}/dagRuns/{run}/taskInstances/{task}")
        if found["state"] == "running" and found["pid"]:
            for name in WORKERS:
                if cluster.has_started(name, int(found["pid"])):
                    return name
    raise AssertionError


def end(operator: Airflow, dag: str, run: str) -> str:
    """Wait until a run has ended, and return its state.

    In the world of one force, corrections make a missed deadline met, and a person decides.
    """
    operator.wait_for(dag, run, "approve_warning", "awaiting_input", *DECIDED)
    if operator.state(dag, run, "approve_warning") == "awaiting_input":
        operator.answer(dag, run, "approve_warning", "Approve", "the records are corrected")
    return operator.wait_for_end(dag, run)


def record(deployment: Deployment, code: str) -> list[tuple[str, int | None]]:
    """Return the outcome and the publication of each run that the warehouse has on record."""
    with psycopg.connect(deployment.forces[code].url("admin")) as warehouse:
        return warehouse.execute(
            "select outcome, publication_id from audit.run order by started_at"
        ).fetchall()


def test_all_forces_are_published_by_workers_that_share_no_folder(cluster: Cluster) -> None:
    deployment = cluster.deployment
    with cluster.operator() as operator:
        runs = {code: operator.trigger(daily(code), FIRST) for code in CODES}
        for code, run in runs.items():
            assert operator.wait_for_end(daily(code), run) == "success", code
    for code in CODES:
        assert deployment.differences(code, FIRST) == [], code
    used = [name for name in WORKERS if any((deployment.home / name / "forces").glob("*/log/*"))]
    assert used == list(WORKERS)


def test_what_is_lost_is_done_again_and_nothing_twice(cluster: Cluster) -> None:
    deployment = cluster.deployment
    before = {code: record(deployment, code) for code in CODES}
    deployment.fill_to(1)
    cluster.upload_dropzones()
    with cluster.operator() as operator:
        runs = {code: operator.trigger(daily(code), DAY_AFTER) for code in CODES}
        lost = worker_of(cluster, operator, INTERRUPTED, runs[INTERRUPTED], "build_marts")
        cluster.kill(lost)
        deployment.forces[AWAY].call("db", "stop")
        back = threading.Timer(AWAY_SECONDS, lambda: deployment.forces[AWAY].call("db", "start"))
        back.start()
        cluster.kill("redis", signal.SIGTERM)
        time.sleep(5)
        cluster.start_redis()
        cluster.start_worker(lost)
        back.join()
        ended = {code: end(operator, daily(code), run) for code, run in runs.items()}
    assert ended == dict.fromkeys(CODES, "success")
    for code in CODES:
        assert deployment.differences(code, DAY_AFTER) == [], code
        new = record(deployment, code)[len(before[code]) :]
        assert [outcome for outcome, _ in new] == ["published"], code
        with psycopg.connect(deployment.forces[code].url("bi")) as reader:
            counts = reader.execute(
                "select count(*), count(distinct publication_id) from marts.publication"
            ).fetchone()
        assert counts is not None
        assert counts[0] == counts[1] == 2, code
