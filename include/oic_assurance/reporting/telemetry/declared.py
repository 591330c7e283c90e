"""The declaration of every metric. The exports, the page and the tests are derived from it.

Each metric is a gauge: a number that is true now. Moments are metrics in Unix time, as Prometheus
advises, so that an age is right at the moment somebody looks, however old the export is:
`time() - assurance_publication_as_at_timestamp_seconds`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from oic_assurance.notifications.notification import Kind

#: Units as OpenTelemetry writes them. A text in braces says what is counted, and is in no name.
Unit = Literal["s", "{publication}", "{row}", "{check}", "{problem}", "{run}", ""]
SEVERITIES = ("critical", "warning", "info")
RESULTS = ("passed", "failed")
OUTCOMES = ("published", "blocked", "failed", "running")
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Metric:
    """A metric: its name in OpenTelemetry, its unit, its labels, and what it says."""

    name: str
    unit: Unit
    says: str
    labels: tuple[str, ...] = ()

    @property
    def exported_as(self) -> str:
        """The name in Prometheus: dots become underscores, and seconds are named at the end."""
        return self.name.replace(".", "_") + ("_seconds" if self.unit == "s" else "")


AS_AT = Metric(
    "assurance.publication.as_at.timestamp",
    "s",
    "The moment for which the current publication's figures are.",
)
PUBLISHED = Metric(
    "assurance.publication.published.timestamp", "s", "When the current publication was made."
)
DUE = Metric(
    "assurance.publication.due.timestamp",
    "s",
    "By when the next publication is promised: the deadline of the day after the as-at day of the "
    "last publication, or of today if there is none.",
)
HELD = Metric(
    "assurance.publication.held",
    "",
    "1 if a roll-back holds an earlier publication, and otherwise 0.",
)
RUN_OUTCOME = Metric(
    "assurance.run.outcome",
    "",
    "1 for the outcome of the last run, and 0 for others.",
    ("outcome",),
)
RUN_STARTED = Metric("assurance.run.started.timestamp", "s", "When the last run started.")
RUN_DURATION = Metric(
    "assurance.run.duration", "s", "How long the last run took. Missing while it runs."
)
STAGE_DURATION = Metric(
    "assurance.run.stage.duration",
    "s",
    "How long a stage of the last run took. The extraction is the sum of its datasets.",
    ("stage",),
)
STAGE_ROWS = Metric(
    "assurance.run.stage.rows",
    "{row}",
    "How many rows a stage of the last run wrote: landed, built, sealed, published.",
    ("stage",),
)
STAGE_FAILED = Metric(
    "assurance.run.stage.failed",
    "",
    "1 if the last attempt at a stage of the last run failed, and otherwise 0.",
    ("stage",),
)
FRESH = Metric(
    "assurance.dataset.fresh",
    "",
    "1 if the last build found an expected dataset fresh, and 0 if it was stale or failed.",
    ("dataset",),
)
DELIVERED = Metric(
    "assurance.dataset.delivered.timestamp",
    "s",
    "When a dataset was last landed.",
    ("dataset",),
)
DATASET_DUE = Metric(
    "assurance.dataset.due.timestamp",
    "s",
    "When a dataset becomes stale if nothing is delivered.",
    ("dataset",),
)
QUARANTINE = Metric(
    "assurance.quarantine.rows",
    "{row}",
    "How many rejected rows of a dataset are in quarantine and not replayed.",
    ("dataset",),
)
CHECKS = Metric(
    "assurance.build.checks",
    "{check}",
    "How many checks of the last daily build passed and failed, by their severity.",
    ("severity", "result"),
)
BACKUP = Metric("assurance.backup.made.timestamp", "s", "When the last back-up was made.")
DRILL = Metric("assurance.drill.finished.timestamp", "s", "When the last drill ended.")
DRILL_PROVEN = Metric(
    "assurance.drill.proven", "", "1 if the last drill proved a restore, and otherwise 0."
)
RESTORE_PROVEN = Metric(
    "assurance.restore.proven.timestamp", "s", "When a drill last proved a restore."
)
PROBLEMS = Metric(
    "assurance.problems",
    "{problem}",
    "How many problems are open, by the kind of their notification.",
    ("kind",),
)
COLLECTED = Metric(
    "assurance.metrics.collected.timestamp", "s", "When these metrics were read from the warehouse."
)

#: All metrics, in the order in which they are exported.
METRICS = (
    AS_AT,
    PUBLISHED,
    DUE,
    HELD,
    RUN_OUTCOME,
    RUN_STARTED,
    RUN_DURATION,
    STAGE_DURATION,
    STAGE_ROWS,
    STAGE_FAILED,
    FRESH,
    DELIVERED,
    DATASET_DUE,
    QUARANTINE,
    CHECKS,
    BACKUP,
    DRILL,
    DRILL_PROVEN,
    RESTORE_PROVEN,
    PROBLEMS,
    COLLECTED,
)
