with
    source as (
        {{
            version_as_at(
                source("general", "board_action"),
                first_version_stands="first_delivery",
            )
        }}
    ),

    action as (
        select *, coalesce(closed_on > {{ london_day("as_at") }}, false) as is_closed_later
        from source
        where agreed_on <= {{ london_day("as_at") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            action_ref,
            question_ref,
            point_code,

            -- texts
            action,
            {{ blank_to_null("owner_role") }} as owner_role,
            {{ blank_to_null("evidence_ref") }} as evidence_ref,
            case when status = 'CLOSED' and is_closed_later then 'OPEN' else status end as status,

            -- times
            agreed_on,
            due_on as first_due_on,
            coalesce(revised_due_on, due_on) as due_on,
            case when not is_closed_later then closed_on end as closed_on
        from action
    )

select *
from renamed
