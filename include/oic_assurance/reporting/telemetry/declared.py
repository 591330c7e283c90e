"""The declaration of every metric. The exports, the page and the tests are derived from it.

Each metric is a gauge: a number that is true now. Its value is a query of the views of state, so
that monitoring sees what `assurance status` and messages see. Moments are metrics in Unix time, as
Prometheus advises, so that an age is right at the moment somebody looks, however old the export is:
`time() - assurance_publication_as_at_timestamp_seconds`.
"""

from dataclasses import dataclass
from typing import Literal, LiteralString

#: Units as OpenTelemetry writes them. A text in braces says what is counted, and is in no name.
Unit = Literal["s", "By", "{publication}", "{row}", "{check}", "{problem}", "{run}", "{batch}", ""]


@dataclass(frozen=True)
class Metric:
    """A metric: its name in OpenTelemetry, its unit, what it says, its query, and its labels."""

    name: str
    unit: Unit
    says: str
    #: Returns rows of the value and the labels in their order. A row without a value is left out.
    query: LiteralString
    labels: tuple[str, ...] = ()

    @property
    def exported_as(self) -> str:
        """The name in Prometheus: dots become underscores, and some units are named at the end."""
        end = {"s": "_seconds", "By": "_bytes"}.get(self.unit, "")
        return self.name.replace(".", "_") + end


#: All metrics, in the order in which they are exported.
METRICS = (
    Metric(
        "assurance.publication.as_at.timestamp",
        "s",
        "The moment for which the current publication's figures are.",
        "select as_at from state.publication",
    ),
    Metric(
        "assurance.publication.published.timestamp",
        "s",
        "When the current publication was made.",
        "select published_at from state.publication",
    ),
    Metric(
        "assurance.publication.due.timestamp",
        "s",
        "By when the next publication is promised: the deadline of the day after the as-at "
        "day of the last publication, or of today if there is none.",
        "select due_at from state.due",
    ),
    Metric(
        "assurance.publication.held",
        "",
        "1 if a roll-back holds an earlier publication, and otherwise 0.",
        "select (select count(*) from state.hold)",
    ),
    Metric(
        "assurance.run.outcome",
        "",
        "1 for the outcome of the last run, and 0 for others.",
        "select (run.outcome = known.outcome)::integer, known.outcome from state.last_run as "
        "run cross join unnest(array['published', 'waiting', 'blocked', 'failed', "
        "'running', 'open']) as known (outcome)",
        ("outcome",),
    ),
    Metric(
        "assurance.run.started.timestamp",
        "s",
        "When the last run started.",
        "select started_at from state.last_run",
    ),
    Metric(
        "assurance.run.duration",
        "s",
        "How long the last run took. Missing while it runs.",
        "select finished_at - started_at from state.last_run",
    ),
    Metric(
        "assurance.run.stage.duration",
        "s",
        "How long a stage of the last run took. The extraction is the sum of its datasets.",
        "select seconds, stage from state.stage",
        ("stage",),
    ),
    Metric(
        "assurance.run.stage.rows",
        "{row}",
        "How many rows a stage of the last run wrote: landed, built, sealed, published.",
        "select rows, stage from state.stage",
        ("stage",),
    ),
    Metric(
        "assurance.run.stage.failed",
        "",
        "1 if the last attempt at a stage of the last run failed, and otherwise 0.",
        "select (not succeeded)::integer, stage from state.stage",
        ("stage",),
    ),
    Metric(
        "assurance.dataset.fresh",
        "",
        "1 if the last build found an expected dataset fresh, and 0 if it was stale or failed.",
        "select (verdict = 'fresh')::integer, dataset from state.dataset",
        ("dataset",),
    ),
    Metric(
        "assurance.dataset.delivered.timestamp",
        "s",
        "When a dataset was last landed.",
        "select last_landed_at, dataset from state.dataset",
        ("dataset",),
    ),
    Metric(
        "assurance.dataset.due.timestamp",
        "s",
        "When a dataset becomes stale if nothing is delivered.",
        "select due_by, dataset from state.dataset",
        ("dataset",),
    ),
    Metric(
        "assurance.quarantine.rows",
        "{row}",
        "How many rejected rows of a dataset are in quarantine and not replayed.",
        "select coalesce(sum(rejected.rows), 0), dataset from state.declared_dataset full "
        "join state.quarantine as rejected using (dataset) group by dataset",
        ("dataset",),
    ),
    Metric(
        "assurance.build.checks",
        "{check}",
        "How many checks of the last daily build passed and failed, by their severity.",
        "select case result when 'passed' then coalesce(counted.passed, 0) else "
        "coalesce(counted.failed, 0) end, severity, result from unnest(array['critical', "
        "'warning', 'info']) as severity cross join unnest(array['passed', 'failed']) as "
        "result left join state.check_count as counted using (severity) where exists (select "
        "from state.gate)",
        (
            "severity",
            "result",
        ),
    ),
    Metric(
        "assurance.backup.made.timestamp",
        "s",
        "When the last back-up was made.",
        "select made_at from state.backup",
    ),
    Metric(
        "assurance.drill.finished.timestamp",
        "s",
        "When the last drill ended.",
        "select drilled_at from state.backup",
    ),
    Metric(
        "assurance.drill.proven",
        "",
        "1 if the last drill proved a restore, and otherwise 0.",
        "select is_proven::integer from state.backup",
    ),
    Metric(
        "assurance.restore.proven.timestamp",
        "s",
        "When a drill last proved a restore.",
        "select proven_at from state.backup",
    ),
    Metric(
        "assurance.archive.proven.timestamp",
        "s",
        "The oldest moment at which an archived batch was last compared with raw. A batch "
        "that was never compared counts from its landing.",
        "select oldest_proof_at from state.archive",
    ),
    Metric(
        "assurance.certificate.expires.timestamp",
        "s",
        "When the certificate of a connection expires, as it was last measured.",
        "select amount, subject from state.observation where problem_code = 'certificate' and "
        "amount is not null",
        ("connection",),
    ),
    Metric(
        "assurance.disk.free",
        "By",
        "How much room a disk has, as it was last measured.",
        "select min(amount), subject from state.observation where problem_code = 'disk' "
        "group by subject",
        ("place",),
    ),
    Metric(
        "assurance.observed.timestamp",
        "s",
        "When what SQL cannot see was last measured, the oldest of each kind.",
        "select min(observed_at), problem_code from state.observation group by problem_code",
        ("kind",),
    ),
    Metric(
        "assurance.problems",
        "{problem}",
        "How many problems are open, by the kind of their notification.",
        "select count(problem.problem_code), kind.problem_code from state.problem_kind as "
        "kind left join state.problem as problem using (problem_code) group by "
        "kind.problem_code, kind.place order by kind.place",
        ("kind",),
    ),
    Metric(
        "assurance.metrics.collected.timestamp",
        "s",
        "When these metrics were read from the warehouse.",
        "select state.now()",
    ),
)
