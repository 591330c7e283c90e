"""Metrics reach a real Prometheus through node_exporter, and alerts and the dashboard use them."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from oic_assurance import pipeline
from oic_assurance.clock import utc_now
from oic_assurance.reporting.metrics import METRICS, as_text, collect
from oic_assurance.settings import Settings
from tests.databases import Prepared, administrator
from tests.end_to_end.terminal import PROJECT
from tests.integration.publishing.marts import published
from tests.ports import free_port

pytestmark = pytest.mark.slow

RULES = PROJECT / "deploy" / "prometheus"
DASHBOARD = PROJECT / "deploy" / "grafana" / "dashboards" / "oic-assurance.json"
PATIENCE = 300.0


class Server:
    """A monitoring program on a free port of this machine."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=file)

    def wait(self, path: str) -> None:
        """Wait until the program answers at a path."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(self.url + path).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError(self._log.read_text())

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the result of a PromQL expression now. It must be valid."""
        found = httpx.post(f"{self.url}/api/v1/query", data={"query": expression}, timeout=60)
        assert found.is_success, (expression, found.text)
        result = found.json()["data"]["result"]
        assert isinstance(result, list)
        return result

    def stop(self) -> None:
        """Stop the program."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


@pytest.fixture(scope="module")
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse in which every metric has a value."""
    with prepared.copy(published) as settings:
        pipeline.open_run(settings, "r9", utc_now())
        with administrator(settings) as connection:
            connection.execute(EVERYTHING.encode())
        yield settings


#: What gives the metrics a value that a handmade publication alone does not give.
EVERYTHING = """
update audit.run set outcome = 'published', finished_at = now() + interval '11 minutes'
where run_id = 'r9';
insert into audit.stage (run_id, stage, dataset, started_at, finished_at, succeeded, rows) values
('r9', 'extract', 'hr/personnel', now(), now() + interval '3 s', true, 7),
('r9', 'publish', '', now(), now() + interval '5 s', true, 70);
create schema if not exists intermediate;
create table intermediate.int_source_freshness as
select 'E23000022' as force_code, 'hr/personnel' as dataset, 'fresh' as verdict,
    null::text as reason, now() as last_record_at, now() as last_landed_at,
    now() + interval '1 day' as due_by;
create schema if not exists policy;
create table policy.point_dataset (point_code text, dataset text);
grant usage on schema intermediate, policy to oic_gate;
grant select on all tables in schema intermediate, policy to oic_gate;
insert into audit.backup (
    made_at, folder, sha256, parts, size_bytes, batches, missing, code_version, is_encrypted
) values (now(), 'f', repeat('a', 64), '{}', 1, 1, 0, 'c', true);
insert into audit.restore_drill (
    sha256, started_at, finished_at, batches, content_fingerprint
) values (repeat('a', 64), now(), now(), 1, 'f');
insert into audit.observation (
    problem_code, subject, host, state, what, todo, amount, since, observed_at
) values
('certificate', 'AIRFLOW_CONN_WAREHOUSE', 'h', 'ok', 'w', '', 1.9e9, now(), now()),
('disk', 'state folder', 'h', 'ok', 'w', '', 1e12, now(), now());
insert into audit.batch (
    run_id, force_code, dataset, source_place, kind, delivered_for, status, kept_as, sha256
) values ('r9', 'E23000022', 'hr/personnel', 'x', 'file', now(), 'landed', 'batches/x.gz', 'x');
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("monitoring")


@pytest.fixture(scope="module")
def prometheus(folder: Path, warehouse: Settings) -> Iterator[Server]:
    """Prometheus with the rules of this project, after it has scraped the file of the metrics."""
    file = folder / "text" / "assurance.prom"
    file.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSURANCE_METRICS_FILE", str(file))
        pipeline.export_metrics(warehouse)
    node_port, port = free_port(), free_port()
    node_address = f"127.0.0.1:{node_port}"
    text = (RULES / "prometheus.yml").read_text()
    changed = {
        "127.0.0.1:9100": node_address,
        "interval: 1m": "interval: 1s",
        "[rules.yml]": f"[{RULES / 'rules.yml'}]",
    }
    for before, after in changed.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "prometheus.yml").write_text(text)
    node = Server(
        ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
         f"--collector.textfile.directory={file.parent}", f"--web.listen-address={node_address}"],
        node_port, folder / "node.log",
    )  # fmt: skip
    server = Server(
        ["prometheus", f"--config.file={folder / 'prometheus.yml'}",
         f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"],
        port, folder / "prometheus.log",
    )  # fmt: skip
    try:
        node.wait("/metrics")
        server.wait("/-/ready")
        until(lambda: server.query("assurance_metrics_collected_timestamp_seconds"))
        yield server
    finally:
        server.stop()
        node.stop()


def until(found: Any) -> None:
    """Wait until a function returns something."""
    deadline = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_prometheus_finds_no_fault_in_the_text(warehouse: Settings) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=as_text(collect(warehouse)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_prometheus_scrapes_every_metric_from_the_file(prometheus: Server) -> None:
    for metric in METRICS:
        assert prometheus.query(f"last_over_time({metric.name}[1h])"), metric.name


def test_the_alerts_are_valid_and_their_tests_pass() -> None:
    for command in (
        ["check", "rules", "rules.yml"],
        ["test", "rules", "rules_test.yml"],
        ["check", "config", "prometheus.yml"],
    ):
        done = subprocess.run(
            ["promtool", *command], cwd=RULES, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_evaluates_every_rule(prometheus: Server) -> None:
    def groups() -> list[dict[str, Any]]:
        answer = httpx.get(f"{prometheus.url}/api/v1/rules").json()["data"]["groups"]
        return [rule for group in answer for rule in group["rules"]]

    until(lambda: all(rule["health"] != "unknown" for rule in groups()))
    assert {rule["health"] for rule in groups()} == {"ok"}
    until(lambda: prometheus.query("assurance:publication_age_seconds"))


def test_every_query_of_the_dashboard_finds_something(prometheus: Server) -> None:
    """Open problems are the exception: a healthy warehouse has none."""
    text = DASHBOARD.read_text(encoding="utf-8")
    expressions = [
        target["expr"]
        for panel in json.loads(text)["panels"]
        for target in panel.get("targets", ())
    ]
    assert len(expressions) > 12
    for expression in expressions:
        chosen = expression.replace("$job", ".*").replace("$instance", ".*")
        found = prometheus.query(chosen)
        assert found or chosen.endswith("> 0") or "assurance_build_checks" in chosen, chosen
