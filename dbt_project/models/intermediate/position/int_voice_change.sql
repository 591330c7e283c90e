with
    status_and_the_one_before as (
        select
            *, lag(status) over (partition by force_code, point_code order by day) as status_before
        from {{ ref("int_point_status_by_day") }}
    ),

    change_of_data as (
        select
            force_code,
            point_code,
            day as changed_on,
            status,
            is_assured,
            lead(day) over (partition by force_code, point_code order by day) as next_change_on
        from status_and_the_one_before
        where status is distinct from status_before
    ),

    change as (
        select
            force_code,
            point_code,
            party as voice,
            valid_from as changed_on,
            case
                when valid_to < {{ end_of_time() }} then {{ add_days("valid_to", -1) }}
            end as stood_until,
            status,
            is_assured
        from {{ ref("int_voice") }}
        where party in ('FORCE', 'COMMISSIONER')
        union all
        select
            force_code,
            point_code,
            'DATA',
            changed_on,
            {{ add_days("next_change_on", -1) }},
            status,
            is_assured
        from change_of_data
    ),

    -- Leave out entries of the recommendation log about anything other than an assurance point.
    final as (
        select change.*
        from change
        inner join
            {{ ref("int_point") }} as point
            on change.force_code = point.force_code
            and change.point_code = point.point_code
    )

select *
from final
