"""Each metric is declared once, with a name that Prometheus and OpenTelemetry accept."""

import re

from oic_assurance.notifications.notification import TITLES
from oic_assurance.reporting.telemetry import declared
from oic_assurance.reporting.telemetry.declared import KINDS, METRICS, Metric

#: Labels whose values are known in advance. No label names a person, a login, a unit or a reason.
LABELS = {"outcome", "stage", "dataset", "severity", "result", "kind"}


def test_every_declared_metric_is_exported_once() -> None:
    found = [one for one in vars(declared).values() if isinstance(one, Metric)]
    assert set(METRICS) == set(found)
    assert len({one.exported_as for one in METRICS}) == len(METRICS)


def test_names_end_with_their_unit_and_hold_nothing_else() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"assurance(\.[a-z_]+)+", metric.name)
        assert metric.exported_as.endswith("_seconds") is (metric.unit == "s")
        assert "timestamp" not in metric.name or metric.unit == "s"
        assert metric.says.endswith(".")


def test_labels_have_few_values() -> None:
    assert {label for metric in METRICS for label in metric.labels} == LABELS


def test_every_kind_of_problem_has_a_number() -> None:
    assert set(KINDS) == set(TITLES)
