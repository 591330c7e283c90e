with
    build as (select * from {{ ref("stg_audit__build") }}),

    days as (
        select spine.day
        from {{ ref("int_calendar") }} as calendar
        cross join {{ day_spine("calendar.first_day", "calendar.last_day") }} as spine
    ),

    final as (
        select
            force.force_code,
            days.day as date_day,
            {{ month_of("days.day") }} as month_start,
            cast(extract(year from days.day) as integer) as calendar_year,
            cast(extract(quarter from days.day) as integer) as quarter,
            cast(extract(month from days.day) as integer) as calendar_month,
            {{ month_name("days.day") }} as month_name,
            {{ iso_year("days.day") }} as iso_year,
            cast(extract(week from days.day) as integer) as iso_week,
            {{ financial_year("days.day") }} as financial_year,
            cast(
                extract(quarter from {{ add_months("days.day", -3) }}) as integer
            ) as financial_quarter,
            cast(extract(year from days.day) as {{ dbt.type_string() }})
            || ' Q'
            || cast(extract(quarter from days.day) as {{ dbt.type_string() }}) as quarter_label,
            {{ financial_year("days.day") }}
            || ' Q'
            || cast(
                extract(quarter from {{ add_months("days.day", -3) }}) as {{ dbt.type_string() }}
            ) as financial_quarter_label,
            cast(
                (extract(year from build.as_at_day) - extract(year from days.day)) * 12
                + extract(month from build.as_at_day)
                - extract(month from days.day) as integer
            ) as months_before_today,
            cast(extract(day from days.day) as integer) as day_of_month,
            {{ iso_day_of_week("days.day") }} as iso_day_of_week,
            {{ iso_day_of_week("days.day") }} >= 6 as is_weekend,
            {{
                hours_between(
                    london_midnight("days.day"),
                    london_midnight(add_days("days.day", 1)),
                )
            }} as hours_in_day,
            build.publication_id
        from days
        cross join {{ ref("stg_audit__force") }} as force
        cross join build
    )

select *
from final
