with
    source as (
        {{
            version_as_at(
                source("general", "board_question"),
                first_version_stands="first_delivery",
            )
        }}
    ),

    question as (
        select *, coalesce(answered_on > {{ london_day("as_at") }}, false) as is_answered_later
        from source
        where raised_on <= {{ london_day("as_at") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            question_ref,
            point_code,

            -- texts
            question,
            asked_of,
            case when not is_answered_later then answer end as answer,
            case
                when status = 'ANSWERED' and is_answered_later then 'OPEN' else status
            end as status,

            -- times
            raised_on,
            case when not is_answered_later then answered_on end as answered_on
        from question
    )

select *
from renamed
