"""How fresh each dataset is."""

from expectations.codes import FRESHNESS, as_rows
from expectations.mart import mart
from expectations.vocabulary import (
    ASSURANCE_LEAD,
    WARNING,
    Promises,
    every,
    every_row,
    filled,
    nothing,
    one_of,
    sql,
)
from oic_assurance.sources.declarations.load import datasets

_NOT_SHOWN = """
with
    policy as (
        select dataset, effective_from, effective_to from {policy}.policy_staleness
        union all
        select dataset, effective_from, effective_to from {policy}.policy_point_dataset
    ),
    today as (select date({as_at} at time zone 'Europe/London') as day)
select distinct force.force_code, policy.dataset
from policy
inner join today
    on greatest(today.day, '2020-01-01')
    between policy.effective_from and coalesce(policy.effective_to, 'infinity')
cross join (select distinct force_code from {candidate}.assurance_measure) as force
left join {rows} as shown on force.force_code = shown.force_code and policy.dataset = shown.dataset
where shown.dataset is null
"""

_WITHOUT_POLICY = """
select source.id as dataset
from (values <<datasets>>) as source (id)
where source.id not in (select dataset from {rows})
"""


@mart(
    "source_freshness",
    one_row_per=("dataset",),
    names_from_sources=("reason",),
    our_words=("reason",),
)
def source_freshness() -> Promises:
    """Every dataset, with when it last came and whether that is recent enough."""
    declared = tuple(datasets())
    return [
        one_of("dataset", declared, words="Every dataset is one that is declared."),
        nothing(
            "no_dataset_missing",
            _NOT_SHOWN,
            words="Every dataset that policy names is shown, also one that never came.",
            dimension="completeness",
        ),
        nothing(
            "has_a_policy",
            sql(_WITHOUT_POLICY, datasets=as_rows(declared)),
            words="For every declared dataset policy says when it is stale.",
            dimension="completeness",
            severity=WARNING,
            owner=ASSURANCE_LEAD,
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
