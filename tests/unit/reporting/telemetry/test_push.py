"""Metrics are sent with OTLP only if the deployment asks for it, and over TLS if it must be."""

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.reporting.telemetry import push
from oic_assurance.reporting.telemetry.collected import Sample
from oic_assurance.reporting.telemetry.declared import METRICS

BY_NAME = {one.name: one for one in METRICS}
SAMPLES = [
    Sample(BY_NAME["assurance.quarantine.rows"], 57.0, ("hr/personnel",)),
    Sample(BY_NAME["assurance.publication.held"], 0.0),
]


class Collector(ThreadingHTTPServer):
    """A collector that decodes what it is sent. It answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.requests: list[ExportMetricsServiceRequest] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        collector = self.server
        assert isinstance(collector, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        collector.requests.append(ExportMetricsServiceRequest.FromString(body))
        self.send_response(collector.status)
        self.end_headers()
        self.wfile.write(ExportMetricsServiceResponse().SerializeToString())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as collector:
        Thread(target=collector.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv(push.ENDPOINT, f"http://127.0.0.1:{collector.server_port}")
        yield collector
        collector.shutdown()


def test_without_a_collector_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(push.ENDPOINT, raising=False)
    assert not push.is_wanted()


@pytest.mark.parametrize(
    ("variable", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_METRICS_EXPORTER", "none")]
)
def test_opentelemetrys_own_switches_are_obeyed(
    variable: str, value: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert push.is_wanted()
    monkeypatch.setenv(variable, value)
    assert not push.is_wanted()


def test_the_collector_gets_every_sample_with_its_unit(collector: Collector) -> None:
    push.send(SAMPLES, "E23000022")
    (request,) = collector.requests
    (resource,) = request.resource_metrics
    about = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert (about["service.name"], about["service.instance.id"]) == ("oic-assurance", "E23000022")
    (scope,) = resource.scope_metrics
    found = {
        (metric.name, metric.unit, *(one.value.string_value for one in point.attributes)):
        point.as_double
        for metric in scope.metrics
        for point in metric.gauge.data_points
    }  # fmt: skip
    assert found == {
        ("assurance.quarantine.rows", "{row}", "hr/personnel"): 57.0,
        ("assurance.publication.held", ""): 0.0,
    }


def test_a_collector_that_refuses_is_an_error(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = 400
    with pytest.raises(AssuranceError, match="did not take the metrics"):
        push.send(SAMPLES, "E23000022")
    assert str(collector.server_port) not in caplog.text


def test_where_tls_is_required_nothing_is_sent_without_it(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    with pytest.raises(UsageError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT: .* use https://"):
        push.send(SAMPLES, "E23000022")
    assert collector.requests == []


def test_a_protocol_that_is_not_installed_is_refused(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(UsageError, match="'grpc' is not supported: set it to http/protobuf"):
        push.send(SAMPLES, "E23000022")
