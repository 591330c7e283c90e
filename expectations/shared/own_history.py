"""Compares a table with its own history: how many records come, of which kinds, with what values.

All of these are warnings. They fail only if a difference is larger than chance explains, and only
if there is enough history to compare with. Chance is allowed for as three standard deviations of a
Poisson count. On top of it comes a tolerance that is wide enough for a bank holiday, a campaign or
a new recording practice.
"""

from expectations.vocabulary import WARNING, Expectation, every_result, sql

# `latest` is the last whole day before the table was last extracted. Later days would look empty.
_DAYS = """
with
    latest as (
        select (least({as_at}, extracted.at) at time zone 'Europe/London')::date - 1 as day
        from (
            select max(started_at) as at
            from {audit}.extraction
            where dataset = '<<dataset>>' and outcome = 'succeeded'
        ) as extracted
    ),
    recorded as (
        select
            record.*,
            latest.day - (record.created_at at time zone 'Europe/London')::date as days_ago
        from {current} as record
        cross join latest
        where (record.created_at at time zone 'Europe/London')::date <= latest.day
    ),
"""

# The latest day is compared with the same weekday, and the latest seven days with the weeks, of the
# eight weeks before. History starts with the first of the last nine weeks that has records, so one
# old record makes no history. At least four weeks are needed. The median is used, because one day
# of migrated records does not move it.
_RECORDED = """<<days>>
    history as (
        select force_code, (max(days_ago) + 1) / 7 - 1 as weeks
        from recorded
        where days_ago < 63
        group by force_code
    ),
    records_by_week as (
        select
            force_code, days_ago / 7 as weeks_ago, count(*) as on_all_days,
            count(*) filter (where days_ago % 7 = 0) as on_the_day
        from recorded
        where days_ago < 63
        group by force_code, days_ago / 7
    ),
    each_week as (
        select
            history.force_code, span.name as span, weeks.ago as weeks_ago,
            coalesce(case span.name when 'day' then on_the_day else on_all_days end, 0) as records
        from history
        cross join generate_series(0, history.weeks) as weeks (ago)
        cross join (values ('day'), ('week')) as span (name)
        left join records_by_week
            on history.force_code = records_by_week.force_code
            and weeks.ago = records_by_week.weeks_ago
        where history.weeks >= 4
    ),
    compared as (
        select
            force_code, span, max(records) filter (where weeks_ago = 0) as records,
            percentile_cont(0.5) within group (order by records)
                filter (where weeks_ago > 0) as usual
        from each_week
        group by force_code, span
    )
select
    span,
    records between usual / 2 - 3 * sqrt(usual / 2) and 2 * usual + 3 * sqrt(2 * usual) + 10
        as holds
from compared
"""

# The population stability index of the latest four weeks against the half year before. It is the
# sum over all codes of (now - earlier) * ln(now / earlier), where both are shares. Half a record is
# added to every count, so that a new code has a logarithm. If nothing changes, chance alone makes
# the index (codes - 1) * (1 / records now + 1 / records earlier).
_MIX = """<<days>>
    counted as (
        select
            force_code, coalesce(<<column>>::text, '') as code,
            count(*) filter (where days_ago < 28) + 0.5 as now,
            count(*) filter (where days_ago >= 28) + 0.5 as earlier
        from recorded
        where days_ago < 210 and (<<where>>)
        group by force_code, coalesce(<<column>>::text, '')
    ),
    with_totals as (
        select
            *, sum(now) over force as all_now, sum(earlier) over force as all_earlier,
            count(*) over force as codes
        from counted
        window force as (partition by force_code)
    )
select
    '<<column>>' as mix,
    sum((now / all_now - earlier / all_earlier) * ln(now / all_now * all_earlier / earlier))
        <= 0.25 + 3 * (max(codes) - 1) * (1 / max(all_now) + 1 / max(all_earlier)) as holds
from with_totals
where all_now - codes / 2.0 >= 50 and all_earlier - codes / 2.0 >= 100
group by force_code
"""

