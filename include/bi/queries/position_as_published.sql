-- The position as each publication showed it, with the moments between which readers saw it, from
-- the first publication to the one that they see now. A publication that was current several times
-- has several rows.
select
    shown.publication_id, shown.point_code, shown.published_at, shown.current_from, shown.current_to,
    shown.as_at, shown.status, shown.status_word, shown.numerator, shown.denominator, shown.value,
    shown.ci_low, shown.ci_high, shown.was_withdrawn, shown.verdict_words, shown.figure_period
from marts.position_as_published as shown
inner join marts.publication as publication on publication.is_current
where shown.publication_id <= publication.publication_id
order by shown.current_from, shown.point_code
