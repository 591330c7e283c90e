"""The freshness of each dataset of the national warehouse, over all forces."""

from expectations.shared.code_lists import sql_rows
from expectations.shared.freshness import verdict_checks
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    Expectations,
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
        *verdict_checks(),
    ]
