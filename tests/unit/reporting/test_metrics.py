"""Metrics: their names, the text that Prometheus reads, and the file for its collector."""

import re
import stat
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as as_openmetrics
from prometheus_client.parser import text_string_to_metric_families as as_prometheus

from oic_assurance.errors import UsageError
from oic_assurance.reporting.metrics import METRICS, Sample, as_text, write_file

#: Labels whose values are known in advance. No label names a person, a login, a unit or a reason.
LABELS = {
    *("outcome", "stage", "dataset", "severity", "result", "kind"),
    *("connection", "place"),
}
BY_NAME = {metric.name: metric for metric in METRICS}
FRESH = BY_NAME["assurance_dataset_fresh"]
SAMPLES = [
    Sample(BY_NAME["assurance_publication_as_at_timestamp_seconds"], 1776745800.0),
    Sample(FRESH, True, ("hr/personnel",)),
    Sample(FRESH, False, ('odd "dataset"\\',)),
]


def test_old_and_new_readers_find_the_same_metrics() -> None:
    text = as_text(SAMPLES)
    found = [
        {(one.name, *sorted(one.labels.items())): one.value for one in family.samples}
        for parse in (as_openmetrics, as_prometheus)
        for family in parse(text)
    ]
    assert (
        found[:2]
        == found[2:]
        == [
            {("assurance_publication_as_at_timestamp_seconds",): 1776745800.0},
            {
                ("assurance_dataset_fresh", ("dataset", "hr/personnel")): 1.0,
                ("assurance_dataset_fresh", ("dataset", 'odd "dataset"\\')): 0.0,
            },
        ]
    )


def test_a_metric_without_a_value_is_left_out() -> None:
    assert "assurance_drill_proven" not in as_text(SAMPLES)


def test_the_file_is_replaced_and_only_its_group_may_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "assurance.prom"
    monkeypatch.setenv("ASSURANCE_METRICS_FILE", str(file))
    write_file(SAMPLES[:1])
    write_file(SAMPLES)
    assert file.read_text() == as_text(SAMPLES)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("place", "message"),
    [("metrics.txt", r"must end with \.prom"), ("missing/a.prom", "No such file or directory")],
)
def test_a_place_that_cannot_be_used_is_an_error(
    place: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_METRICS_FILE", str(tmp_path / place))
    with pytest.raises(UsageError, match=message):
        write_file(SAMPLES)


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
