-- One line about the publication: its moments in Europe/London, its checks and its sources.
select
    'OFFICIAL-SENSITIVE · Publication ' || publication.publication_id
    || ', as at ' || state.london(publication.as_at)
    || ', published ' || state.london(publication.published_at)
    || ' · ' || case
        when publication.checks is null then 'verdict of the checks: ' || publication.gate_verdict
        when publication.checks_failed = 0 then 'all ' || to_char(publication.checks, 'FM999,999') || ' checks passed'
        else publication.checks_failed || ' of ' || to_char(publication.checks, 'FM999,999')
            || ' checks failed, none of them critical'
    end
    || ' · ' || case sources.late
        when 0 then 'all ' || sources.sources || ' sources are up to date'
        else sources.late || ' of ' || sources.sources || ' sources are not up to date: ' || sources.names
    end
    || coalesce(
        (
            select ' · made by an earlier version, without ' || count(*) || ' of the tables'
            from state.missing_tables(publication.publication_id)
            having count(*) > 0
        ), ''
    ) as words
from marts.publication as publication
cross join (
    select
        count(*) as sources,
        count(*) filter (where verdict <> 'fresh') as late,
        string_agg(dataset, ', ' order by dataset) filter (where verdict <> 'fresh') as names
    from marts.source_freshness
) as sources
where publication.is_current
