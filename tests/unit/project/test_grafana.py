"""The dashboard and the alerts use metrics that exist, and the dashboard's file is up to date."""

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from oic_assurance.reporting.metrics import METRICS

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "oic-assurance.json"
RULES = DEPLOY / "prometheus" / "rules.yml"
LABELS = {metric.name: set(metric.labels) for metric in METRICS}
#: Labels that a monitoring system adds to each series.
ADDED = {"job", "instance"}
_USE = re.compile(r"\b(assurance_[a-z_]+)(?:\{([^}]*)\})?")


def dashboard_queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def rule_queries() -> list[str]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def test_the_dashboards_file_is_up_to_date() -> None:
    made = runpy.run_path(str(DEPLOY / "grafana" / "dashboard.py"))["dashboard_json"]()
    assert DASHBOARD.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("query", [*dashboard_queries(), *rule_queries()])
def test_a_query_uses_declared_metrics_with_their_labels(query: str) -> None:
    used = _USE.findall(query)
    assert used
    for name, selectors in used:
        labels = set(re.findall(r"(\w+)\s*(?:=~|!~|=|!=)\s*\"", selectors))
        assert labels <= LABELS[name] | ADDED, query


def test_the_dashboard_answers_every_question_of_the_promise() -> None:
    used = {name for query in dashboard_queries() for name, _ in _USE.findall(query)}
    not_shown = {
        "assurance_run_outcome", "assurance_run_started_timestamp_seconds",
        "assurance_run_duration_seconds", "assurance_run_stage_failed",
        "assurance_drill_finished_timestamp_seconds", "assurance_drill_proven",
        "assurance_metrics_collected_timestamp_seconds",
    }  # fmt: skip
    assert used == set(LABELS) - not_shown
