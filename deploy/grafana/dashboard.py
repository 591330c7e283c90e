"""Write the Grafana dashboard: `python deploy/grafana/dashboard.py` writes the JSON beside it.

Grafana's own library gives the types, so that a field that Grafana does not know is an error here.
The metrics are described in docs/reference/metrics.md.
"""

import sys
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as prometheus_model

FILE = Path(__file__).with_name("dashboards") / "oic-assurance.json"
GREEN, AMBER, RED, GREY = "green", "orange", "red", "text"
#: Metrics are exported every 15 minutes. This look back shows no gap if one export fails.
BACK = "[45m]"
DAY, HOUR = 86400.0, 3600.0
#: The series of the deployments that the reader has chosen.
CHOSEN = 'job=~"$job", instance=~"$instance"'
DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")

Steps = list[tuple[float | None, str]]


def last(metric: str, labels: str = "") -> str:
    """Return the expression for the last value of a metric that was exported lately."""
    return f"last_over_time({metric}{{{', '.join(filter(None, (CHOSEN, labels)))}}}{BACK})"


def age(metric: str) -> str:
    """Return the expression for how long ago the moment in a metric is, in seconds."""
    return f"time() - {last(metric)}"


def dashboard_json() -> str:
    """Return the dashboard as Grafana imports it, with a line break at the end."""
    builder = (
        dashboard.Dashboard("OIC assurance")
        .uid("oic-assurance")
        .description("Does the assurance warehouse keep its promise, and what has to be done?")
        .tags(["oic", "assurance"])
        .readonly()
        .timezone("Europe/London")
        .refresh("1m")
        .time("now-7d", "now")
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
        )
        .with_variable(_variable("job", "label_values(assurance_problems, job)"))
        .with_variable(
            _variable("instance", 'label_values(assurance_problems{job=~"$job"}, instance)')
        )
    )
    for row, panels in ROWS:
        builder = builder.with_row(dashboard.Row(row))
        for panel in panels:
            builder = builder.with_panel(panel)
    text = JSONEncoder(sort_keys=True, indent=2).encode(builder.build())
    return text + "\n"


def _variable(name: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )


def _query(expression: str, legend: str, *, instant: bool) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expression).legend_format(legend)
    return query.instant() if instant else query.range()


def _steps(steps: Steps) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=color) for value, color in steps])
    )


