-- What readers are told about each point in words, and the line of its figure since the point started. The
-- line is a picture, from the figure at the end of each month. Its scale is from nothing to all.
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
    answer.point_code,
    answer.place,
    answer.point_label,
    answer.figure_words,
    answer.answer,
    answer.status_word || coalesce(' since ' || to_char(answer.status_since, 'FMDD Mon YYYY'), '') as status,
    answer.parts_words || coalesce(', ' || answer.period_words, '')
    || coalesce(' · 95% interval ' || answer.interval_words, '') as parts,
    'Target ' || answer.target_words || case when point.deadline is null then ' · ' else ' by ' end
    || answer.deadline_words as target,
    'Second reading: ' || answer.second_words || '.' as second,
    '<img alt="' || coalesce(answer.trend_words, '') || '" src="data:image/svg+xml,%3Csvg xmlns=''http://www.w3.org/2000/svg'''
    || ' viewBox=''0 0 240 40'' preserveAspectRatio=''none''%3E%3Cpolyline fill=''none'' stroke=''%231f4e79'''
    || ' stroke-width=''2'' vector-effect=''non-scaling-stroke'' points=''' || line.dots || '''/%3E%3C/svg%3E">'
    as trend,
    answer.policy_words,
    'To know: ' || answer.caveat_words || '.' as caveat
from marts.assurance_answer as answer
inner join marts.dim_point as point
    on answer.force_code = point.force_code
    and answer.point_code = point.point_code
left join line on answer.point_code = line.point_code
order by answer.place
