-- What readers are told of each point, with its second reading and caveats, and the verdict of the publication's checks.
select
    answer.point_label as "Point",
    answer.answer as "Answer",
    answer.status_word as "Status",
    answer.figure_words as "Figure",
    answer.period_words as "Days of the figure",
    answer.target_words as "Target",
    answer.second_words as "Second reading",
    answer.policy_words as "Provisional",
    position.source_status_label as "Sources",
    answer.caveat_words as "Caveat",
    publication.publication_id as "Publication",
    publication.as_at at time zone 'Europe/London' as "As at",
    initcap(publication.gate_verdict) as "Checks"
from marts.assurance_answer as answer
inner join marts.assurance_position as position
    on answer.force_code = position.force_code
    and answer.point_code = position.point_code
inner join marts.publication as publication
    on answer.publication_id = publication.publication_id
order by answer.place
