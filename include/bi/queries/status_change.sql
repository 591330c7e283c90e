-- The statuses that changed from one publication to the next, the latest first.
with
    shown as (
        select
            position.*,
            lag(position.status) over by_point as status_before,
            lag(position.publication_id) over by_point as compared_with
        from marts.position_as_published as position
        inner join marts.publication as publication on publication.is_current
        where position.publication_id <= publication.publication_id
        window by_point as (
            partition by position.force_code, position.point_code order by position.current_from
        )
    )

select
    shown.publication_id, shown.compared_with, shown.point_code, shown.as_at, shown.status_before,
    coalesce(answer.status_word, shown.status) as status
from shown
left join marts.assurance_answer as answer
    on shown.publication_id = answer.publication_id
    and shown.point_code = answer.point_code
where shown.status <> shown.status_before
order by shown.as_at desc, shown.point_code
