"""The freshness of each dataset."""

from expectations.shared.code_lists import sql_rows
from expectations.shared.freshness import verdict_checks
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    ASSURANCE_LEAD,
    WARNING,
    Expectations,
    no_rows,
    one_of,
    sql,
)
from oic_assurance.sources.declarations.load import delivered

_DATASETS_NOT_SHOWN = """
with
    policy as (
        select dataset, effective_from, effective_to from {policy}.policy_staleness
        union all
        select dataset, '2020-01-01', null from {policy}.measure_dataset
    ),
    today as (select date({as_at} at time zone 'Europe/London') as day),
    force as (select distinct force_code from {candidate}.assurance_measure)
select distinct force.force_code, policy.dataset
from policy
inner join today
    on greatest(today.day, '2020-01-01')
    between policy.effective_from and coalesce(policy.effective_to, 'infinity')
cross join force
left join {rows} as shown on force.force_code = shown.force_code and policy.dataset = shown.dataset
where shown.dataset is null and policy.dataset not in (<<not_expected>>)
"""

# Optional datasets that the run of the build looked for and that were never delivered.
_NOT_EXPECTED = """
    select attempt.dataset
    from {audit}.extraction as attempt
    inner join {audit}.build as build on attempt.run_id = build.run_id
    where build.build_id = {build_id}
    group by attempt.dataset
    having not bool_or(attempt.is_expected)
"""

_DATASETS_WITHOUT_POLICY = """
select source.id as dataset
from (values <<datasets>>) as source (id)
where source.id not in (select dataset from {rows}) and source.id not in (<<not_expected>>)
"""


@mart_suite(
    "source_freshness",
    one_row_per=("dataset",),
    source_text_columns=("reason", "not_taken"),
    sentence_columns=("reason", "not_taken"),
)
def source_freshness() -> Expectations:
    """Every dataset, with its last delivery and whether the delivery is recent enough."""
    declared = tuple(delivered())
    return [
        one_of("dataset", declared, description="Every dataset is a declared one."),
        no_rows(
            "no_dataset_missing",
            sql(_DATASETS_NOT_SHOWN, not_expected=_NOT_EXPECTED),
            description="Every dataset of the policy is shown, unless it is optional and absent.",
            dimension="completeness",
        ),
        no_rows(
            "has_a_policy",
            sql(_DATASETS_WITHOUT_POLICY, datasets=sql_rows(declared), not_expected=_NOT_EXPECTED),
            description="Every declared dataset has a policy that says when it is stale.",
            dimension="completeness",
            severity=WARNING,
            owner=ASSURANCE_LEAD,
        ),
        *verdict_checks(),
    ]
