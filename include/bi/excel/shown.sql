-- The answer to each point first, in the words of the pack, then what to know before using it and the publication.
select
    answer.point_label as "Point",
    answer.answer as "Answer",
    answer.figure_words as "Figure",
    answer.target_words as "Target",
    answer.second_words as "Second reading",
    answer.status_words as "What it means",
    coalesce(answer.policy_words, 'Confirmed') as "Policy",
    coalesce(answer.caveat_words, 'none') as "Caveat",
    publication.publication_id as "Publication",
    publication.as_at at time zone 'Europe/London' as "As at",
    initcap(publication.gate_verdict) as "Checks"
from marts.assurance_answer as answer
inner join marts.publication as publication
    on answer.publication_id = publication.publication_id
order by answer.place
