-- Every unit that a figure can name, as it is today: those of the org-unit file, the force as a
-- whole (ALL), the unit of numbers that resolve to nobody (UNKNOWN), and codes that other systems
-- use but the org-unit file does not hold.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    listed as (
        select
            unit.*,
            row_number() over (
                partition by unit.force_code, unit.org_unit_code
                order by
                    case when unit.valid_from <= build.as_at_day then 0 else 1 end,
                    unit.valid_from desc
            ) as place,
            unit.valid_from <= build.as_at_day and build.as_at_day < unit.valid_to as is_current
        from {{ ref("stg_hr__org_unit") }} as unit
        cross join build
    ),

    named as (
        select force_code, org_unit_code
        from {{ ref("int_measure") }}
        union
        select force_code, org_unit_code
        from {{ ref("int_officer_version") }}
        union
        select force_code, org_unit_code
        from {{ ref("int_nccu_referral") }}
        union
        select force_code, org_unit_code
        from {{ ref("int_immigration_custody") }}
        union
        select force_code, district_code
        from {{ ref("int_oic_incident") }}
        where district_code is not null
        union
        select force_code, org_unit_code
        from listed
        union
        select force_code, parent_org_unit_code
        from listed
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
            named.force_code,
            named.org_unit_code,
            case
                when named.org_unit_code = 'ALL'
                then 'The whole force'
                when named.org_unit_code = 'UNKNOWN'
                then 'Officer number that resolves to nobody'
                else coalesce(listed.org_unit_name, named.org_unit_code)
            end as org_unit_name,
            listed.parent_org_unit_code,
            coalesce(
                listed.kind, case when named.org_unit_code = 'ALL' then 'FORCE' else 'UNKNOWN' end
            ) as kind,
            coalesce(listed.is_current, named.org_unit_code in ('ALL', 'UNKNOWN')) as is_current
        from named
        left join
            listed
            on named.force_code = listed.force_code
            and named.org_unit_code = listed.org_unit_code
            and listed.place = 1
    )

select *
from final
