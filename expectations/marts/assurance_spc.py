"""Control limits and signs of every measure of the force, by month."""

from expectations.shared.code_lists import (
    LESS_IS_BETTER,
    is_in,
    is_measure,
)
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import (
    Expectation,
    Expectations,
    every_row,
    no_rows,
    sql,
)

_LESS_IS_BETTER = is_measure(LESS_IS_BETTER)

# Two ways to compute a share can differ in the last bits.
_SLACK = "2e-9"

_DIFFERENT_FIGURES = """
select measure_code, period_start
from (
    select * from {candidate}.assurance_measure where org_unit_code = 'ALL'
) as figure
full join {rows} as shown using (force_code, measure_code, period_start)
where figure.org_unit_code is null
    or shown.baseline_from is null
    or shown.is_complete_period is distinct from (
        period_start + interval '1 month' <= ({as_at} at time zone 'Europe/London')::date
    )
    or shown.numerator is distinct from figure.numerator
    or shown.denominator is distinct from figure.denominator
    or shown.value is distinct from figure.value
"""

# The centre is computed again from the months of the baseline. Only hours have no numerator: their
# mean is that of a logarithmic scale.
_DIFFERENT_CENTRES = """
with
    baseline as (
        select
            force_code, measure_code, baseline_from,
            case
                when count(numerator) = 0 then sinh(avg(asinh(value))) else avg(value)
            end as mean,
            sum(numerator)::double precision / nullif(sum(denominator), 0) as share
        from {rows}
        where is_complete_period
            and value is not null
            and period_start <= coalesce(baseline_to, date '9999-12-31')
        group by force_code, measure_code, baseline_from
    )
select shown.measure_code, shown.period_start
from {rows} as shown
left join baseline using (force_code, measure_code, baseline_from)
where shown.kind is not null
    and coalesce(
        abs(shown.centre - case shown.kind when 'XMR' then mean else share end) > <<slack>>, true
    )
"""

_OUTSIDE_IS_MARKED = """
case
    when value > upper + <<slack>> or value < lower - <<slack>>
        then coalesce(special_cause = 'OUTSIDE_LIMITS', false)
    when special_cause = 'OUTSIDE_LIMITS' then value > upper or value < lower
    else true
end
"""

_ASSURANCE_FOLLOWS = """
case
    when not is_complete_period or value is null or target is null or lower is null
        then assurance is null
    when assurance is null then true
    when lower >= target then assurance = 'MEETS'
    when upper < target then assurance = 'WILL_NOT_MEET'
    else assurance = 'HIT_OR_MISS'
end
and (assurance is null) = (why_no_assurance is not null)
"""

# There is no verdict while one of the last seven complete months of the baseline is marked.
_VERDICT_WITHOUT_STABILITY = """
with
    month as (
        select
            *,
            count(special_cause) over (
                partition by force_code, measure_code, baseline_from
                order by period_start rows between 6 preceding and current row
            ) as marked
        from {rows}
        where is_complete_period and value is not null
    )
select measure_code, period_start
from month
where target is not null and lower is not null and (assurance is null) = (marked = 0)
"""


@mart_suite(
    "assurance_spc",
    one_row_per=("measure_code", "period_start"),
    sentence_columns=("baseline_reason", "why_none", "why_no_assurance"),
)
def assurance_spc() -> Expectations:
    """Control limits and the two signs of every measure, by month."""
    return [
        no_rows(
            "charts_are_the_measures",
            _DIFFERENT_FIGURES,
            description="Every figure of the force has a row here, with the same numbers.",
        ),
        _limits(),
        _signs(),
    ]


def _limits() -> list[Expectation]:
    return [
        every_row(
            "limits_or_a_reason",
            """
            case
                when kind is null then why_none is not null and centre is null and lower is null
                else why_none is null and centre is not null
            end
            and (lower is null) = (upper is null)
            """,
            description="Every month has limits, or says why it has none.",
            columns=("kind", "centre", "lower", "upper", "why_none"),
        ),
        every_row(
            "limits_from_a_year",
            "baseline_months >= 12",
            where="kind is not null",
            description="Limits are computed from at least twelve months.",
            columns=("baseline_months",),
        ),
        every_row(
            "centre_between_the_limits",
            sql("lower <= centre + <<slack>> and centre <= upper + <<slack>>", slack=_SLACK),
            where="lower is not null",
            description="Every centre lies between its limits.",
            columns=("lower", "centre", "upper"),
        ),
        every_row(
            "limits_of_a_share",
            "lower >= 0 and upper <= 1",
            where=f"lower is not null and {is_in('share')}",
            description="Limits of a share lie between zero and one.",
            columns=("lower", "upper"),
            dimension="validity",
        ),
        every_row(
            "months_follow_their_baseline",
            """
            baseline_from <= period_start
            and coalesce(baseline_to >= baseline_from, true)
            and (baseline_decided_on is null) = (baseline_reason is null)
            """,
            description="No month is earlier than its baseline, and every decision has a reason.",
            columns=("baseline_from", "baseline_to", "baseline_decided_on", "baseline_reason"),
        ),
        no_rows(
            "centre_of_the_baseline",
            sql(_DIFFERENT_CENTRES, slack=_SLACK),
            description="Every centre equals the figure of all months of the baseline.",
            columns=("centre",),
        ),
    ]


def _signs() -> list[Expectation]:
    return [
        every_row(
            "signs_need_a_complete_month",
            "variation is not null",
            where="is_complete_period and value is not null and lower is not null",
            description="Every complete month with a value and limits has a variation.",
            columns=("variation",),
            dimension="completeness",
        ),
        every_row(
            "the_current_month_has_no_sign",
            "variation is null and special_cause is null and assurance is null",
            where="not is_complete_period or value is null or kind is null",
            description="The current month, and a month without value or limits, has no sign.",
            columns=("variation", "special_cause", "assurance"),
        ),
        every_row(
            "a_change_has_a_special_cause",
            """
            coalesce(variation in ('IMPROVING', 'CONCERNING'), false)
            = (special_cause is not null)
            """,
            description="Every change has the rule that shows it, and no other month has one.",
            columns=("variation", "special_cause"),
        ),
        every_row(
            "outside_the_limits_is_marked",
            sql(_OUTSIDE_IS_MARKED, slack=_SLACK),
            where="is_complete_period",
            description="Exactly the months outside the limits are marked as outside.",
            columns=("value", "special_cause"),
        ),
        every_row(
            "a_change_has_the_right_direction",
            f"(variation = 'IMPROVING') = ((value > centre) <> ({_LESS_IS_BETTER}))",
            where="special_cause in ('OUTSIDE_LIMITS', 'TWO_OF_THREE', 'RUN_OF_SEVEN')",
            description="A figure on the better side of the centre is an improvement.",
            columns=("variation",),
        ),
        every_row(
            "assurance_follows_the_limits",
            _ASSURANCE_FOLLOWS,
            where=f"not ({_LESS_IS_BETTER})",
            description="Every assurance follows from the target and the limits.",
            columns=("assurance", "target", "lower", "upper"),
        ),
        no_rows(
            "verdict_of_a_stable_process",
            _VERDICT_WITHOUT_STABILITY,
            description="No process has a verdict while one of seven months is marked.",
        ),
    ]
