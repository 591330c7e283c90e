with
    fresh as (select * from {{ ref("int_public_fresh") }} where is_broken_down),

    unit as (
        select
            fresh.force_code,
            fresh.measure_code,
            fresh.counted_as,
            fresh.period_start,
            fresh.period_end,
            cell.org_unit_code,
            fresh.smallest,
            sum(cell.numerator) as numerator,
            sum(cell.rest) as rest
        from fresh
        inner join
            {{ ref("int_public_cell") }} as cell
            on fresh.force_code = cell.force_code
            and fresh.measure_code = cell.measure_code
            and cell.period_start >= fresh.period_start
            and cell.period_end <= fresh.period_end
        where cell.org_unit_code <> 'ALL'
        group by
            fresh.force_code,
            fresh.measure_code,
            fresh.counted_as,
            fresh.period_start,
            fresh.period_end,
            cell.org_unit_code,
            fresh.smallest
    ),

    released as (
        select
            figure.*,
            dense_rank() over (
                partition by figure.force_code, figure.measure_code
                order by figure.period_start desc
            ) as months_ago
        from {{ ref("stg_audit__released_figure") }} as figure
        where figure.org_unit_code <> 'ALL'
    ),

    -- The earlier releases that the new figure is compared with. A unit that is only in the new
    -- figure, or only in the earlier release, counts as zero in the one that lacks it.
    earlier as (
        select distinct
            fresh.force_code,
            fresh.measure_code,
            fresh.period_start,
            fresh.counted_as,
            fresh.smallest,
            released.release_id,
            released.period_start as released_start
        from fresh
        inner join
            released
            on fresh.force_code = released.force_code
            and fresh.measure_code = released.measure_code
            and (
                (fresh.counted_as = 'people' and released.months_ago = 1)
                or (fresh.counted_as = 'events' and fresh.period_start = released.period_start)
            )
    ),

    step as (
        select
            earlier.force_code,
            earlier.measure_code,
            earlier.period_start,
            earlier.release_id,
            earlier.counted_as,
            earlier.smallest,
            unit.org_unit_code,
            unit.numerator,
            unit.rest
        from earlier
        inner join
            unit
            on earlier.force_code = unit.force_code
            and earlier.measure_code = unit.measure_code
            and earlier.period_start = unit.period_start
        union all
        select
            earlier.force_code,
            earlier.measure_code,
            earlier.period_start,
            earlier.release_id,
            earlier.counted_as,
            earlier.smallest,
            released.org_unit_code,
            - released.numerator,
            - released.rest
        from earlier
        inner join
            released
            on earlier.force_code = released.force_code
            and earlier.measure_code = released.measure_code
            and earlier.released_start = released.period_start
            and earlier.release_id = released.release_id
    ),

    change as (
        select
            force_code,
            measure_code,
            period_start,
            counted_as,
            smallest,
            sum(numerator) as numerator,
            sum(rest) as rest
        from step
        group by
            force_code, measure_code, period_start, release_id, org_unit_code, counted_as, smallest
    ),

    withheld as (
        select force_code, measure_code, period_start
        from unit
        where not {{ may_be_shown("numerator", "rest", "smallest") }}
        union
        select force_code, measure_code, period_start
        from change
        where
            (counted_as = 'people' and not {{ may_follow("numerator", "rest", "smallest") }})
            or (counted_as = 'events' and not {{ may_replace("numerator", "rest", "smallest") }})
    ),

    final as (
        select
            unit.force_code,
            unit.measure_code,
            unit.period_start,
            unit.period_end,
            unit.org_unit_code,
            cast(unit.numerator as bigint) as numerator,
            cast(unit.rest as bigint) as rest
        from unit
        left join
            withheld
            on unit.force_code = withheld.force_code
            and unit.measure_code = withheld.measure_code
            and unit.period_start = withheld.period_start
        where withheld.force_code is null and unit.numerator + unit.rest > 0
    )

select *
from final
