"""How fresh each dataset is."""

from expectations.codes import DATASETS, FRESHNESS, as_rows
from expectations.mart import mart
from expectations.vocabulary import (
    WARNING,
    Promises,
    every,
    every_row,
    filled,
    nothing,
    one_of,
    sql,
)

_MISSING_DATASETS = """
select force.force_code, source.id as dataset
from (select distinct force_code from {candidate}.assurance_measure) as force
cross join (values <<datasets>>) as source (id)
left join {rows} as shown on force.force_code = shown.force_code and source.id = shown.dataset
where shown.dataset is null
"""


@mart("source_freshness", one_row_per=("dataset",), names_from_sources=("reason",))
def source_freshness() -> Promises:
    """Every dataset, with when it last came and whether that is recent enough."""
    return [
        one_of("dataset", DATASETS, words="Every dataset is one that is declared."),
        nothing(
            "no_dataset_missing",
            sql(_MISSING_DATASETS, datasets=as_rows(DATASETS)),
            words="Every declared dataset is shown, also one that never came.",
            dimension="completeness",
        ),
        filled("verdict", words="Every dataset has its {column}."),
        one_of("verdict", FRESHNESS, words="A dataset is fresh, stale or failed."),
        every_row(
            "fresh_means_delivered",
            "last_record_at is not null and due_by >= {as_at}",
            among="verdict = 'fresh'",
            words="Nothing is called fresh that never came or is overdue.",
            columns=("verdict", "last_record_at", "due_by"),
        ),
        every(
            "all_fresh",
            "select dataset, verdict = 'fresh' as holds from {rows}",
            words="Every dataset came when it was due.",
            columns=("verdict",),
            dimension="freshness",
            severity=WARNING,
            owner="the dataset's owner",
        ),
    ]
