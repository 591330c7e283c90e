-- What each publication said of the points, and between which moments readers saw it. The status of the current
-- publication is the word that readers see of it everywhere else.
select
    shown.publication_id, shown.point_code, shown.current_from, shown.current_to, shown.as_at,
    coalesce(answer.status_word, shown.status) as status, shown.value, shown.was_withdrawn
from marts.position_as_published as shown
inner join marts.publication as publication on publication.is_current
left join marts.assurance_answer as answer
    on shown.publication_id = answer.publication_id
    and shown.point_code = answer.point_code
where shown.publication_id <= publication.publication_id
order by shown.current_from, shown.point_code
