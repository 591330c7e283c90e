with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- The second reading covers the same months as the figure of the position: the last twelve
    -- complete months and the current one.
    referral as (
        select *
        from {{ ref("int_nccu_referral_class") }}
        where {{ is_counted_with_status_checks() }}
    ),

    second_count as (
        select
            referral.force_code,
            'NCCU_INTEL' as point_code,
            sum(case when referral.is_compliant then 1 else 0 end) as numerator,
            count(*) as denominator
        from referral
        cross join build
        where referral.contacted_on >= {{ dbt.dateadd("month", -12, month_of("build.as_at_day")) }}
        group by referral.force_code
        union all
        select
            person.force_code,
            person.point_code,
            sum(case when person.completed_on <= build.as_at_day then 1 else 0 end),
            count(*)
        from {{ ref("int_training_person") }} as person
        cross join build
        where build.as_at_day >= person.in_post_from and build.as_at_day < person.in_post_to
        group by person.force_code, person.point_code
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            point.second_measure_code,
            cast(coalesce(second_count.numerator, 0) as bigint) as numerator,
            cast(coalesce(second_count.denominator, 0) as bigint) as denominator
        from {{ ref("int_point") }} as point
        left join
            second_count
            on point.force_code = second_count.force_code
            and point.point_code = second_count.point_code
        where point.second_measure_code is not null
    )

select *
from final
