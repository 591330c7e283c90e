"""Each metric is declared once, with a name as Prometheus advises."""

import re

from oic_assurance.reporting.telemetry.declared import METRICS

#: Labels whose values are known in advance. No label names a person, a login, a unit or a reason.
LABELS = {
    *("outcome", "stage", "dataset", "severity", "result", "kind"),
    *("connection", "place"),
}


def test_every_metric_has_a_name_of_its_own() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_moments_and_durations_are_in_seconds() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"assurance_[a-z_]+", metric.name)
        is_time = re.search("_timestamp|_duration", metric.name) is not None
        assert metric.name.endswith("_seconds") is is_time
        assert metric.says.endswith(".")


def test_labels_have_few_values() -> None:
    assert {label for metric in METRICS for label in metric.labels} == LABELS
