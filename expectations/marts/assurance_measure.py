"""Every measure by month and unit."""

from expectations.codes import (
    HOURS_MEASURES,
    MEASURES,
    MODULE_MEASURES,
    POINT_OF_MEASURE,
    POINTS,
    REFERRAL_MEASURES,
    as_rows,
    listed,
)
from expectations.figures import has_an_interval, is_a_share
from expectations.mart import known_unit, mart
from expectations.recounted import captures_add_up, hours_add_up
from expectations.stands import figures_stand
from expectations.vocabulary import (
    WARNING,
    Promise,
    Promises,
    every_row,
    filled,
    nothing,
    one_of,
    sql,
)

_FIRST_MONTH = "date '2025-01-01'"
_THIS_MONTH = "date_trunc('month', {as_at} at time zone 'Europe/London')::date"
_HOURS = f"measure_code in ({listed(HOURS_MEASURES)})"
_PAIRS = ", ".join(f"('{measure}', '{point}')" for measure, point in POINT_OF_MEASURE.items())

_MISSING_MONTHS = """
select force.force_code, measure.code as measure_code, month.start::date as period_start
from (select distinct force_code from {rows}) as force
cross join (values <<measures>>) as measure (code)
cross join lateral (
    select min(shown.period_start) as first_month
    from {rows} as shown
    where shown.force_code = force.force_code and shown.measure_code = measure.code
) as since
cross join lateral generate_series(since.first_month, <<this_month>>, interval '1 month')
    as month (start)
where not exists (
    select
    from {rows} as shown
    where shown.force_code = force.force_code
        and shown.measure_code = measure.code
        and shown.period_start = month.start::date
        and shown.org_unit_code = 'ALL'
)
"""

_UNITS_BEYOND_THE_FORCE = """
select unit.measure_code, unit.period_start, unit.org_unit_code
from {rows} as unit
left join {rows} as force
    on unit.force_code = force.force_code
    and unit.measure_code = force.measure_code
    and unit.period_start = force.period_start
    and force.org_unit_code = 'ALL'
where force.measure_code is null
    or unit.numerator > force.numerator
    or unit.denominator > force.denominator
"""

# The referral figures counted a second way, from the referrals themselves: those of the force, and
# for each unit those of all teams beneath it on the day.
_OTHER_THAN_THE_REFERRALS = """
with
    referral as (
        select
            force_code, org_unit_code, intelligence_class, measure.code as measure_code,
            (contacted_at at time zone 'Europe/London')::date as day
        from {candidate}.fct_nccu_referral
        cross join (values <<measures>>) as measure (code)
        where is_counted
            or (
                measure.code = 'nccu_intel_compliance_all_types'
                and referral_type = 'STATUS_CHECK'
                and intelligence_class <> 'awaiting'
            )
    ),
    rolled_up as (
        select referral.*, coalesce(above.ancestor_code, referral.org_unit_code) as unit_code
        from referral
        left join {intermediate}.int_org_unit_ancestor as above
            on referral.force_code = above.force_code
            and referral.org_unit_code = above.org_unit_code
            and referral.day >= above.valid_from
            and referral.day < above.valid_to
        union all
        select *, 'ALL'
        from referral
    ),
    counted as (
        select
            force_code, measure_code, date_trunc('month', day)::date as period_start,
            unit_code as org_unit_code, count(*) as denominator,
            count(*) filter (
                where intelligence_class = 'submitted_in_time'
                    or (
                        intelligence_class = 'submitted_late'
                        and measure_code <> 'nccu_intel_in_time'
                    )
            ) as numerator
        from rolled_up
        where day >= <<first_month>>
        group by 1, 2, 3, 4
    ),
    shown as (select * from {rows} where measure_code in (<<listed>>))
select measure_code, period_start, org_unit_code
from counted
full join shown using (force_code, measure_code, period_start, org_unit_code)
where coalesce(shown.numerator, 0) <> coalesce(counted.numerator, 0)
    or coalesce(shown.denominator, 0) <> coalesce(counted.denominator, 0)
"""

# This month's training figures of the force, counted from the people themselves.
_OTHER_THAN_THE_PEOPLE = """
with
    person as (
        select
            force_code, officer_key, is_long_term_absent, requirement_code = 'HYDRA' as is_hydra,
            bool_and(is_complete) as is_complete,
            array_agg(requirement_code) filter (where is_complete) as completed
        from {candidate}.fct_training_requirement
        where is_in_post
        group by 1, 2, 3, 4
    ),
    counted as (
        select
            person.force_code, measure.code as measure_code, count(*) as denominator,
            count(*) filter (
                where case
                    when measure.module is null then person.is_complete
                    else measure.module = any(person.completed)
                end
            ) as numerator
        from person
        inner join (values
            ('hydra_completion', true, false, null),
            ('hydra_completion_incl_absent', true, true, null),
            ('elearning_completion', false, false, null),
            ('elearning_completion_incl_absent', false, true, null),
            <<modules>>
        ) as measure (code, is_hydra, with_absent, module)
            on person.is_hydra = measure.is_hydra
            and (measure.with_absent or not person.is_long_term_absent)
        group by 1, 2
    ),
    shown as (
        select *
        from {rows}
        where point_code in ('HYDRA', 'ELEARNING')
            and org_unit_code = 'ALL'
            and period_start = <<this_month>>
    )
select shown.measure_code, shown.period_start
from shown
left join counted using (force_code, measure_code)
where shown.numerator <> coalesce(counted.numerator, 0)
    or shown.denominator <> coalesce(counted.denominator, 0)
"""

