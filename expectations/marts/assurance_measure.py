"""Measures by month and organisational unit."""

from expectations.shared.code_lists import (
    HOURS_MEASURES,
    MEASURES,
    MODULE_MEASURES,
    POINT_OF_MEASURE,
    POINTS,
    REFERRAL_MEASURES,
    sql_list,
    sql_rows,
)
from expectations.shared.compared_publication import figures_close_to_published
from expectations.shared.mart_suite import known_unit, mart_suite
from expectations.shared.recounts import captures_add_up, hours_add_up
from expectations.shared.shares import has_an_interval, is_a_share
from expectations.vocabulary import (
    WARNING,
    Expectation,
    Expectations,
    every_row,
    filled,
    no_rows,
    one_of,
    sql,
)

_FIRST_MONTH = "date '2025-01-01'"
_THIS_MONTH = "date_trunc('month', {as_at} at time zone 'Europe/London')::date"
_HOURS = f"measure_code in ({sql_list(HOURS_MEASURES)})"
_MEASURES_AND_POINTS = sql_rows(POINT_OF_MEASURE.keys(), POINT_OF_MEASURE.values())

_MISSING_MONTHS = """
with force as (select distinct force_code from {rows})
select force.force_code, measure.code as measure_code, month.start::date as period_start
from force
cross join (values <<measures>>) as measure (code)
cross join lateral (
    select min(shown.period_start) as first_month
    from {rows} as shown
    where shown.force_code = force.force_code and shown.measure_code = measure.code
) as history
cross join lateral generate_series(history.first_month, <<this_month>>, interval '1 month')
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

_UNITS_LARGER_THAN_THE_FORCE = """
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

# The figures about referrals are computed again from the referrals. All referrals count for the
# force. A unit's figure counts the referrals of the unit itself and of all units that were below it
# on the day of contact.
_DIFFERENT_REFERRALS = """
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
        select referral.*, coalesce(unit_above.ancestor_code, referral.org_unit_code) as unit_code
        from referral
        left join {intermediate}.int_org_unit_ancestor as unit_above
            on referral.force_code = unit_above.force_code
            and referral.org_unit_code = unit_above.org_unit_code
            and referral.day >= unit_above.valid_from
            and referral.day < unit_above.valid_to
        union all
        select *, 'ALL'
        from referral
        where org_unit_code <> 'ALL'
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
        group by force_code, measure_code, date_trunc('month', day), unit_code
    ),
    shown as (select * from {rows} where measure_code in (<<listed>>))
select measure_code, period_start, org_unit_code
from counted
full join shown using (force_code, measure_code, period_start, org_unit_code)
where coalesce(shown.numerator, 0) <> coalesce(counted.numerator, 0)
    or coalesce(shown.denominator, 0) <> coalesce(counted.denominator, 0)
"""

# The force's training figures for this month are computed again from `fct_training_requirement`,
# which has one row for each officer and training item.
_DIFFERENT_TRAINING = """
with
    officer as (
        select
            force_code, officer_key, is_long_term_absent, requirement_code = 'HYDRA' as is_hydra,
            bool_and(is_complete) as is_complete,
            array_agg(requirement_code) filter (where is_complete) as completed
        from {candidate}.fct_training_requirement
        where is_in_post
        group by force_code, officer_key, is_long_term_absent, requirement_code = 'HYDRA'
    ),
    counted as (
        select
            officer.force_code, measure.code as measure_code, count(*) as denominator,
            count(*) filter (
                where case
                    when measure.module is null then officer.is_complete
                    else measure.module = any(officer.completed)
                end
            ) as numerator
        from officer
        inner join (values
            ('hydra_completion', true, false, null),
            ('hydra_completion_incl_absent', true, true, null),
            ('elearning_completion', false, false, null),
            ('elearning_completion_incl_absent', false, true, null),
            <<modules>>
        ) as measure (code, is_hydra, with_absent, module)
            on officer.is_hydra = measure.is_hydra
            and (measure.with_absent or not officer.is_long_term_absent)
        group by officer.force_code, measure.code
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

# Each pair names two measures: a part and its whole. `compared` names the column (value,
# denominator or numerator) that must not be larger in the part than in the whole. With 'how many',
# the denominator of the part must not be larger than the numerator of the whole. For example, a
# median of hours must not be computed from more referrals than are compliant.
_PARTS_LARGER_THAN_WHOLES = """
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


