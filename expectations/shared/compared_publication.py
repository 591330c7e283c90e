"""What may change between a build and the publication that it is compared with.

Figures move as records arrive. A figure that leaves its own interval at once has one of two causes:
a damaged source, or an unusual day. Only a person can tell which, so these expectations are
warnings. The figure is published with a caveat, or waits for an approval where the deployment asks
for one. The guide is docs/how-to/a-figure-that-jumped.md; decision 0018 says why it is a warning.

Nothing is compared if

- there is no earlier publication, or it is for a later moment;
- the source of the point was in trouble at the earlier publication, because it then catches up;
- the figure is of too few records to say anything.
"""

from typing import Literal

from expectations.shared.code_lists import HOURS_MEASURES, POINT_OF_MEASURE, sql_list, sql_rows
from expectations.vocabulary import WARNING, Expectation, every_result, no_rows, sql

#: How the rules fingerprints of the two builds compare: the rules are the same, or they changed.
Rules = Literal["=", "is distinct from"]

#: A figure of fewer records is not compared.
FEWEST = 20
#: Hours have no interval. They may differ by this share of themselves.
HOURS_MAY_DIFFER = 0.25

# `compared` is the publication that this build is compared with. It is `recent` within eight days.
# `earlier_figure` are its figures, without those of points whose source was in trouble then.
_COMPARED = """
with
    compared as (
        select
            earlier.run_id, earlier.as_at,
            (earlier.as_at at time zone 'Europe/London')::date as as_at_day,
            earlier.as_at > {as_at} - interval '8 days' as is_recent
        from {audit}.build as build
        inner join {audit}.build as earlier on build.compared_with = earlier.build_id
        where build.build_id = {build_id}
            and earlier.as_at < {as_at}
            and earlier.rules_fingerprint <<rules>> build.rules_fingerprint
    ),
    dataset_in_trouble as (
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
    earlier_figure as (
        select figure.*, measure.point_code, compared.as_at_day, compared.is_recent
        from {intermediate}.compared__figure as figure
        cross join compared
        inner join (values <<points>>) as measure (code, point_code)
            on figure.measure_code = measure.code
        where measure.point_code not in (
            select source.point_code
            from {policy}.policy_point_dataset as source
            inner join dataset_in_trouble using (dataset)
        )
    )
"""

# Wilson's interval of the published share, with z = 1.96 written out: its centre, and half its
# width. Only months that were over are compared. Figures of few records are left out, unless the
# whole force now has no record at all where it had at least five.
_FIGURES_THAT_MOVED = """<<compared>>,
    published as (
        select
            earlier_figure.*, shown.value as value_now,
            (earlier_figure.value + 1.92 / earlier_figure.denominator)
                / (1 + 3.84 / earlier_figure.denominator) as centre,
            1.96 / (1 + 3.84 / earlier_figure.denominator) * sqrt(
                greatest(earlier_figure.value * (1 - earlier_figure.value), 0)
                    / earlier_figure.denominator
                + 0.96 / earlier_figure.denominator / earlier_figure.denominator
            ) as half_width
        from earlier_figure
        left join {rows} as shown
            using (force_code, measure_code, period_start, org_unit_code)
        where earlier_figure.value is not null
            and (
                earlier_figure.denominator >= <<fewest>>
                or earlier_figure.denominator >= 5
                and earlier_figure.org_unit_code = 'ALL'
                and coalesce(shown.denominator, 0) = 0
            )
            and (period_start + interval '1 month')::date <= earlier_figure.as_at_day
    )
select
    measure_code, period_start, org_unit_code,
    case
        when measure_code in (<<hours>>)
            then abs(value_now - value) <= <<hours_may_differ>> * value
        else abs(value_now - centre) <= half_width + 0.001
    end is true as holds
from published
"""

# A few people join or leave in a week, and some dozens complete a training. The latest figures are
# compared with the latest figures then, also across the end of a month.
_TRAINING_NUMBERS_THAT_MOVED = """<<compared>>,
    published as (
        select distinct on (force_code, measure_code)
            force_code, measure_code, numerator, denominator
        from earlier_figure
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
select published.measure_code
from published
left join today using (force_code, measure_code)
where published.denominator >= <<fewest>>
    and (
        abs(today.denominator - published.denominator)
            <= greatest(10, 0.05 * published.denominator)
        and today.numerator >= published.numerator - greatest(10, 0.05 * published.numerator)
        and today.numerator <= published.numerator + greatest(10, 0.25 * published.denominator)
    ) is not true
"""

