"""The freshness of each dataset of the national warehouse, over all forces."""

from expectations.shared.code_lists import FRESHNESS, sql_rows
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    WARNING,
    Expectations,
    every_result,
    every_row,
    filled,
    no_rows,
    one_of,
    sql,
)
from oic_assurance.sources.declarations.load import datasets_of

_WITHOUT_POLICY = """
select source.id as dataset
from (values <<datasets>>) as source (id)
where source.id not in (select dataset from {rows})
"""


@mart_suite(
    "source_freshness",
    one_row_per=("dataset",),
    source_text_columns=("reason", "not_taken"),
    sentence_columns=("reason", "not_taken"),
)
def source_freshness() -> Expectations:
    """Every dataset, with the last delivery of any force and whether it is recent enough."""
    declared = tuple(datasets_of("national"))
    return [
        one_of("dataset", declared, description="Every dataset is a declared one."),
        no_rows(
            "has_a_policy",
            sql(_WITHOUT_POLICY, datasets=sql_rows(declared)),
            description="Every declared dataset has a policy that says when it is stale.",
            dimension="completeness",
        ),
        filled("verdict", description="Every dataset has a value in {column}."),
        one_of("verdict", FRESHNESS, description="Every dataset is fresh, stale or failed."),
        every_row(
            "fresh_means_delivered",
            "last_record_at is not null and due_by >= {as_at}",
            where="verdict = 'fresh'",
            description="No dataset is fresh if it was never delivered or is overdue.",
            columns=("verdict", "last_record_at", "due_by"),
        ),
        every_result(
            "all_fresh",
            "select dataset, verdict = 'fresh' as holds from {rows}",
            description="Every dataset is fresh.",
            columns=("verdict",),
            dimension="freshness",
            severity=WARNING,
            owner="the dataset's owner",
        ),
    ]
