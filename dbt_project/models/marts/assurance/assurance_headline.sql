{{ config(tags=["sealed"]) }}

with
    point as (
        select
            answer.*,
            policy.deadline,
            case
                when answer.answer_code = 'YES'
                then 'met'
                when answer.answer_code = 'NOT_KNOWN'
                then 'not_known'
                when answer.answer_code = 'NOT_DUE'
                then 'not_due'
                when answer.answer_code = 'NO_CASES'
                then 'no_cases'
                else 'not_met'
            end as part
        from {{ ref("assurance_answer") }} as answer
        inner join
            {{ ref("int_point") }} as policy
            on answer.force_code = policy.force_code
            and answer.point_code = policy.point_code
    ),

    counted as (
        select
            force_code,
            publication_id,
            count(*) as points,
            count(*) filter (where part = 'met') as points_met,
            count(*) filter (where part = 'not_known') as points_not_known,
            count(*) filter (where part = 'not_due') as points_not_due,
            count(*) filter (where part = 'no_cases') as points_no_cases,
            min(case when part = 'not_due' then deadline end) as next_deadline
        from point
        group by force_code, publication_id
    ),

    answered as (
        select
            *,
            case
                when points_not_known > 0
                then 'NOT_KNOWN'
                when points_met = points
                then 'YES'
                when points_met + points_not_due + points_no_cases < points
                then 'NOT_YET'
                when points_not_due > 0
                then 'NOT_DUE'
                else 'NO_CASES'
            end as answer_code
        from counted
    ),

    named as (
        select
            force_code,
            part,
            {{
                dbt.listagg(
                    "point_label || case when part in ('not_met', 'not_due') then coalesce("
                    ~ "' (' || figure_words || ', target ' || target_words || ')', '') else '' end",
                    "', '",
                    "order by place",
                )
            }} as names
        from point
        group by force_code, part
    ),

    detail as (
        select
            named.force_code,
            {{
                dbt.listagg(
                    fill_in("template.words", {"names": "named.names"}),
                    "' '",
                    "order by part_place",
                )
            }} as words
        from
            (
                select
                    *,
                    case
                        part
                        when 'not_known'
                        then 1
                        when 'not_met'
                        then 2
                        when 'not_due'
                        then 3
                        when 'no_cases'
                        then 4
                        else 5
                    end as part_place
                from named
            ) as named
        inner join
            {{ ref("answer_words") }} as template
            on template.part = 'detail'
            and named.part = template.case_code
        group by named.force_code
    ),

    final as (
        select
            answered.force_code,
            answered.answer_code,
            {{ label("answer", "answered.answer_code") }} as answer,
            {{
                fill_in(
                    "template.words",
                    {
                        "points": as_text("answered.points"),
                        "met": as_text("answered.points_met"),
                        "are": "case when answered.points_met = 1 then 'is' else 'are' end",
                        "no_cases": as_text("answered.points_no_cases"),
                        "not_known": as_text("answered.points_not_known"),
                        "deadline": day_in_words("answered.next_deadline"),
                    },
                )
            }} as words,
            detail.words as detail,
            cast(answered.points as integer) as points,
            cast(answered.points_met as integer) as points_met,
            cast(answered.points_not_due as integer) as points_not_due,
            cast(answered.points_no_cases as integer) as points_no_cases,
            cast(answered.points_not_known as integer) as points_not_known,
            answered.publication_id
        from answered
        inner join detail on answered.force_code = detail.force_code
        inner join
            {{ ref("answer_words") }} as template
            on template.part = 'headline'
            and answered.answer_code = template.case_code
            {{ label_join("answer", "answered.answer_code") }}
    )

select *
from final
