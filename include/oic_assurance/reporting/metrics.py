"""Metrics: numbers about the running of the warehouse, for a force's monitoring.

A metric is not a measure: it says nothing about policing, and no person appears in it.
`metrics.yml` declares them. They are written as OpenMetrics text, for Prometheus.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import prometheus_client.core as prometheus
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from oic_assurance.errors import ServerError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.yaml_lines import load_yaml
from oic_assurance.state.read import state_session
from oic_assurance.warehouse.folders import replacing

#: The file that node_exporter's textfile collector reads.
FILE = "ASSURANCE_METRICS_FILE"
#: Readable for the group of the folder, which is the one that the collector runs as.
MODE = 0o640


@dataclass(frozen=True)
class Metric:
    """A metric: its name, which ends with its unit, what it says, its query, and its labels."""

    name: str
    says: str
    query: str
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class Sample:
    """The value of a metric now, with the values of its labels in the order of the declaration."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()


METRICS = [
    Metric(**one) for one in load_yaml(Path(__file__).with_suffix(".yml").read_text("utf-8"))
]


def collect(settings: Settings) -> list[Sample]:
    """Return the present value of each metric. A metric without a value is left out.

    If the warehouse does not answer, that is the only problem of which the number is known.

    Raises:
        UsageError: ASSURANCE_RUN_DEADLINE is not a time of day.
    """
    try:
        with state_session(settings) as warehouse:
            return [
                Sample(metric, _number(value), tuple(labels))
                for metric in METRICS
                for value, *labels in warehouse.execute(metric.query.encode()).fetchall()
                if value is not None
            ]
    except ServerError:
        (problems,) = (metric for metric in METRICS if metric.name == "assurance_problems")
        return [Sample(problems, 1.0, ("server",))]


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

    def collect(self) -> Iterator[prometheus.Metric]:
        for metric in METRICS:
            unit = "seconds" if metric.name.endswith("_seconds") else ""
            family = prometheus.GaugeMetricFamily(
                metric.name, metric.says, labels=metric.labels, unit=unit
            )
            for sample in self._samples:
                if sample.metric is metric:
                    family.add_metric(sample.labels, sample.value)
            if family.samples:
                yield family


def _number(value: datetime | timedelta | float) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
