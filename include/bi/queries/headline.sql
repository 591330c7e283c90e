-- The answer on all points together, in words. A publication from before the words were kept has a list of the points.
select headline.words, headline.detail
from marts.assurance_headline as headline
union all
select
    missing.words,
    (
        select
            string_agg(
                position.point_code || ' ' || replace(position.status, '_', ' ')
                || coalesce(', ' || round(cast(100 * position.value as numeric), 1) || '%', ''),
                '; ' order by position.point_code
            ) || '.'
        from marts.assurance_position as position
    )
from marts.publication as publication
inner join lateral state.missing_tables(publication.publication_id) as missing
    on missing.table_name = 'assurance_headline'
where publication.is_current
