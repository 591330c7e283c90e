with
    step as (select * from {{ ref("int_sign_off") }} where point_code is not null),

    closed_once as (
        select distinct force_code, point_code, round from step where step = 'COMMISSIONER'
    ),

    closed_now as (
        select distinct force_code, point_code from step where step = 'COMMISSIONER' and is_in_force
    ),

    -- The latest reopening of each closed point that has not been closed again. The reopening of
    -- a round without the Commissioner's signature is left out, because that round closed
    -- nothing.
    reopened as (
        select
            step.force_code,
            step.point_code,
            step.cause,
            {{ london_day("step.made_at") }} as reopened_on,
            row_number() over (
                partition by step.force_code, step.point_code order by step.round desc
            ) as recency
        from step
        inner join
            closed_once
            on step.force_code = closed_once.force_code
            and step.point_code = closed_once.point_code
            and step.round = closed_once.round
        left join
            closed_now
            on step.force_code = closed_now.force_code
            and step.point_code = closed_now.point_code
        where step.step = 'REOPENED' and closed_now.point_code is null
    ),

    evidence as (
        select force_code, point_code, evidence_state
        from step
        where is_in_force and step = 'EVIDENCE' and evidence_state in ('missing', 'unreadable')
    ),

    point as (
        select force_code, point_code
        from reopened
        union
        select force_code, point_code
        from evidence
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            concat_ws(
                '; ',
                'its closure was reopened on '
                || cast(reopened.reopened_on as {{ dbt.type_string() }})
                || ' because '
                || case
                    reopened.cause
                    when 'SLIPPED'
                    then 'the point slipped'
                    when 'RESTATED'
                    then 'the figure that it was closed on was restated'
                    when 'EVIDENCE_CHANGED'
                    then 'its evidence has changed'
                    else 'somebody decided so'
                end,
                'the evidence of its sign-off is ' || evidence.evidence_state
            ) as sign_off_caveat
        from point
        left join
            reopened
            on point.force_code = reopened.force_code
            and point.point_code = reopened.point_code
            and reopened.recency = 1
        left join
            evidence
            on point.force_code = evidence.force_code
            and point.point_code = evidence.point_code
    )

select *
from final
