"""Read the present value of every metric from the views of state."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from oic_assurance.errors import ServerError
from oic_assurance.reporting.telemetry.declared import METRICS, Metric
from oic_assurance.settings import Settings
from oic_assurance.state.read import state_session


@dataclass(frozen=True)
class Sample:
    """The value of a metric now, with the values of its labels in the order of the declaration."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()


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
                for value, *labels in warehouse.execute(metric.query).fetchall()
                if value is not None
            ]
    except ServerError:
        (problems,) = (metric for metric in METRICS if metric.name == "assurance_problems")
        return [Sample(problems, 1.0, ("server",))]


def _number(value: datetime | timedelta | float) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
