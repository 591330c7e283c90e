-- What readers are told of each point, with its second reading and caveats, and the verdict of the publication's checks.
select
    coalesce(answer.point_label, position.point_label, position.point_code) as "Point",
    coalesce(answer.answer, missing.words) as "Answer",
    coalesce(
        answer.status_word, position.status_word, position.status_label,
        upper(left(position.status, 1)) || replace(substr(position.status, 2), '_', ' ')
    ) as "Status",
    coalesce(answer.figure_words, round(cast(100 * position.value as numeric), 1) || '%') as "Figure",
    answer.period_words as "Days of the figure",
    answer.target_words as "Target",
    answer.second_words as "Second reading",
    answer.policy_words as "Provisional",
    position.source_status_label as "Sources",
    coalesce(answer.caveat_words, position.caveat) as "Caveat",
    publication.publication_id as "Publication",
    publication.as_at at time zone 'Europe/London' as "As at",
    initcap(publication.gate_verdict) as "Checks"
from marts.assurance_position as position
left join marts.assurance_answer as answer
    on position.force_code = answer.force_code
    and position.point_code = answer.point_code
inner join marts.publication as publication
    on position.publication_id = publication.publication_id
cross join lateral (
    select max(words) as words
    from state.missing_tables(publication.publication_id)
    where table_name = 'assurance_answer'
) as missing
order by answer.place, position.point_code
