with
    build as (select * from {{ ref("stg_audit__build") }}),

    month as (
        select distinct force_code, period_start, is_complete from {{ ref("int_measure_month") }}
    ),

    voice as (
        select 'FORCE' as voice
        union all
        select 'COMMISSIONER'
    ),

    -- The days on which the data says whether the point is assured. On a day without a case it
    -- does not, nor on the as-at day if the sources are not fresh.
    data_day as (
        select by_day.force_code, by_day.point_code, by_day.day, by_day.is_assured
        from {{ ref("int_point_status_by_day") }} as by_day
        inner join
            {{ ref("int_voice_day") }} as shown
            on by_day.force_code = shown.force_code
            and by_day.point_code = shown.point_code
            and by_day.day = shown.day
        where shown.data_status not in ('unknown', 'no_cases')
    ),

    said_complete as (
        select
            said.force_code,
            said.party as voice,
            {{ month_of("data_day.day") }} as period_start,
            case when data_day.day = said.valid_from then 1 else 0 end as is_statement,
            case when data_day.is_assured then 0 else 1 end as is_contradicted
        from {{ ref("int_voice") }} as said
        inner join
            data_day
            on said.force_code = data_day.force_code
            and said.point_code = data_day.point_code
            and data_day.day >= said.valid_from
            and data_day.day < said.valid_to
        where said.is_assured
    ),

    counted as (
        select
            month.force_code,
            voice.voice,
            month.period_start,
            month.is_complete,
            coalesce(sum(said.is_statement * said.is_contradicted), 0) as numerator,
            coalesce(sum(said.is_statement), 0) as denominator,
            coalesce(sum(said.is_contradicted), 0) as days_contradicted,
            count(said.voice) as days_said_complete
        from month
        cross join voice
        left join
            said_complete as said
            on month.force_code = said.force_code
            and month.period_start = said.period_start
            and voice.voice = said.voice
        group by month.force_code, voice.voice, month.period_start, month.is_complete
    ),

    final as (
        select
            counted.force_code,
            counted.voice,
            counted.period_start,
            counted.is_complete,
            cast(counted.numerator as bigint) as numerator,
            cast(counted.denominator as bigint) as denominator,
            {{ share("counted.numerator", "counted.denominator") }} as value,
            {{ wilson_low("counted.numerator", "counted.denominator") }} as ci_low,
            {{ wilson_high("counted.numerator", "counted.denominator") }} as ci_high,
            cast(counted.days_contradicted as bigint) as days_contradicted,
            cast(counted.days_said_complete as bigint) as days_said_complete,
            build.publication_id
        from counted
        cross join build
    )

select *
from final