def _stat(
    title: str,
    says: str,
    expression: str,
    unit: str,
    steps: Steps,
    words: dict[str, str] | None = None,
) -> stat.Panel:
    """Return a tile with one number, coloured by thresholds. `words` replace numbers."""
    panel = (
        stat.Panel()
        .title(title)
        .description(says)
        .datasource(DATASOURCE)
        .unit(unit)
        .thresholds(_steps(steps))
        .color_mode(common_model.BigValueColorMode.BACKGROUND)
        .graph_mode(common_model.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("no data")
        .height(4)
        .span(6)
        .with_target(_query(expression, "{{instance}}", instant=True))
    )
    if words:
        options = {
            value: model.ValueMappingResult(text=text, index=index)
            for index, (value, text) in enumerate(words.items())
        }
        panel = panel.mappings([model.ValueMap(options=options)])
    return panel


def _lines(
    title: str, says: str, queries: list[tuple[str, str]], unit: str, *, stacked: bool = False
) -> timeseries.Panel:
    """Return lines over time, or stacked areas."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(says)
        .datasource(DATASOURCE)
        .unit(unit)
        .min(0)
        .height(8)
        .span(12)
        .line_width(2)
        .fill_opacity(30 if stacked else 0)
        .show_points(common_model.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(common_model.LegendDisplayMode.LIST)
            .placement(common_model.LegendPlacement.BOTTOM)
        )
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL))
    for expression, legend in queries:
        panel = panel.with_target(_query(expression, legend, instant=False))
    return panel


def _datasets() -> table.Panel:
    """Return a table with a row for each dataset: fresh or not, its age, rows in quarantine."""
    columns = [
        ("A", last("assurance_dataset_fresh"), "Fresh", "bool_yes_no"),
        ("B", age("assurance_dataset_delivered_timestamp_seconds"), "Landed ago", "s"),
        ("C", last("assurance_dataset_due_timestamp_seconds") + " - time()", "Stale in", "s"),
        ("D", last("assurance_quarantine_rows"), "In quarantine", "short"),
    ]
    panel = (
        table.Panel()
        .title("Datasets")
        .description("Each expected dataset, as the last build found it.")
        .datasource(DATASOURCE)
        .height(11)
        .span(12)
    )
    for reference, expression, title, unit in columns:
        query = (
            prometheus.Dataquery()
            .expr(f"max by (dataset) ({expression})")
            .instant()
            .format(prometheus_model.PromQueryFormat.TABLE)
            .ref_id(reference)
        )
        panel = panel.with_target(query).override_by_name(
            f"Value #{reference}",
            [
                model.DynamicConfigValue(id_val="displayName", value=title),
                model.DynamicConfigValue(id_val="unit", value=unit),
                model.DynamicConfigValue(id_val="decimals", value=0),
            ],
        )
    joined = model.DataTransformerConfig(id_val="merge", options={})
    shown = model.DataTransformerConfig(
        id_val="organize",
        options={"excludeByName": {"Time": True}, "renameByName": {"dataset": "Dataset"}},
    )
    return panel.with_transformation(joined).with_transformation(shown)


ROWS = [
    (
        "The promise",
        [
            _stat(
                "Time until the next publication is due",
                "By the deadline, 07:30 unless it is set, readers must see the figures of the day. "
                "Red: they do not.",
                last("assurance_publication_due_timestamp_seconds") + " - time()",
                "s",
                [(None, RED), (0.0, AMBER), (2 * HOUR, GREEN)],
            ),
            _stat(
                "Age of the figures",
                "How long ago the as-at moment of the current publication is.",
                age("assurance_publication_as_at_timestamp_seconds"),
                "s",
                [(None, GREEN), (DAY + 2 * HOUR, AMBER), (2 * DAY, RED)],
            ),
            _stat(
                "Published",
                "When the publication that readers see was made.",
                last("assurance_publication_published_timestamp_seconds") + " * 1000",
                "dateTimeAsIso",
                [(None, GREY)],
            ),
            _stat(
                "Held by a roll-back",
                "Whether later publications wait for a release.",
                last("assurance_publication_held"),
                "none",
                [(None, GREEN), (1.0, AMBER)],
                {"0": "no", "1": "held"},
            ),
            _stat(
                "Open problems",
                "What somebody has to act on. `assurance status` says what to do.",
                f"sum by (instance) ({last('assurance_problems')})",
                "none",
                [(None, GREEN), (1.0, RED)],
            ),
            _stat(
                "Failed checks of the last build",
                "Critical and warning. A critical one stops the publication.",
                "sum by (instance) ("
                + last("assurance_build_checks", 'result="failed", severity=~"critical|warning"')
                + ")",
                "none",
                [(None, GREEN), (1.0, AMBER)],
            ),
            _stat(
                "Last back-up",
                "How long ago it was made.",
                age("assurance_backup_made_timestamp_seconds"),
                "s",
                [(None, GREEN), (1.5 * DAY, AMBER), (3 * DAY, RED)],
            ),
            _stat(
                "Restore proven",
                "How long ago a drill proved that a back-up can be restored. One is due weekly.",
                age("assurance_restore_proven_timestamp_seconds"),
                "s",
                [(None, GREEN), (8 * DAY, RED)],
            ),
            _stat(
                "Oldest proof of the archive",
                "How long ago an archived batch was last compared with raw. Each one is within 30 "
                "days.",
                age("assurance_archive_proven_timestamp_seconds"),
                "s",
                [(None, GREEN), (32 * DAY, AMBER)],
            ),
            _stat(
                "First certificate to expire",
                "Somebody is notified 30 days before.",
                "min by (instance) ("
                + last("assurance_certificate_expires_timestamp_seconds")
                + ") - time()",
                "s",
                [(None, RED), (0.0, AMBER), (30 * DAY, GREEN)],
            ),
            _stat(
                "Least room on a disk",
                "As it was last measured.",
                f"min by (instance) ({last('assurance_disk_free_bytes')})",
                "bytes",
                [(None, RED), (1.5e9, GREEN)],
            ),
            _stat(
                "Age of what was measured",
                "How long ago disks, certificates, clocks and rights were measured. The watch does "
                "so every 15 minutes.",
                "max by (instance) ("
                + age("assurance_observed_timestamp_seconds").replace(
                    "{", '{kind!~"log|tables|airflow|notifications", ', 1
                )
                + ")",
                "s",
                [(None, GREEN), (2 * HOUR, AMBER)],
            ),
        ],
    ),
    (
        "Sources and quarantine",
        [
            _datasets(),
            _lines(
                "Rows in quarantine",
                "Rejected rows that nobody has corrected and replayed.",
                [(last("assurance_quarantine_rows"), "{{dataset}}")],
                "short",
                stacked=True,
            ).height(11),
        ],
    ),
    (
        "Runs and checks",
        [
            _lines(
                "Duration of the stages of the last run",
                "The extraction is the sum over its datasets, which run side by side.",
                [(last("assurance_run_stage_duration_seconds"), "{{stage}}")],
                "s",
                stacked=True,
            ),
            _lines(
                "Rows by stage of the last run",
                "Rows landed, built, sealed and published.",
                [(last("assurance_run_stage_rows"), "{{stage}}")],
                "short",
            ),
            _lines(
                "Checks of the last build",
                "Passed and failed, by severity.",
                [(last("assurance_build_checks"), "{{severity}} {{result}}")],
                "short",
            ),
            _lines(
                "Open problems by kind",
                "The kinds are those of the notifications.",
                [(last("assurance_problems") + " > 0", "{{kind}}")],
                "short",
                stacked=True,
            ),
        ],
    ),
]


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(dashboard_json(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
