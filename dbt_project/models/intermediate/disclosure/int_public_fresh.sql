with
    figure as (
        select *, 'events' as counted_as
        from {{ ref("int_public_event_period") }}
        union all
        select *, 'events' as counted_as
        from {{ ref("int_public_revision") }}
        union all
        select *, 'people' as counted_as
        from {{ ref("int_public_people_period") }}
    ),

    final as (
        select
            *,
            counted_as = 'events'
            or period_start = max(period_start) over (
                partition by force_code, measure_code, counted_as
            ) as is_broken_down
        from figure
    )

select *
from final
