"""The declaration of every metric. The export, the page and the tests are derived from it.

Each metric is a gauge: a number that is true now. Its value is a query of the views of state, so
that monitoring sees what `assurance status` and messages see. Moments are metrics in Unix time, as
Prometheus advises, so that an age is right at the moment somebody looks, however old the export is:
`time() - assurance_publication_as_at_timestamp_seconds`.
"""

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True)
class Metric:
    """A metric: its name, which ends with its unit, what it says, its query, and its labels."""

    name: str
    says: str
    #: Returns rows of the value and the labels in their order. A row without a value is left out.
    query: LiteralString
    labels: tuple[str, ...] = ()


#: All metrics, in the order in which they are exported.
METRICS = (
    Metric(
        "assurance_publication_as_at_timestamp_seconds",
        "The moment for which the current publication's figures are.",
        "select as_at from state.publication",
    ),
    Metric(
        "assurance_publication_published_timestamp_seconds",
        "When the current publication was made.",
        "select published_at from state.publication",
    ),
    Metric(
        "assurance_publication_due_timestamp_seconds",
        "By when the next publication is promised: the deadline of the day after the as-at "
        "day of the last publication, or of today if there is none.",
        "select due_at from state.due",
    ),
    Metric(
        "assurance_publication_held",
        "1 if a roll-back holds an earlier publication, and otherwise 0.",
        "select (select count(*) from state.hold)",
    ),
    Metric(
        "assurance_run_outcome",
        "1 for the outcome of the last run, and 0 for others.",
        "select (run.outcome = known.outcome)::integer, known.outcome from state.last_run as "
        "run cross join unnest(array['published', 'waiting', 'blocked', 'failed', "
        "'running', 'open']) as known (outcome)",
        ("outcome",),
    ),
    Metric(
        "assurance_run_started_timestamp_seconds",
        "When the last run started.",
        "select started_at from state.last_run",
    ),
    Metric(
        "assurance_run_duration_seconds",
        "How long the last run took. Missing while it runs.",
        "select finished_at - started_at from state.last_run",
    ),
    Metric(
        "assurance_run_stage_duration_seconds",
        "How long a stage of the last run took. The extraction is the sum of its datasets.",
        "select seconds, stage from state.stage",
        ("stage",),
    ),
    Metric(
        "assurance_run_stage_rows",
        "How many rows a stage of the last run wrote: landed, built, sealed, published.",
        "select rows, stage from state.stage",
        ("stage",),
    ),
    Metric(
        "assurance_run_stage_failed",
        "1 if the last attempt at a stage of the last run failed, and otherwise 0.",
        "select (not succeeded)::integer, stage from state.stage",
        ("stage",),
    ),
    Metric(
        "assurance_dataset_fresh",
        "1 if the last build found an expected dataset fresh, and 0 if it was stale or failed.",
        "select (verdict = 'fresh')::integer, dataset from state.dataset",
        ("dataset",),
    ),
    Metric(
        "assurance_dataset_delivered_timestamp_seconds",
        "When a dataset was last landed.",
        "select last_landed_at, dataset from state.dataset",
        ("dataset",),
    ),
    Metric(
        "assurance_dataset_due_timestamp_seconds",
        "When a dataset becomes stale if nothing is delivered.",
        "select due_by, dataset from state.dataset",
        ("dataset",),
    ),
    Metric(
        "assurance_quarantine_rows",
        "How many rejected rows of a dataset are in quarantine and not replayed.",
        "select coalesce(sum(rejected.rows), 0), dataset from state.declared_dataset full "
        "join state.quarantine as rejected using (dataset) group by dataset",
        ("dataset",),
    ),
    Metric(
        "assurance_build_checks",
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
        "assurance_backup_made_timestamp_seconds",
        "When the last back-up was made.",
        "select made_at from state.backup",
    ),
    Metric(
        "assurance_drill_finished_timestamp_seconds",
        "When the last drill ended.",
        "select drilled_at from state.backup",
    ),
    Metric(
        "assurance_drill_proven",
        "1 if the last drill proved a restore, and otherwise 0.",
        "select is_proven::integer from state.backup",
    ),
    Metric(
        "assurance_restore_proven_timestamp_seconds",
        "When a drill last proved a restore.",
        "select proven_at from state.backup",
    ),
    Metric(
        "assurance_archive_proven_timestamp_seconds",
        "The oldest moment at which an archived batch was last compared with raw. A batch "
        "that was never compared counts from its landing.",
        "select oldest_proof_at from state.archive",
    ),
    Metric(
        "assurance_certificate_expires_timestamp_seconds",
        "When the certificate of a connection expires, as it was last measured.",
        "select amount, subject from state.observation where problem_code = 'certificate' and "
        "amount is not null",
        ("connection",),
    ),
    Metric(
        "assurance_disk_free_bytes",
        "How much room a disk has, as it was last measured.",
        "select min(amount), subject from state.observation where problem_code = 'disk' "
        "group by subject",
        ("place",),
    ),
    Metric(
        "assurance_observed_timestamp_seconds",
        "When what SQL cannot see was last measured, the oldest of each kind.",
        "select min(observed_at), problem_code from state.observation group by problem_code",
        ("kind",),
    ),
    Metric(
        "assurance_problems",
        "How many problems are open, by the kind of their notification.",
        "select count(problem.problem_code), kind.problem_code from state.problem_kind as "
        "kind left join state.problem as problem using (problem_code) group by "
        "kind.problem_code, kind.place order by kind.place",
        ("kind",),
    ),
    Metric(
        "assurance_metrics_collected_timestamp_seconds",
        "When these metrics were read from the warehouse.",
        "select state.now()",
    ),
)
