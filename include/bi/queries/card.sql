-- What readers are told about each point in words, and the line of its figure since the point started. The
-- line is a picture, from the figure at the end of each month. Its scale is from nothing to all. A publication
-- from before the words were kept has the status and the figure alone.
with
    month_end as (
        select distinct on (point_code, date_trunc('month', day)) point_code, day, value
        from marts.assurance_position_day
        where value is not null
        order by point_code, date_trunc('month', day), day desc
    ),

    dot as (
        select
            point_code,
            value,
            row_number() over (partition by point_code order by day) - 1 as place,
            greatest(count(*) over (partition by point_code) - 1, 1) as last_place
        from month_end
    ),

    line as (
        select
            point_code,
            string_agg(
                round(240.0 * place / last_place) || ',' || round(cast(38 - 36 * value as numeric), 1),
                ' ' order by place
            ) as dots
        from dot
        group by point_code
    )

select
    position.point_code,
    coalesce(answer.place, cast(row_number() over (order by position.point_code) as integer)) as place,
    coalesce(answer.point_label, position.point_label, position.point_code) as point_label,
    coalesce(answer.figure_words, round(cast(100 * position.value as numeric), 1) || '%') as figure_words,
    answer.answer,
    coalesce(
        answer.status_word, position.status_word, position.status_label,
        upper(left(position.status, 1)) || replace(substr(position.status, 2), '_', ' ')
    ) || coalesce(' since ' || to_char(answer.status_since, 'FMDD Mon YYYY'), '') as status,
    coalesce(answer.parts_words, position.numerator || ' of ' || position.denominator)
    || coalesce(', ' || answer.period_words, '')
    || coalesce(' · 95% interval ' || answer.interval_words, '') as parts,
    'Target ' || answer.target_words || case when position.deadline is null then ' · ' else ' by ' end
    || answer.deadline_words as target,
    'Second reading: ' || answer.second_words || '.' as second,
    '<img alt="' || coalesce(answer.trend_words, '') || '" src="data:image/svg+xml,%3Csvg xmlns=''http://www.w3.org/2000/svg'''
    || ' viewBox=''0 0 240 40'' preserveAspectRatio=''none''%3E%3Cpolyline fill=''none'' stroke=''%231f4e79'''
    || ' stroke-width=''2'' vector-effect=''non-scaling-stroke'' points=''' || line.dots || '''/%3E%3C/svg%3E">'
    as trend,
    answer.policy_words,
    'To know: ' || coalesce(answer.caveat_words, position.caveat) || '.' as caveat
from marts.assurance_position as position
left join marts.assurance_answer as answer
    on position.force_code = answer.force_code
    and position.point_code = answer.point_code
left join line on position.point_code = line.point_code
order by place
