"""Whether it is proven that a back-up can be restored."""

from expectations.shared.mart_suite import mart_suite, not_later
from expectations.vocabulary import Expectations, every_row, no_rows, sql

_KNOWN = """
known as (
    select drill.drill_id, drill.finished_at, drill.is_proven
    from {audit}.restore_drill as drill
    inner join {audit}.build as build on drill.drill_id <= build.known_drill_id
    where build.build_id = {build_id} and drill.finished_at <= {as_at}
)
"""
_LAST_DRILL_DIFFERS = """
with <<known>>
select shown.force_code
from {rows} as shown
left join known on known.drill_id = (select max(drill_id) from known)
where shown.last_drill_at is distinct from known.finished_at
    or (shown.verdict = 'failed') is distinct from coalesce(not known.is_proven, false)
"""
_LAST_PROOF_DIFFERS = """
with <<known>>
select shown.force_code
from {rows} as shown
left join known on known.drill_id = (select max(drill_id) from known where is_proven)
where shown.last_proven_at is distinct from known.finished_at
"""


@mart_suite("restore_proof", one_row_per=())
def restore_proof() -> Expectations:
    """Whether a restore is proven, when it was last proven, and by what."""
    return [
        not_later("last_drill_at", "No drill ended after the moment of the publication."),
        every_row(
            "proven_means_recently",
            "last_proven_at = last_drill_at and due_by >= {as_at}",
            where="verdict = 'proven'",
            description="A restore is proven only if the last drill proved it less than eight days"
            " ago.",
            columns=("verdict", "last_proven_at", "due_by"),
        ),
        every_row(
            "unknown_means_no_drill",
            "(verdict = 'unknown') = (last_drill_at is null)",
            description="The verdict is unknown if there was no drill, and only then.",
            columns=("verdict", "last_drill_at"),
        ),
        every_row(
            "a_failure_names_its_step",
            "(verdict = 'failed') = (failed_step is not null)",
            description="A drill that failed has the step that failed.",
            columns=("verdict", "failed_step"),
        ),
        every_row(
            "a_proof_is_whole",
            "num_nulls(last_proven_at, due_by, seconds, batches_compared, computed_fingerprint,"
            " computed_publication_id) in (0, 6)",
            description="A proof has everything that was proven, and how long it took.",
            columns=("last_proven_at", "seconds", "batches_compared", "computed_fingerprint"),
        ),
        no_rows(
            "last_drill_agrees",
            sql(_LAST_DRILL_DIFFERS, known=_KNOWN),
            description="The last drill is the last one on record when the build was opened.",
            dimension="integrity",
        ),
        no_rows(
            "last_proof_agrees",
            sql(_LAST_PROOF_DIFFERS, known=_KNOWN),
            description="The last proof is the last one on record when the build was opened.",
            dimension="integrity",
        ),
    ]
