"""The page that describes every metric."""

from pathlib import Path

from oic_assurance.reporting.documents.markdown import row
from oic_assurance.reporting.telemetry.declared import METRICS, Metric
from oic_assurance.state.apply import problem_kinds

PAGE = Path("docs") / "reference" / "metrics.md"
_HEAD = """# Metrics

`assurance metrics` prints these numbers, and [the monitoring](../how-to/monitor.md) collects them.
Each is a gauge: it is true now. The names are those of Prometheus. In OpenTelemetry, a name has
dots, and its unit is a field: `assurance_run_duration_seconds` is `assurance.run.duration` with
unit `s`.

- **A moment is a number of seconds since 1970**, so that its age is right whenever somebody looks,
  however old the export is: `time() - assurance_publication_as_at_timestamp_seconds`.
- **A metric without a value is left out**, for example those of drills before the first drill.
- **No metric is about a person.** No label is a login, a unit, a record or a reason. The values of
  all labels are known in advance.

"""
_LABELS = {
    "outcome": "`published`, `blocked`, `failed`, `running`",
    "severity": "`critical`, `warning`, `info`",
    "result": "`passed`, `failed`",
    "kind": ", ".join(f"`{code}`" for code in problem_kinds()),
    "stage": "the stages of a run from the extraction to the publication: `extract`, "
    "`close_landing`, `build_marts`, `audit_landing`, `audit_marts`, `seal_marts`, "
    "`audit_sealed`, `publish`",
    "dataset": "the name of a [dataset](../datasets/README.md)",
    "connection": "the environment variable of a [connection](../how-to/tls.md)",
    "place": "`state folder` or `back-ups`",
}


def page() -> str:
    """Return the page: a table of all metrics, and a table of the labels."""
    text = _HEAD + row("metric", "labels", "what it says") + "|---|---|---|\n"
    text += "".join(map(_metric, METRICS))
    text += "\n## Labels\n\n" + row("label", "values") + "|---|---|\n"
    for label, values in _LABELS.items():
        text += row(f"`{label}`", values)
    return text


def _metric(metric: Metric) -> str:
    return row(f"`{metric.exported_as}`", _listed(metric.labels), metric.says)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
