with
    referral as (
        select
            force_code,
            {{ month_of("contacted_on") }} as period_start,
            is_compliant,
            {{ london_day("awaiting_until") }} as grace_ends_on,
            case
                when submitted_at is not null
                then greatest(contacted_on, {{ london_day("submitted_at") }})
            end as answered_on
        from {{ ref("int_nccu_referral_class") }}
        where is_counted
    ),

    days as (
        select point.force_code, spine.day
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
        cross join
            {{ day_spine("least(point.starts_on, build.as_at_day)", "build.as_at_day") }} as spine
        where point.point_code = 'NCCU_INTEL'
    ),

    months as (
        select force_code, period_start
        from referral
        union
        select force_code, {{ month_of("day") }}
        from days
    ),

    changes as (
        select
            force_code,
            period_start,
            least(coalesce(answered_on, grace_ends_on), grace_ends_on) as day,
            0 as numerator_change,
            1 as denominator_change,
            false as is_shown
        from referral
        union all
        select force_code, period_start, answered_on, 1, 0, false
        from referral
        where is_compliant
        union all
        select days.force_code, months.period_start, days.day, 0, 0, true
        from days
        inner join months on days.force_code = months.force_code and days.day >= months.period_start
    ),

    running_sums as (
        select
            force_code,
            period_start,
            day,
            max(case when is_shown then 1 else 0 end) = 1 as is_shown,
            sum(sum(numerator_change)) over (
                partition by force_code, period_start order by day
            ) as numerator,
            sum(sum(denominator_change)) over (
                partition by force_code, period_start order by day
            ) as denominator
        from changes
        group by force_code, period_start, day
    ),

    final as (
        select
            force_code,
            period_start,
            day,
            {{ month_end("period_start") }} < day as is_complete,
            cast(numerator as bigint) as numerator,
            cast(denominator as bigint) as denominator
        from running_sums
        where is_shown
    )

select *
from final