_FIGURES_THAT_CONTRADICT = """
select part.measure_code, part.period_start, part.org_unit_code
from {rows} as part
inner join (values <<pairs>>) as pair (part_code, whole_code, compared)
    on part.measure_code = pair.part_code
left join {rows} as whole
    on part.force_code = whole.force_code
    and whole.measure_code = pair.whole_code
    and part.period_start = whole.period_start
    and part.org_unit_code = whole.org_unit_code
where case pair.compared
        when 'value' then part.value > whole.value
        when 'denominator' then part.denominator > coalesce(whole.denominator, 0)
        when 'how many' then part.denominator > coalesce(whole.numerator, 0)
        else part.numerator > coalesce(whole.numerator, 0)
    end
"""

_PARTS_AND_WHOLES = (
    ("nccu_intel_in_time", "nccu_intel_compliance", "numerator"),
    ("nccu_intel_compliance", "nccu_intel_in_time", "denominator"),
    ("nccu_intel_compliance", "nccu_intel_compliance_all_types", "denominator"),
    ("nccu_hours_to_submission_p50", "nccu_hours_to_submission_p90", "value"),
    ("nccu_hours_to_submission_p50", "nccu_intel_compliance", "how many"),
    ("nccu_hours_to_submission_p90", "nccu_intel_compliance", "how many"),
    ("hydra_completion", "hydra_completion_incl_absent", "denominator"),
    ("elearning_completion", "elearning_completion_incl_absent", "denominator"),
)
_PACKAGE_AND_MODULES = tuple(
    ("elearning_completion", module, "numerator") for module in MODULE_MEASURES
)


@mart("assurance_measure", one_row_per=("measure_code", "period_start", "org_unit_code"))
def assurance_measure() -> Promises:
    """Every measure of every month, for the force and for each unit."""
    return [
        one_of("measure_code", MEASURES, words="Every measure is one that is defined."),
        one_of("point_code", POINTS, words="Every measure belongs to an assurance point."),
        every_row(
            "measure_of_its_point",
            f"(measure_code, point_code) in ({_PAIRS})",
            words="Every measure stands under its own assurance point.",
            columns=("measure_code", "point_code"),
        ),
        filled("point_code", "denominator", words="Every figure has its {column}."),
        known_unit(),
        every_row(
            "period_is_a_month",
            f"period_start = date_trunc('month', period_start) and period_start >= {_FIRST_MONTH} "
            f"and period_start <= {_THIS_MONTH}",
            words="Every period is a whole month from January 2025 to this one.",
            columns=("period_start",),
            dimension="validity",
        ),
        is_a_share(among=f"not ({_HOURS})"),
        has_an_interval(among=f"not ({_HOURS})"),
        every_row(
            "hours_without_numerator",
            "numerator is null and ci_low is null and ci_high is null "
            "and denominator >= 0 and (value is null) = (denominator = 0)",
            among=_HOURS,
            words="Hours are shown with how many referrals they are of, and nothing they are not.",
            columns=("numerator", "denominator", "value"),
        ),
        every_row(
            "three_strands",
            "denominator = 3 and org_unit_code = 'ALL'",
            among="measure_code = 'intel_plan_strands_met'",
            words="Plans are counted out of three strands, for the force alone.",
            columns=("denominator",),
        ),
        _adds_up(),
        _agrees(),
        figures_stand(),
    ]


def _adds_up() -> list[Promise]:
    referral_measures = {
        "measures": as_rows(REFERRAL_MEASURES),
        "listed": listed(REFERRAL_MEASURES),
        "first_month": _FIRST_MONTH,
    }
    modules = ", ".join(
        f"('{measure}', false, false, 'OIC-EL-{number}')"
        for number, measure in enumerate(MODULE_MEASURES, start=1)
    )
    return [
        nothing(
            "no_month_missing",
            sql(_MISSING_MONTHS, measures=as_rows(MEASURES), this_month=_THIS_MONTH),
            words="The force has a figure for every month of every measure, up to this one.",
            dimension="completeness",
        ),
        nothing(
            "no_more_than_the_force",
            _UNITS_BEYOND_THE_FORCE,
            words="No unit has more than the whole force.",
        ),
        nothing(
            "referrals_add_up",
            sql(_OTHER_THAN_THE_REFERRALS, **referral_measures),
            words="Referral figures of the force and of each unit are the sum of its referrals.",
        ),
        nothing(
            "people_add_up",
            sql(_OTHER_THAN_THE_PEOPLE, modules=modules, this_month=_THIS_MONTH),
            words="This month's training figures are the sum of the people who need the training.",
        ),
        hours_add_up(_FIRST_MONTH),
        captures_add_up(_FIRST_MONTH),
    ]


def _agrees() -> list[Promise]:
    return [
        nothing(
            "figures_agree",
            sql(_FIGURES_THAT_CONTRADICT, pairs=_as_pairs(_PARTS_AND_WHOLES)),
            words="Figures of one month do not contradict each other: no part is above its whole.",
            dimension="consistency",
        ),
        nothing(
            "package_within_modules",
            sql(_FIGURES_THAT_CONTRADICT, pairs=_as_pairs(_PACKAGE_AND_MODULES)),
            words="Nobody has the whole e-learning package without each of its modules.",
            dimension="consistency",
            # A policy by which a role needs fewer modules would make it so.
            severity=WARNING,
        ),
    ]


def _as_pairs(pairs: tuple[tuple[str, str, str], ...]) -> str:
    return ", ".join(f"('{part}', '{whole}', '{compared}')" for part, whole, compared in pairs)
