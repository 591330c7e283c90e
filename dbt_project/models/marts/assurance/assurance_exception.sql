with
    spell as (
        select *, min(first_seen_at) over (partition by force_code, exception_key) as ever_seen_at
        from {{ ref("int_exception_spell") }}
    ),

    final as (
        select
            exception.force_code,
            exception.exception_key,
            exception.exception_code,
            {{ exception_label("exception.exception_code") }} as exception_label,
            exception.point_code,
            point.title as point_label,
            exception.record_ref,
            exception.org_unit_code,
            unit.org_unit_name as org_unit_label,
            exception.officer_key,
            exception.opened_at,
            {{ london_time("exception.opened_at") }} as opened_at_local,
            {{ london_day("exception.opened_at") }} as date_day,
            spell.ever_seen_at as first_seen_at,
            case when spell.spell > 1 then spell.first_seen_at end as reopened_at,
            spell.spell - 1 as times_reopened,
            cast(exception.age_days as integer) as age_days,
            exception.age_band,
            {{ label("age_band", "exception.age_band") }} as age_band_label,
            build.publication_id
        from {{ ref("int_exception") }} as exception
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            spell
            on exception.force_code = spell.force_code
            and exception.exception_key = spell.exception_key
            and spell.is_open
        left join {{ ref("point_words") }} as point on exception.point_code = point.point_code
        left join
            {{ ref("int_org_unit") }} as unit
            on exception.force_code = unit.force_code
            and exception.org_unit_code = unit.org_unit_code
            {{ label_join("exception", "exception.exception_code") }}
            {{ label_join("age_band", "exception.age_band") }}
    )

select *
from final
