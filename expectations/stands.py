"""What one publication may change of what the one before it said.

Figures move as records come. What moves at once by more than its own interval is a harmed source or
a great day: nobody can tell but a person, so it is published with a caveat, or waits for that
person where the deployment has warnings approved. Nothing is said of a first publication, of one
for an earlier moment, of a point whose source was in trouble last time (it catches up), and of
figures that are too small to say anything.
What to do about it: docs/how-to/a-figure-that-jumped.md.
"""

from typing import Literal

from expectations.codes import HOURS_MEASURES, POINT_OF_MEASURE, listed
from expectations.vocabulary import WARNING, Promise, every, nothing, sql

Rules = Literal["=", "is distinct from"]

#: Figures of fewer than so many are too small to say anything by themselves.
FEWEST = 20
#: Hours have no interval: so much of themselves they may differ.
HOURS_MAY_DIFFER = 0.25

_POINTS = ", ".join(f"('{measure}', '{point}')" for measure, point in POINT_OF_MEASURE.items())

# The publication that this build is compared with. One that is long past is not `recent`.
_COMPARED = """
with
    compared as (
        select
            previous.run_id, previous.as_at,
            (previous.as_at at time zone 'Europe/London')::date as as_at_day,
            previous.as_at > {as_at} - interval '8 days' as is_recent
        from {audit}.build as build
        inner join {audit}.build as previous on build.compared_with = previous.build_id
        where build.build_id = {build_id}
            and previous.as_at < {as_at}
            and previous.rules_fingerprint <<rules>> build.rules_fingerprint
    ),
    in_trouble as (
        select attempt.dataset
        from {audit}.extraction as attempt
        inner join compared using (run_id)
        where attempt.outcome = 'failed'
        union
        select batch.dataset
        from {audit}.batch as batch
        inner join compared using (run_id)
        where batch.status = 'refused'
    ),
    before as (
        select figure.*, measure.point_code, compared.as_at_day, compared.is_recent
        from {intermediate}.compared__figure as figure
        cross join compared
        inner join (values <<points>>) as measure (code, point_code)
            on figure.measure_code = measure.code
        where measure.point_code not in (
            select rests.point_code
            from {policy}.policy_point_dataset as rests
            inner join in_trouble using (dataset)
        )
    )
"""

# Wilson's interval of what was published, written out: centre and half of its width. Small figures
# are let alone, but not where the whole force has nothing left of what was counted.
_MOVED = """<<compared>>,
    published as (
        select
            before.*, shown.value as value_now,
            (before.value + 1.92 / before.denominator) / (1 + 3.84 / before.denominator) as centre,
            1.96 / (1 + 3.84 / before.denominator) * sqrt(
                greatest(before.value * (1 - before.value), 0) / before.denominator
                + 0.96 / before.denominator / before.denominator
            ) as reach
        from before
        left join {rows} as shown
            using (force_code, measure_code, period_start, org_unit_code)
        where before.value is not null
            and (
                before.denominator >= <<fewest>>
                or before.denominator >= 5
                and before.org_unit_code = 'ALL'
                and coalesce(shown.denominator, 0) = 0
            )
            and (period_start + interval '1 month')::date <= before.as_at_day
    )
select
    measure_code, period_start, org_unit_code,
    case
        when measure_code in (<<hours>>)
            then abs(value_now - value) <= <<hours_may_differ>> * value
        else abs(value_now - centre) <= reach + 0.001
    end is true as holds
from published
"""

# People join and leave by the handful, and learn by the dozen: what counts today against what
# counted when the publication before was made, also over the end of a month.
_PEOPLE = """<<compared>>,
    people as (
        select distinct on (force_code, measure_code)
            force_code, measure_code, numerator, denominator
        from before
        where point_code in ('HYDRA', 'ELEARNING') and org_unit_code = 'ALL' and is_recent
        order by force_code, measure_code, period_start desc
    ),
    today as (
        select distinct on (force_code, measure_code)
            force_code, measure_code, numerator, denominator
        from {rows}
        where org_unit_code = 'ALL'
        order by force_code, measure_code, period_start desc
    )
select people.measure_code
from people
left join today using (force_code, measure_code)
where people.denominator >= <<fewest>>
    and (
        abs(today.denominator - people.denominator) <= greatest(10, 0.05 * people.denominator)
        and today.numerator >= people.numerator - greatest(10, 0.05 * people.numerator)
        and today.numerator <= people.numerator + greatest(10, 0.25 * people.denominator)
    ) is not true
"""

