with
    point as (
        select
            force_code,
            measure_code,
            baseline_from,
            period_start,
            row_number() over (
                partition by force_code, measure_code, baseline_from order by period_start
            ) as place,
            {{ direction_beyond("scaled - scaled_centre", "reach") }} as outside_limits,
            {{ direction_beyond("scaled - scaled_centre", "2 * reach / 3") }} as far_out,
            {{ direction_beyond("scaled - scaled_centre", "0") }} as side,
            {{
                direction_beyond(
                    "scaled - lag(scaled) over ("
                    ~ "partition by force_code, measure_code, baseline_from order by period_start)",
                    "0",
                )
            }} as step
        from {{ ref("int_spc_limit") }}
        where is_point and kind is not null
    ),

    -- `run` is the place of a point in the series, less its place among the points on the same
    -- side of the centre. Points that follow each other on one side have the same `run`. `trend`
    -- is computed in the same way for steps in the same direction.
    in_a_row as (
        select
            point.*,
            place - row_number() over (
                partition by force_code, measure_code, baseline_from, side order by place
            ) as run,
            place - row_number() over (
                partition by force_code, measure_code, baseline_from, step order by place
            ) as trend
        from point
    ),

    counted as (
        select
            in_a_row.*,
            count(*) over (
                partition by force_code, measure_code, baseline_from, side, run
            ) as points_of_run,
            count(*) over (
                partition by force_code, measure_code, baseline_from, step, trend
            ) as steps_of_trend
        from in_a_row
    ),

    -- Seven points that rise have six steps between them.
    stepped as (
        select counted.*, case when steps_of_trend >= 6 then step else 0 end as trend_to_here
        from counted
    ),

    -- The neighbours are those of the same run, so all points between them are on one side.
    neighboured as (
        select
            stepped.*,
            lead(trend_to_here) over (
                partition by force_code, measure_code, baseline_from order by place
            ) as trend_from_here,
            lag(far_out, 1) over (
                partition by force_code, measure_code, baseline_from, side, run order by place
            ) as far_out_before,
            lag(far_out, 2) over (
                partition by force_code, measure_code, baseline_from, side, run order by place
            ) as far_out_two_before,
            lead(far_out, 1) over (
                partition by force_code, measure_code, baseline_from, side, run order by place
            ) as far_out_after,
            lead(far_out, 2) over (
                partition by force_code, measure_code, baseline_from, side, run order by place
            ) as far_out_two_after
        from stepped
    ),

    final as (
        select
            force_code,
            measure_code,
            period_start,
            outside_limits,
            case
                when
                    points_of_run >= 3
                    and far_out
                    in (far_out_before, far_out_two_before, far_out_after, far_out_two_after)
                then far_out
                else 0
            end as two_of_three,
            case when points_of_run >= 7 then side else 0 end as run_of_seven,
            case
                when trend_to_here <> 0 then trend_to_here else coalesce(trend_from_here, 0)
            end as trend_of_seven
        from neighboured
    )

select *
from final