@mart_suite("assurance_measure", one_row_per=("measure_code", "period_start", "org_unit_code"))
def assurance_measure() -> Expectations:
    """Every measure by month, for the force and for each unit."""
    return [
        one_of("measure_code", MEASURES, description="Every measure is a defined one."),
        one_of(
            "point_code",
            POINTS,
            description="Every measure belongs to one of the four assurance points.",
        ),
        every_row(
            "measure_of_its_point",
            f"(measure_code, point_code) in ({_MEASURES_AND_POINTS})",
            description="Every measure belongs to the assurance point that policy gives it.",
            columns=("measure_code", "point_code"),
        ),
        filled("point_code", "denominator", description="Every figure has a value in {column}."),
        known_unit(),
        every_row(
            "period_is_a_month",
            f"""
            period_start = date_trunc('month', period_start)
            and period_start >= {_FIRST_MONTH}
            and period_start <= {_THIS_MONTH}
            """,
            description="Every period is a whole month from January 2025 to the current one.",
            columns=("period_start",),
            dimension="validity",
        ),
        is_a_share(where=f"not ({_HOURS})"),
        has_an_interval(where=f"not ({_HOURS})"),
        every_row(
            "hours_without_numerator",
            """
            numerator is null
            and ci_low is null
            and ci_high is null
            and denominator >= 0
            and (value is null) = (denominator = 0)
            """,
            where=_HOURS,
            description="Every figure in hours has a denominator, but no numerator or interval.",
            columns=("numerator", "denominator", "value"),
        ),
        every_row(
            "three_strands",
            "denominator = 3 and org_unit_code = 'ALL'",
            where="measure_code = 'intel_plan_strands_met'",
            description="Every figure of plan strands is for the force and counts three strands.",
            columns=("denominator",),
        ),
        _adds_up(),
        _agrees(),
        figures_close_to_published(),
    ]


def _adds_up() -> list[Expectation]:
    referral_measures = {
        "measures": sql_rows(REFERRAL_MEASURES),
        "listed": sql_list(REFERRAL_MEASURES),
        "first_month": _FIRST_MONTH,
    }
    modules = ", ".join(
        f"('{measure}', false, false, 'OIC-EL-{number}')"
        for number, measure in enumerate(MODULE_MEASURES, start=1)
    )
    return [
        no_rows(
            "no_month_missing",
            sql(_MISSING_MONTHS, measures=sql_rows(MEASURES), this_month=_THIS_MONTH),
            description="Every measure has a figure for the force for every month up to this one.",
            dimension="completeness",
        ),
        no_rows(
            "no_more_than_the_force",
            _UNITS_LARGER_THAN_THE_FORCE,
            description="No unit has a larger count than the whole force.",
        ),
        no_rows(
            "referrals_add_up",
            sql(_DIFFERENT_REFERRALS, **referral_measures),
            description=(
                "Every referral figure of the force and its units equals a count of the referrals."
            ),
        ),
        no_rows(
            "people_add_up",
            sql(_DIFFERENT_TRAINING, modules=modules, this_month=_THIS_MONTH),
            description="Every training figure of this month equals a count of the officers.",
        ),
        hours_add_up(_FIRST_MONTH),
        captures_add_up(_FIRST_MONTH),
    ]


def _agrees() -> list[Expectation]:
    return [
        no_rows(
            "figures_agree",
            sql(_PARTS_LARGER_THAN_WHOLES, pairs=sql_rows(*zip(*_PARTS_AND_WHOLES, strict=True))),
            description=(
                "No figure of a part is larger than the figure of the whole that includes the part."
            ),
            dimension="consistency",
        ),
        no_rows(
            "package_within_modules",
            sql(
                _PARTS_LARGER_THAN_WHOLES, pairs=sql_rows(*zip(*_PACKAGE_AND_MODULES, strict=True))
            ),
            description=(
                "Nobody has completed the e-learning package without completing each module."
            ),
            dimension="consistency",
            # A warning and not critical, because policy may require fewer modules for some roles.
            # An officer with such a role completes the package without completing every module.
            severity=WARNING,
        ),
    ]
