"""Write metrics as OpenMetrics text, for Prometheus."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest

from oic_assurance.errors import UsageError
from oic_assurance.reporting.telemetry.collected import Sample
from oic_assurance.reporting.telemetry.declared import METRICS
from oic_assurance.warehouse.folders import replacing

#: The file that node_exporter's textfile collector reads.
FILE = "ASSURANCE_METRICS_FILE"
#: Readable for the group of the folder, which is the one that the collector runs as.
MODE = 0o640


def as_text(samples: Sequence[Sample]) -> str:
    """Return the metrics as OpenMetrics text.

    All metrics are gauges, so a reader of the older Prometheus text format understands it too.
    """
    registry = CollectorRegistry()
    registry.register(_Collector(samples))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text.decode()


def is_wanted() -> bool:
    """Tell whether `ASSURANCE_METRICS_FILE` names a file for the metrics."""
    return bool(os.environ.get(FILE, "").strip())


def write_file(samples: Sequence[Sample]) -> Path:
    """Write the metrics to the file that `ASSURANCE_METRICS_FILE` names, and return its path.

    The file is replaced in one step, so that nobody reads half of it.

    Raises:
        UsageError: The name does not end with `.prom`, or the file cannot be written.
    """
    given = os.environ.get(FILE, "").strip()
    path = Path(given).expanduser()
    if path.suffix != ".prom":
        raise UsageError(f"{FILE}: '{given}' must end with .prom, or node_exporter ignores it.")
    try:
        with replacing(path) as draft:
            draft.write_text(as_text(samples), encoding="utf-8")
            draft.chmod(MODE)
    except OSError as error:
        raise UsageError(f"{FILE}: '{given}' cannot be written: {error.strerror}.") from error
    return path


class _Collector:
    """Gives the samples to prometheus_client, one family for each metric."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        for metric in METRICS:
            family = GaugeMetricFamily(
                metric.name,
                metric.says,
                labels=metric.labels,
                unit="seconds" if metric.name.endswith("_seconds") else "",
            )
            for sample in self._samples:
                if sample.metric is metric:
                    family.add_metric(sample.labels, sample.value)
            if family.samples:
                yield family
