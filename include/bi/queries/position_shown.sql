-- What each publication said of the points, and between which moments readers saw it.
select
    shown.publication_id, shown.point_code, shown.current_from, shown.current_to, shown.as_at,
    coalesce(shown.status_word, shown.status) as status, shown.value, shown.figure_period,
    shown.was_withdrawn
from marts.position_as_published as shown
inner join marts.publication as publication on publication.is_current
where shown.publication_id <= publication.publication_id
order by shown.current_from, shown.point_code
