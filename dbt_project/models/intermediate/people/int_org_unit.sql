with
    build as (select * from {{ ref("stg_audit__build") }}),

    listed_unit as (
        select
            unit.*,
            row_number() over (
                partition by unit.force_code, unit.org_unit_code
                order by
                    case when unit.valid_from <= build.as_at_day then 0 else 1 end,
                    unit.valid_from desc,
                    unit.source_unit_code
            ) as recency,
            unit.valid_from <= build.as_at_day and build.as_at_day < unit.valid_to as is_current
        from {{ ref("stg_hr__org_unit") }} as unit
        cross join build
    ),

    named_unit as (
        select force_code, org_unit_code
        from {{ ref("stg_hr__personnel") }}
        where org_unit_code is not null
        union
        select force_code, district_code
        from {{ ref("stg_rms__occurrence") }}
        where district_code is not null and is_oic and not is_deleted and status <> 'CANCELLED'
        union
        select force_code, org_unit_code
        from listed_unit
        union
        select force_code, parent_org_unit_code
        from listed_unit
        where parent_org_unit_code is not null
        union
        select force_code, 'ALL'
        from {{ ref("stg_audit__force") }}
        union
        select force_code, 'UNKNOWN'
        from {{ ref("stg_audit__force") }}
    ),

    final as (
        select
            named_unit.force_code,
            named_unit.org_unit_code,
            case
                when named_unit.org_unit_code = 'ALL'
                then 'The whole force'
                when named_unit.org_unit_code = 'UNKNOWN'
                then 'Officer number that resolves to nobody'
                else coalesce(listed_unit.org_unit_name, named_unit.org_unit_code)
            end as org_unit_name,
            case
                when named_unit.org_unit_code <> 'ALL' then listed_unit.parent_org_unit_code
            end as parent_org_unit_code,
            case
                when named_unit.org_unit_code = 'ALL'
                then 'FORCE'
                else coalesce(listed_unit.kind, 'UNKNOWN')
            end as kind,
            case
                when named_unit.org_unit_code in ('ALL', 'UNKNOWN')
                then true
                else coalesce(listed_unit.is_current, false)
            end as is_current,
            listed_unit.source_unit_code
        from named_unit
        left join
            listed_unit
            on named_unit.force_code = listed_unit.force_code
            and named_unit.org_unit_code = listed_unit.org_unit_code
            and listed_unit.recency = 1
    )

select *
from final