# The value now is compared with the value that the current publication was built from, which is not
# always the value in the delivery before. A record that is new since then has not changed.
_CHANGED = """
with
    current_publication as (
        select publication.force_code, build.known_batch_id
        from marts.publication as publication
        inner join {audit}.build as build on publication.publication_id = build.build_id
        where publication.is_current
    ),
    compared as (
        select
            record.*,
            coalesce(
                published.value <> coalesce(record.<<column>>::text, ''), false
            ) as is_changed
        from {current} as record
        inner join current_publication on record.force_code = current_publication.force_code
        left join lateral (
            select coalesce(version.<<column>>::text, '') as value
            from {rows} as version
            where version.force_code = record.force_code
                and version.row_key = record.row_key
                and version.batch_id <= current_publication.known_batch_id
                and record.batch_id > current_publication.known_batch_id
                and not version.is_tombstone
            order by version.version_at desc, version.batch_id desc
            limit 1
        ) as published on true
    )
select <<key>>, not is_changed or sum(is_changed::integer) over () < 20 as holds
from compared
"""

_ROWS_OF_PUBLICATION = """
with
    published as (
        select publication.publication_id, audited.rows
        from marts.publication as publication
        inner join {audit}.table_fingerprint as audited
            on publication.publication_id = audited.build_id
        where publication.is_current
            and publication.as_at
                between {as_at} - interval '7 days' and {as_at} + interval '7 days'
            and audited.schema_name = 'candidate'
            and audited.table_name = '<<table>>'
    ),
    candidate as (select count(*) as rows from {rows})
select
    published.publication_id,
    abs(candidate.rows - published.rows) < 20
        or candidate.rows between 0.8 * published.rows and 1.25 * published.rows as holds
from published
cross join candidate
"""


def recorded_as_usual(dataset: str) -> Expectation:
    """Expect that the latest day and week have about as many records as the weeks before.

    Days and weeks are those in which records were created. The usual number is the median of the
    same weekday, and of whole weeks, in the eight weeks before. Between half and twice as many is
    usual, plus what chance explains. In a table with fewer than about twenty records a week it does
    not notice that no more records come.
    """
    return every_result(
        "recorded_as_usual",
        sql(_RECORDED, days=sql(_DAYS, dataset=dataset)),
        description="The latest day and week have about as many new records as those before.",
        columns=("created_at",),
        dimension="volume",
        severity=WARNING,
    )


def mix_as_before(
    dataset: str, column: str, *, description: str, where: str = "true"
) -> Expectation:
    """Expect that a code is spread over the latest four weeks as over the half year before.

    The difference is the population stability index. It fails above 0.25, the usual mark of a major
    shift, plus what chance explains for so many records. Fewer than 50 records now, or 100 before,
    are not compared. Use it for codes that stay as they were recorded, not for a status that
    changes as a record gets older.
    """
    return every_result(
        f"{column}_mix_as_before",
        sql(_MIX, days=sql(_DAYS, dataset=dataset), column=column, where=where),
        description=description,
        columns=(column,),
        dimension="distribution",
        severity=WARNING,
    )


def few_changed(column: str, *, key: str, description: str) -> Expectation:
    """Expect that fewer than a fifth of all records changed since the current publication.

    Fewer than twenty changes always pass. `key` is the key of the table, in SQL.
    """
    return every_result(
        f"{column}_few_changed",
        sql(_CHANGED, column=column, key=key),
        description=description,
        columns=(column,),
        tolerance=0.2,
        dimension="distribution",
        severity=WARNING,
    )


def as_many_as_published(table: str) -> Expectation:
    """Expect that a mart has about as many rows as in the current publication.

    A publication for a moment more than a week away is not compared. About as many is 0.8 to 1.25
    times, or fewer than twenty rows more or less.
    """
    return every_result(
        "as_many_as_published",
        sql(_ROWS_OF_PUBLICATION, table=table),
        description="The table has about as many rows as in the current publication.",
        dimension="volume",
        severity=WARNING,
    )
