"""Expectations that limit how far figures may move from the compared publication's figures.

Figures move as records arrive. If a figure suddenly leaves the 95% interval of the published
figure, either a source is damaged or the day was unusual. Only a person can tell which, so these
expectations are warnings. The build is published with a caveat, or waits for an approval if the
deployment asks for one. docs/how-to/publications.md says what to do. Decision 0017 gives
the reason for warnings.

Nothing is compared if

- there is no compared publication, or its as-at moment is not earlier than the build's;
- the run of the compared publication could not extract a dataset of the point, or refused a
  delivery of one (the missing records arrive later and move the figure);
- the figure has too few records for a meaningful comparison.
"""

from typing import Literal

from expectations.shared.code_lists import (
    MEASURES_OF_ALL_OFFICERS,
    MEASURES_OF_OFFICERS,
    POINT_OF_MEASURE,
    STRANDS_MET,
    is_in,
    is_measure,
    sql_rows,
)
from expectations.vocabulary import WARNING, Expectation, every_result, no_rows, sql

#: The SQL operator that compares the rules fingerprints of the two builds. With `=`, figures are
#: compared if the rules are the same. With `is distinct from`, they are compared if the rules have
#: changed.
Rules = Literal["=", "is distinct from"]

#: A published figure with fewer records is not compared, with one exception in
#: `_FIGURES_THAT_MOVED`.
FEWEST = 20
#: Hours and counts have no interval. They may differ by this share of the published value.
MAY_DIFFER = 0.25

# `compared` is the compared publication. `is_recent` is true if its as-at moment is less than eight
# days before that of this build. `earlier_figure` has the figures of the compared publication. A
# point is left out if the run of that publication could not extract a dataset of the point, or
# refused a delivery of one.
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
        where measure.code not in (
            select rests_on.measure_code
            from {policy}.measure_dataset as rests_on
            inner join dataset_in_trouble using (dataset)
        )
    )
"""

# The Wilson interval of the published share is computed from its centre and half its width, with z
# = 1.96. Only months that were over at the as-at moment of the publication are compared. Published
# figures with few records are left out, with one exception: a figure of the whole force is compared
# if it had at least five records when it was published and has none now.
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
        when <<is_share>> then abs(value_now - centre) <= half_width + 0.001
        else abs(value_now - value) <= <<may_differ>> * value
    end is true as holds
from published
"""

# The query finds training measures whose numbers changed by more than is usual within a week: a few
# people join or leave, and some dozens complete a training item. The latest figure of this build is
# compared with the latest published figure, even if a month has ended in between.
_TRAINING_NUMBERS_THAT_MOVED = """<<compared>>,
    published as (
        select distinct on (force_code, measure_code)
            force_code, measure_code, numerator, denominator
        from earlier_figure
        where <<of_officers>> and org_unit_code = 'ALL' and is_recent
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

# The query finds units that lost more than half of their people. This happens if the org-unit file
# no longer lists a unit, or gives it a new code while the personnel file still has the old code.
_UNITS_THAT_LOST_PEOPLE = """<<compared>>,
    published as (
        select distinct on (force_code, measure_code, org_unit_code)
            force_code, measure_code, org_unit_code, period_start, denominator, as_at_day
        from earlier_figure
        where <<of_all_officers>> and org_unit_code <> 'ALL' and is_recent
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

# Normally a strand stops being met because the review of its plan is overdue. The query finds two
# strands that stop being met at once although their plans are approved and their reviews are not
# overdue. Their plans then have no owner or no evidence any longer, probably because a column is
# missing from the register of plans.
_STRANDS_NO_LONGER_MET = """<<compared>>,
    published as (
        select distinct on (force_code) force_code, numerator as strands_met
        from earlier_figure
        where measure_code = '<<measure>>' and org_unit_code = 'ALL' and is_recent
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
    """Expect that figures stay close to the figures of the compared publication."""
    return [
        every_result(
            "published_figures_stay_in_interval",
            _figures_that_moved("="),
            description=(
                "Every figure of a past month is within the interval of the published figure."
            ),
            columns=("value",),
            dimension="consistency",
            severity=WARNING,
        ),
        no_rows(
            "training_numbers_stay_close",
            sql(
                _TRAINING_NUMBERS_THAT_MOVED,
                compared=_compared("="),
                fewest=str(FEWEST),
                of_officers=is_measure(MEASURES_OF_OFFICERS),
            ),
            description=(
                "About as many officers need and have completed each training as last published."
            ),
            columns=("numerator", "denominator"),
            dimension="consistency",
            severity=WARNING,
        ),
        no_rows(
            "units_keep_their_people",
            sql(
                _UNITS_THAT_LOST_PEOPLE,
                compared=_compared("="),
                of_all_officers=is_measure(MEASURES_OF_ALL_OFFICERS),
            ),
            description=(
                "No unit of fifty or more people has lost over half of them since last published."
            ),
            columns=("org_unit_code", "denominator"),
            dimension="consistency",
            severity=WARNING,
        ),
        every_result(
            "figures_stay_in_interval_under_new_rules",
            _figures_that_moved("is distinct from"),
            description=(
                "Every figure is within its published interval after the rules have changed."
            ),
            columns=("value",),
            dimension="consistency",
            severity=WARNING,
        ),
    ]


def strands_stay_met() -> Expectation:
    """Expect that no two strands stop being met at once while their reviews are not overdue.

    The build is compared with the compared publication, if the rules are the same.
    """
    return no_rows(
        "strands_stay_met",
        sql(
            _STRANDS_NO_LONGER_MET,
            compared=_compared("="),
            measure=STRANDS_MET,
        ),
        description="No two strands stop being met at once while their reviews are not overdue.",
        columns=("is_met",),
        dimension="consistency",
        severity=WARNING,
    )


def _figures_that_moved(rules: Rules) -> str:
    return sql(
        _FIGURES_THAT_MOVED,
        compared=_compared(rules),
        is_share=is_in("share"),
        may_differ=str(MAY_DIFFER),
        fewest=str(FEWEST),
    )


def _compared(rules: Rules) -> str:
    points = sql_rows(POINT_OF_MEASURE.keys(), POINT_OF_MEASURE.values())
    return sql(_COMPARED, rules=rules, points=points)
