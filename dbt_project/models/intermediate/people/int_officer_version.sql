with
    listed_officer as (
        select
            personnel.force_code,
            pseudonym.officer_key,
            coalesce(personnel.org_unit_code, 'UNKNOWN') as org_unit_code,
            personnel.valid_from,
            personnel.valid_to
        from {{ ref("stg_hr__personnel") }} as personnel
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on personnel.force_code = pseudonym.force_code
            and personnel.employee_no = pseudonym.identifier
            and pseudonym.is_person
    ),

    with_previous as (
        select
            listed_officer.*,
            case
                when
                    lag(org_unit_code) over by_officer = org_unit_code
                    and lag(valid_to) over by_officer = valid_from
                then 0
                else 1
            end as begins
        from listed_officer
        window by_officer as (partition by force_code, officer_key order by valid_from)
    ),

    numbered as (
        select
            with_previous.*,
            sum(begins) over (
                partition by force_code, officer_key
                order by valid_from
                rows between unbounded preceding and current row
            ) as posting
        from with_previous
    ),

    time_in_unit as (
        select
            force_code,
            officer_key,
            org_unit_code,
            true as is_resolved,
            min(valid_from) as valid_from,
            max(valid_to) as valid_to
        from numbered
        group by force_code, officer_key, org_unit_code, posting
    ),

    unresolved_number as (
        select distinct
            force_code,
            officer_key,
            'UNKNOWN' as org_unit_code,
            false as is_resolved,
            {{ beginning_of_time() }} as valid_from,
            {{ end_of_time() }} as valid_to
        from {{ ref("int_collar_resolution") }}
        where not is_resolved
    ),

    officer_version as (
        select *
        from time_in_unit
        union all
        select *
        from unresolved_number
    ),

    final as (
        select
            *,
            md5(
                force_code
                || '|'
                || officer_key
                || '|'
                || cast(valid_from as {{ dbt.type_string() }})
            ) as officer_version_key
        from officer_version
    )

select *
from final
