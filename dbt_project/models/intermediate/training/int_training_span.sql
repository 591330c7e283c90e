with
    needs_package as (
        select
            force_code,
            employee_no,
            point_code as item_code,
            org_unit_code,
            is_long_term_absent,
            in_post_from,
            in_post_to,
            completed_on
        from {{ ref("int_training_person") }}
    ),

    -- Every officer who needs the package is counted for each of its items, so that the items can
    -- be
    -- compared. An officer who does not need one of them has not completed it.
    needs_item as (
        select
            person.force_code,
            person.employee_no,
            item.requirement_code as item_code,
            person.org_unit_code,
            person.is_long_term_absent,
            person.in_post_from,
            person.in_post_to,
            requirement.completed_on
        from needs_package as person
        inner join
            (
                select distinct point_code, requirement_code
                from {{ ref("policy_training_item") }}
                where requirement_code <> point_code
            ) as item
            on person.item_code = item.point_code
        left join
            {{ ref("int_training_requirement") }} as requirement
            on person.force_code = requirement.force_code
            and person.employee_no = requirement.employee_no
            and item.requirement_code = requirement.requirement_code
            and person.in_post_from = requirement.in_post_from
            and person.in_post_to = requirement.in_post_to
    ),

    needed as (
        select *
        from needs_package
        union all
        select *
        from needs_item
    ),

    -- Until the day before the completion the officer is not complete, and from that day on the
    -- officer is.
    span as (
        select
            *,
            false as is_complete,
            in_post_from as counts_from,
            least(in_post_to, completed_on) as counts_to
        from needed
        union all
        select *, true, greatest(in_post_from, completed_on), in_post_to
        from needed
        where completed_on is not null
    ),

    -- Officers are named by their pseudonym, never by their number.
    final as (
        select
            span.force_code,
            pseudonym.officer_key,
            span.item_code,
            span.org_unit_code,
            span.is_long_term_absent,
            span.is_complete,
            span.completed_on,
            span.counts_from,
            span.counts_to
        from span
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on span.force_code = pseudonym.force_code
            and span.employee_no = pseudonym.identifier
            and pseudonym.is_person
        where span.counts_from < span.counts_to
    )

select *
from final
