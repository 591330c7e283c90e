with
    policy_change as (
        select effective_from as changes_on
        from {{ ref("policy_role_requirement") }}
        union
        select {{ add_days("effective_to", 1) }}
        from {{ ref("policy_role_requirement") }}
        where effective_to is not null
        union
        select effective_from
        from {{ ref("policy_absence") }}
        union
        select {{ add_days("effective_to", 1) }}
        from {{ ref("policy_absence") }}
        where effective_to is not null
        union
        select effective_from
        from {{ ref("policy_training_item") }}
        union
        select {{ add_days("effective_to", 1) }}
        from {{ ref("policy_training_item") }}
        where effective_to is not null
        union
        select {{ beginning_of_time() }}
    ),

    final as (
        select
            changes_on as period_from,
            coalesce(lead(changes_on) over (order by changes_on), {{ end_of_time() }}) as period_to
        from policy_change
    )

select *
from final
