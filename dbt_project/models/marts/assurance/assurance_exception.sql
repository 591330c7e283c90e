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
            exception.point_code,
            exception.record_ref,
            exception.org_unit_code,
            exception.officer_key,
            exception.opened_at,
            spell.ever_seen_at as first_seen_at,
            case when spell.spell > 1 then spell.first_seen_at end as reopened_at,
            spell.spell - 1 as times_reopened,
            cast(exception.age_days as integer) as age_days,
            exception.age_band,
            build.publication_id
        from {{ ref("int_exception") }} as exception
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            spell
            on exception.force_code = spell.force_code
            and exception.exception_key = spell.exception_key
            and spell.is_open
    )

select *
from final
