-- One line about the publication: its moments in Europe/London, its sources, and the checks that ran before the
-- position was made (data_quality_status). The checks of the position and of the tables of checks come after them.
select
    'OFFICIAL-SENSITIVE · Publication ' || publication.publication_id
    || ', as at ' || to_char(publication.as_at at time zone 'Europe/London', 'FMDD FMMonth YYYY, HH24:MI')
    || ', published ' || to_char(publication.published_at at time zone 'Europe/London', 'FMDD FMMonth YYYY, HH24:MI')
    || ' · ' || case checks.failed
        when 0 then 'all ' || to_char(checks.checks, 'FM999,999') || ' checks that the position rests on passed'
        else checks.failed || ' of ' || to_char(checks.checks, 'FM999,999') || ' checks that the position rests on failed, '
            || case checks.critical when 0 then 'none of them critical' else checks.critical || ' of them critical' end
    end
    || ' · ' || case sources.late
        when 0 then 'all ' || sources.sources || ' sources are up to date'
        else sources.late || ' of ' || sources.sources || ' sources are not up to date: ' || sources.names
    end as words
from marts.publication as publication
cross join (
    select
        sum(failed) as failed,
        sum(expectations) as checks,
        coalesce(sum(failed) filter (where severity = 'critical'), 0) as critical
    from marts.data_quality_status
) as checks
cross join (
    select
        count(*) as sources,
        count(*) filter (where verdict <> 'fresh') as late,
        string_agg(dataset, ', ' order by dataset) filter (where verdict <> 'fresh') as names
    from marts.source_freshness
) as sources
where publication.is_current
