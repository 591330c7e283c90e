"""Send metrics with OTLP, OpenTelemetry's protocol, to the collector that Airflow uses too.

OpenTelemetry's own environment variables say where it is. Without one of them, nothing is sent.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.reporting.telemetry.collected import Sample
from oic_assurance.reporting.telemetry.declared import METRICS, Metric
from oic_assurance.warehouse.transport import check_address

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
METRICS_ENDPOINT = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP = "http/protobuf"
SERVICE = "oic-assurance"


def is_wanted() -> bool:
    """Tell whether OpenTelemetry's variables name a collector and do not switch metrics off."""
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    is_off = is_off or os.environ.get("OTEL_METRICS_EXPORTER", "").strip() == "none"
    return not is_off and any(
        os.environ.get(one, "").strip() for one in (ENDPOINT, METRICS_ENDPOINT)
    )


def send(samples: Sequence[Sample], force_code: str) -> None:
    """Send the metrics once, and wait for the answer.

    Raises:
        UsageError: TLS is required and the address is not https://, or the protocol is not HTTP.
        AssuranceError: The collector did not take the metrics.
    """
    _check()
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
    from opentelemetry.sdk.resources import Resource

    reader = InMemoryMetricReader()
    resource = Resource.create({"service.name": SERVICE, "service.instance.id": force_code})
    provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter("oic_assurance")
    for metric in METRICS:
        meter.create_observable_gauge(
            metric.name, [_Observer(metric, samples)], metric.unit, metric.says
        )
    data = reader.get_metrics_data()
    exporter = OTLPMetricExporter()
    # The exporter logs each failed attempt with the address, which may hold a key.
    quiet = logging.getLogger(OTLPMetricExporter.__module__)
    before, quiet.disabled = quiet.disabled, True
    try:
        done = data is not None and exporter.export(data) is MetricExportResult.SUCCESS
    finally:
        quiet.disabled = before
        exporter.shutdown()
        provider.shutdown()
    if not done:
        raise AssuranceError(
            f"The collector of {ENDPOINT} did not take the metrics: check its address, its "
            "certificate and its log."
        )


def _check() -> None:
    for variable in (ENDPOINT, METRICS_ENDPOINT):
        check_address(variable)
    for variable in PROTOCOLS:
        given = os.environ.get(variable, "").strip() or HTTP
        if given != HTTP:
            raise UsageError(f"{variable}: '{given}' is not supported: set it to {HTTP}.")


class _Observer:
    """Gives the samples of one metric to OpenTelemetry when it asks for them."""

    def __init__(self, metric: Metric, samples: Sequence[Sample]) -> None:
        self._metric, self._samples = metric, samples

    def __call__(self, options: "CallbackOptions") -> "Iterator[Observation]":
        from opentelemetry.metrics import Observation

        for sample in self._samples:
            if sample.metric is self._metric:
                labels = dict(zip(self._metric.labels, sample.labels, strict=True))
                yield Observation(float(sample.value), labels)
