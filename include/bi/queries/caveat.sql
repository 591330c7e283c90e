-- What a reader must know before using the figure of a point, and between which values the figure could be at the widest.
select
    caveat.point_code,
    answer.place * 100 + caveat.place as place,
    caveat.caveat_code,
    caveat.caveat_label,
    caveat.dataset,
    caveat.words,
    caveat.records,
    caveat.could_be_low,
    caveat.could_be_high,
    case
        when position.target_unit = 'share'
            then
                round(cast(100 * caveat.could_be_low as numeric), 1)
                || '% to '
                || round(cast(100 * caveat.could_be_high as numeric), 1)
                || '%, published '
                || answer.figure_words
    end as could_be
from marts.assurance_caveat as caveat
inner join marts.assurance_answer as answer
    on caveat.force_code = answer.force_code
    and caveat.point_code = answer.point_code
inner join marts.assurance_position as position
    on caveat.force_code = position.force_code
    and caveat.point_code = position.point_code
order by place
