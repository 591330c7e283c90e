with recursive
    released as (
        select force_code, measure_code, max(period_end) as released_until
        from {{ ref("stg_audit__released_figure") }}
        group by force_code, measure_code
    ),

    -- Before its first record, a measure has no month that could wait or be shown.
    begun as (
        select
            *,
            sum(numerator + rest) over (partition by force_code, measure_code order by period_start)
            > 0 as is_begun
        from {{ ref("int_public_cell") }}
        where counted_as = 'events' and org_unit_code = 'ALL'
    ),

    waiting as (
        select
            cell.force_code,
            cell.measure_code,
            cell.period_start,
            cell.period_end,
            cell.numerator,
            cell.rest,
            cell.smallest,
            row_number() over (
                partition by cell.force_code, cell.measure_code order by cell.period_start
            ) as place
        from begun as cell
        left join
            released
            on cell.force_code = released.force_code
            and cell.measure_code = released.measure_code
        where
            cell.is_begun
            and cell.period_start > coalesce(released.released_until, {{ beginning_of_time() }})
    ),

    gathered as (
        select
            force_code,
            measure_code,
            place,
            period_start,
            period_end,
            numerator,
            rest,
            smallest,
            {{ may_be_shown("numerator", "rest", "smallest") }} as is_shown
        from waiting
        where place = 1
        union all
        select
            force_code,
            measure_code,
            place,
            period_start,
            period_end,
            numerator,
            rest,
            smallest,
            {{ may_be_shown("numerator", "rest", "smallest") }} as is_shown
        from
            (
                select
                    month.force_code,
                    month.measure_code,
                    month.place,
                    case
                        when gathered.is_shown then month.period_start else gathered.period_start
                    end as period_start,
                    month.period_end,
                    month.numerator
                    + case when gathered.is_shown then 0 else gathered.numerator end as numerator,
                    month.rest + case when gathered.is_shown then 0 else gathered.rest end as rest,
                    month.smallest
                from gathered
                inner join
                    waiting as month
                    on gathered.force_code = month.force_code
                    and gathered.measure_code = month.measure_code
                    and gathered.place + 1 = month.place
            ) as next_month
    ),

    final as (
        select force_code, measure_code, period_start, period_end, numerator, rest, smallest
        from gathered
        where is_shown
    )

select *
from final