# A unit that is removed from the list, or renamed in the list alone, loses its people.
_UNITS_THAT_LOST_PEOPLE = """<<compared>>,
    published as (
        select distinct on (force_code, measure_code, org_unit_code)
            force_code, measure_code, org_unit_code, period_start, denominator, as_at_day
        from earlier_figure
        where measure_code like '%_incl_absent' and org_unit_code <> 'ALL' and is_recent
        order by force_code, measure_code, org_unit_code, period_start desc
    )
select published.measure_code, published.org_unit_code
from published
left join {rows} as today
    on published.force_code = today.force_code
    and published.measure_code = today.measure_code
    and published.org_unit_code = today.org_unit_code
    and today.period_start = date_trunc('month', {as_at} at time zone 'Europe/London')::date
where published.denominator >= 50
    and published.period_start = date_trunc('month', published.as_at_day)
    and coalesce(today.denominator, 0) < 0.5 * published.denominator
"""

# A strand stops being met when the review of its plan falls due. If two at once stop being met
# while they are approved and not due, they lost their owner or evidence: a column went missing.
_STRANDS_NO_LONGER_MET = """<<compared>>,
    published as (
        select distinct on (force_code) force_code, numerator as strands_met
        from earlier_figure
        where measure_code = 'intel_plan_strands_met' and org_unit_code = 'ALL' and is_recent
        order by force_code, period_start desc
    )
select fact.strand
from {rows} as fact
inner join published using (force_code)
where not fact.is_met
    and fact.approved_on <= ({as_at} at time zone 'Europe/London')::date
    and fact.review_due_on >= ({as_at} at time zone 'Europe/London')::date
    and published.strands_met - 2 >= (
        select count(*)
        from {rows} as met
        where met.force_code = fact.force_code and met.is_met
    )
"""


def figures_close_to_published() -> list[Expectation]:
    """Expect that measures stay close to the publication that the build is compared with."""
    return [
        every_result(
            "published_figures_stay_in_interval",
            _figures_that_moved("="),
            description="Every published figure of a past month stays within its interval.",
            columns=("value",),
            dimension="consistency",
            severity=WARNING,
        ),
        no_rows(
            "training_numbers_stay_close",
            sql(_TRAINING_NUMBERS_THAT_MOVED, compared=_compared("="), fewest=str(FEWEST)),
            description="About as many officers need and have each training as last published.",
            columns=("numerator", "denominator"),
            dimension="consistency",
            severity=WARNING,
        ),
        no_rows(
            "units_keep_their_people",
            sql(_UNITS_THAT_LOST_PEOPLE, compared=_compared("=")),
            description="No unit of fifty or more people has lost over half since last published.",
            columns=("org_unit_code", "denominator"),
            dimension="consistency",
            severity=WARNING,
        ),
        every_result(
            "figures_stay_in_interval_under_new_rules",
            _figures_that_moved("is distinct from"),
            description="Every published figure stays within its interval when rules change.",
            columns=("value",),
            dimension="consistency",
            severity=WARNING,
        ),
    ]


def strands_stay_met() -> Expectation:
    """Expect that two strands do not stop being met at once before their reviews are due."""
    return no_rows(
        "strands_stay_met",
        sql(_STRANDS_NO_LONGER_MET, compared=_compared("=")),
        description="No two strands stop being met at once before their reviews are due.",
        columns=("is_met",),
        dimension="consistency",
        severity=WARNING,
    )


def _figures_that_moved(rules: Rules) -> str:
    return sql(
        _FIGURES_THAT_MOVED,
        compared=_compared(rules),
        hours=sql_list(HOURS_MEASURES),
        hours_may_differ=str(HOURS_MAY_DIFFER),
        fewest=str(FEWEST),
    )


def _compared(rules: Rules) -> str:
    points = sql_rows(POINT_OF_MEASURE.keys(), POINT_OF_MEASURE.values())
    return sql(_COMPARED, rules=rules, points=points)
