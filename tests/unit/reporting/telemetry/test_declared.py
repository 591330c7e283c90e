"""Each metric is declared once, with a name that Prometheus and OpenTelemetry accept."""

import re

from oic_assurance.reporting.telemetry.declared import METRICS

#: Labels whose values are known in advance. No label names a person, a login, a unit or a reason.
LABELS = {
    *("outcome", "stage", "dataset", "severity", "result", "kind"),
    *("connection", "place"),
}


def test_every_metric_has_a_name_of_its_own() -> None:
    assert len({one.exported_as for one in METRICS}) == len(METRICS)


def test_names_end_with_their_unit_and_hold_nothing_else() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"assurance(\.[a-z_]+)+", metric.name)
        assert metric.exported_as.endswith("_seconds") is (metric.unit == "s")
        assert metric.exported_as.endswith("_bytes") is (metric.unit == "By")
        assert "timestamp" not in metric.name or metric.unit == "s"
        assert metric.says.endswith(".")


def test_labels_have_few_values() -> None:
    assert {label for metric in METRICS for label in metric.labels} == LABELS
