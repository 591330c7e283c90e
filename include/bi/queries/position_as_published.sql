-- The position as each publication showed it, from the first publication to the one that readers see
-- now.
select
    shown.publication_id, shown.point_code, shown.published_at, shown.as_at, shown.status, shown.numerator,
    shown.denominator, shown.value, shown.ci_low, shown.ci_high, shown.was_withdrawn
from marts.position_as_published as shown
inner join marts.publication as publication on publication.is_current
where shown.publication_id <= publication.publication_id
order by shown.publication_id, shown.point_code
