with
    listed_officer as (
        select
            personnel.force_code,
            pseudonym.officer_key,
            personnel.employment_type,
            personnel.rank_grade,
            personnel.role_code,
            coalesce(personnel.org_unit_code, 'UNKNOWN') as org_unit_code,
            personnel.absence_status,
            true as is_resolved,
            personnel.valid_from,
            personnel.valid_to
        from {{ ref("stg_hr__personnel") }} as personnel
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on personnel.force_code = pseudonym.force_code
            and personnel.employee_no = pseudonym.identifier
            and pseudonym.is_person
    ),

    unresolved_number as (
        select distinct
            force_code,
            officer_key,
            cast(null as {{ dbt.type_string() }}) as employment_type,
            cast(null as {{ dbt.type_string() }}) as rank_grade,
            cast(null as {{ dbt.type_string() }}) as role_code,
            'UNKNOWN' as org_unit_code,
            cast(null as {{ dbt.type_string() }}) as absence_status,
            false as is_resolved,
            {{ beginning_of_time() }} as valid_from,
            {{ end_of_time() }} as valid_to
        from {{ ref("int_collar_resolution") }}
        where not is_resolved
    ),

    officer_version as (
        select *
        from listed_officer
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
