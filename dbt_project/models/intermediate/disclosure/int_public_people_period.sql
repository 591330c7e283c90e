with recursive
    released as (
        select
            figure.*,
            row_number() over (
                partition by figure.force_code, figure.measure_code
                order by figure.period_start desc
            ) as months_ago
        from {{ ref("stg_audit__released_figure") }} as figure
        where figure.is_latest and figure.org_unit_code = 'ALL'
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
            released.numerator as released_numerator,
            released.rest as released_rest,
            row_number() over (
                partition by cell.force_code, cell.measure_code order by cell.period_start
            ) as place
        from {{ ref("int_public_cell") }} as cell
        left join
            released
            on cell.force_code = released.force_code
            and cell.measure_code = released.measure_code
            and released.months_ago = 1
        where
            cell.counted_as = 'people'
            and cell.org_unit_code = 'ALL'
            and cell.period_start > coalesce(released.period_end, {{ beginning_of_time() }})
    ),

    -- The recursion starts with the numbers of the last month end that was released. They are
    -- null if no month end was released.
    walked as (
        select
            force_code,
            measure_code,
            cast(0 as bigint) as place,
            cast(released_numerator as bigint) as shown_numerator,
            cast(released_rest as bigint) as shown_rest,
            false as is_shown
        from waiting
        where place = 1
        union all
        select
            force_code,
            measure_code,
            place,
            case when is_shown then numerator else shown_numerator end as shown_numerator,
            case when is_shown then rest else shown_rest end as shown_rest,
            is_shown
        from
            (
                select
                    month.*,
                    walked.shown_numerator,
                    walked.shown_rest,
                    {{ may_be_shown("month.numerator", "month.rest", "month.smallest") }}
                    and (
                        walked.shown_numerator is null
                        or {{
                            may_follow(
                                "month.numerator - walked.shown_numerator",
                                "month.rest - walked.shown_rest",
                                "month.smallest",
                            )
                        }}
                    ) as is_shown
                from walked
                inner join
                    waiting as month
                    on walked.force_code = month.force_code
                    and walked.measure_code = month.measure_code
                    and walked.place + 1 = month.place
            ) as next_month
    ),

    final as (
        select
            waiting.force_code,
            waiting.measure_code,
            waiting.period_start,
            waiting.period_end,
            waiting.numerator,
            waiting.rest,
            waiting.smallest
        from waiting
        inner join
            walked
            on waiting.force_code = walked.force_code
            and waiting.measure_code = walked.measure_code
            and waiting.place = walked.place
        where walked.is_shown
    )

select *
from final