# A unit that goes from the list, or is called something else there alone, takes its people with it.
_UNITS = """<<compared>>,
    unit as (
        select distinct on (force_code, measure_code, org_unit_code)
            force_code, measure_code, org_unit_code, period_start, denominator, as_at_day
        from before
        where measure_code like '%_incl_absent' and org_unit_code <> 'ALL' and is_recent
        order by force_code, measure_code, org_unit_code, period_start desc
    )
select unit.measure_code, unit.org_unit_code
from unit
left join {rows} as today
    on unit.force_code = today.force_code
    and unit.measure_code = today.measure_code
    and unit.org_unit_code = today.org_unit_code
    and today.period_start = date_trunc('month', {as_at} at time zone 'Europe/London')::date
where unit.denominator >= 50
    and unit.period_start = date_trunc('month', unit.as_at_day)
    and coalesce(today.denominator, 0) < 0.5 * unit.denominator
"""

# A plan that was met stops being met when its review falls due. Two at once that are approved and
# not due have lost their owner or their evidence, which is how a column goes missing.
_STRANDS = """<<compared>>,
    strands as (
        select distinct on (force_code) force_code, numerator
        from before
        where measure_code = 'intel_plan_strands_met' and org_unit_code = 'ALL' and is_recent
        order by force_code, period_start desc
    )
select fact.strand
from {rows} as fact
inner join strands using (force_code)
where not fact.is_met
    and fact.approved_on <= ({as_at} at time zone 'Europe/London')::date
    and fact.review_due_on >= ({as_at} at time zone 'Europe/London')::date
    and strands.numerator - 2 >= (
        select count(*)
        from {rows} as met
        where met.force_code = fact.force_code and met.is_met
    )
"""


def figures_stand() -> list[Promise]:
    """Promise of measures that months which were over, and people of today, stay what they were."""
    return [
        every(
            "published_figures_stand",
            _moved("="),
            words="No published figure of a month that was over leaves its interval.",
            columns=("value",),
            dimension="consistency",
            severity=WARNING,
        ),
        nothing(
            "people_stand",
            sql(_PEOPLE, compared=_compared("="), fewest=str(FEWEST)),
            words="As many people need the training, and have it, as when it was last published.",
            columns=("numerator", "denominator"),
            dimension="consistency",
            severity=WARNING,
        ),
        nothing(
            "units_stand",
            sql(_UNITS, compared=_compared("=")),
            words="No unit of fifty people and more has lost half of them since it was published.",
            columns=("org_unit_code", "denominator"),
            dimension="consistency",
            severity=WARNING,
        ),
        every(
            "figures_stand_under_new_rules",
            _moved("is distinct from"),
            words="Where rules have changed, no published figure leaves its interval by it.",
            columns=("value",),
            dimension="consistency",
            severity=WARNING,
        ),
    ]


def strands_stand() -> Promise:
    """Promise that plans do not stop meeting the requirement all at once, their reviews not due."""
    return nothing(
        "strands_stand",
        sql(_STRANDS, compared=_compared("=")),
        words="No two strands stop being met at once while no review has fallen due.",
        columns=("is_met",),
        dimension="consistency",
        severity=WARNING,
    )


def _moved(rules: Rules) -> str:
    return sql(
        _MOVED,
        compared=_compared(rules),
        hours=listed(HOURS_MEASURES),
        hours_may_differ=str(HOURS_MAY_DIFFER),
        fewest=str(FEWEST),
    )


def _compared(rules: Rules) -> str:
    return sql(_COMPARED, rules=rules, points=_POINTS)
