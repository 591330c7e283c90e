with
    released as (select * from {{ ref("stg_audit__released_figure") }} where org_unit_code = 'ALL'),

    computed as (
        select
            period.force_code,
            period.measure_code,
            period.period_start,
            period.period_end,
            sum(cell.numerator) as numerator,
            sum(cell.rest) as rest,
            max(cell.smallest) as smallest,
            max(cell.period_end) as computed_until
        from released as period
        inner join
            {{ ref("int_public_cell") }} as cell
            on period.force_code = cell.force_code
            and period.measure_code = cell.measure_code
            and cell.period_start >= period.period_start
            and cell.period_end <= period.period_end
        where period.is_latest and cell.counted_as = 'events' and cell.org_unit_code = 'ALL'
        group by period.force_code, period.measure_code, period.period_start, period.period_end
    ),

    compared as (
        select
            computed.force_code,
            computed.measure_code,
            computed.period_start,
            computed.period_end,
            computed.numerator,
            computed.rest,
            computed.smallest,
            min(
                case
                    when
                        {{
                            may_replace(
                                "computed.numerator - released.numerator",
                                "computed.rest - released.rest",
                                "computed.smallest",
                            )
                        }}
                    then 1
                    else 0
                end
            )
            = 1 as may_replace_all,
            max(
                case
                    when
                        released.is_latest
                        and released.numerator = computed.numerator
                        and released.rest = computed.rest
                    then 1
                    else 0
                end
            )
            = 1 as is_as_released
        from computed
        inner join
            released
            on computed.force_code = released.force_code
            and computed.measure_code = released.measure_code
            and computed.period_start = released.period_start
            and computed.period_end = released.period_end
        -- Leave out a period if a build for an earlier day sees only some of its months.
        where computed.computed_until = computed.period_end
        group by
            computed.force_code,
            computed.measure_code,
            computed.period_start,
            computed.period_end,
            computed.numerator,
            computed.rest,
            computed.smallest
    ),

    final as (
        select
            force_code,
            measure_code,
            period_start,
            period_end,
            cast(numerator as bigint) as numerator,
            cast(rest as bigint) as rest,
            smallest
        from compared
        where
            may_replace_all
            and not is_as_released
            and {{ may_be_shown("numerator", "rest", "smallest") }}
    )

select *
from final
