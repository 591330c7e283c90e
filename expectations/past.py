"""What a table's own past says of it: how much comes on such a weekday, and of which kinds.

An alarm needs more than chance would explain, and a past to compare with: where there is too little
of it nothing is said. What a Poisson count scatters is allowed for by three standard deviations, on
top of a tolerance that a bank holiday, a campaign or a new recording practice stays within.
"""

from expectations.vocabulary import WARNING, Promise, every, sql

# The latest whole day before the table was last looked at; later days would only look empty.
_DAYS = """
with
    latest as (
        select
            (least({as_at}, looked.at) at time zone 'Europe/London')::date - 1 as day
        from (
            select max(started_at) as at
            from {audit}.extraction
            where dataset = '<<dataset>>' and outcome = 'succeeded'
        ) as looked
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

# The same weekday, and the seven days up to it, against the eight weeks before: at least four, all
# of them since the first of the last nine that has records. The median is not moved by one day of
# migrated records, and one old record makes no past.
_RECORDED = """<<days>>
    first as (
        select force_code, (max(days_ago) + 1) / 7 - 1 as weeks
        from recorded
        where days_ago < 63
        group by force_code
    ),
    week as (
        select
            force_code, days_ago / 7 as weeks_ago, count(*) as on_all_days,
            count(*) filter (where days_ago % 7 = 0) as on_the_day
        from recorded
        where days_ago < 63
        group by force_code, days_ago / 7
    ),
    each_week as (
        select
            first.force_code, span.name as span, weeks.ago as weeks_ago,
            coalesce(case span.name when 'day' then on_the_day else on_all_days end, 0) as records
        from first
        cross join generate_series(0, first.weeks) as weeks (ago)
        cross join (values ('day'), ('week')) as span (name)
        left join week on first.force_code = week.force_code and weeks.ago = week.weeks_ago
        where first.weeks >= 4
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

# The population stability index of four weeks against the half year before: the sum over all codes
# of (now - before) * ln(now / before), each a share, half a record added to every count so that a
# new code has a logarithm. Unchanged, chance alone makes it (codes - 1) * (1 / now + 1 / before).
_MIX = """<<days>>
    counted as (
        select
            force_code, coalesce(<<column>>::text, '') as code,
            count(*) filter (where days_ago < 28) + 0.5 as now,
            count(*) filter (where days_ago >= 28) + 0.5 as before
        from recorded
        where days_ago < 210 and (<<among>>)
        group by force_code, coalesce(<<column>>::text, '')
    ),
    share as (
        select
            *, sum(now) over force as all_now, sum(before) over force as all_before,
            count(*) over force as codes
        from counted
        window force as (partition by force_code)
    )
select
    '<<column>>' as mix,
    sum((now / all_now - before / all_before) * ln(now / all_now * all_before / before))
        <= 0.25 + 3 * (max(codes) - 1) * (1 / max(all_now) + 1 / max(all_before)) as holds
from share
where all_now - codes / 2.0 >= 50 and all_before - codes / 2.0 >= 100
group by force_code
"""

# What the record said in what readers see now, which is not always the file before; one that is new
# said nothing.
_CHANGED = """
select <<key>>, not is_changed or sum(is_changed::integer) over () < 20 as holds
from (
    select
        record.*,
        coalesce(before.was <> coalesce(record.<<column>>::text, ''), false) as is_changed
    from {current} as record
    inner join (
        select publication.force_code, build.known_batch_id
        from marts.publication as publication
        inner join {audit}.build as build on publication.publication_id = build.build_id
        where publication.is_current
    ) as published on record.force_code = published.force_code
    left join lateral (
        select coalesce(version.<<column>>::text, '') as was
        from {rows} as version
        where version.force_code = record.force_code
            and version.row_key = record.row_key
            and version.batch_id <= published.known_batch_id
            and record.batch_id > published.known_batch_id
            and not version.is_tombstone
        order by version.version_at desc, version.batch_id desc
        limit 1
    ) as before on true
) as compared
"""

_PUBLISHED = """
select
    before.publication_id,
    abs(now.rows - before.rows) < 20
        or now.rows between 0.8 * before.rows and 1.25 * before.rows as holds
from (
    select publication.publication_id, audited.rows
    from marts.publication as publication
    inner join {audit}.table_fingerprint as audited
        on publication.publication_id = audited.build_id
    where publication.is_current
        and publication.as_at between {as_at} - interval '7 days' and {as_at} + interval '7 days'
        and audited.schema_name = 'candidate'
        and audited.table_name = '<<table>>'
) as before
cross join (select count(*) as rows from {rows}) as now
"""


def recorded_as_usual(dataset: str) -> Promise:
    """Promise that a day and a week bring about what such days and weeks do.

    Judged by when records were made, against the median of the same weekday (and of whole weeks) in
    the eight weeks before: from half of it to twice, less and more what chance explains. Of a table
    that gets fewer than some twenty records a week, falling silent is not noticed.
    """
    return every(
        "recorded_as_usual",
        sql(_RECORDED, days=sql(_DAYS, dataset=dataset)),
        words="As many records were made as on the same weekday, and in the weeks, before.",
        columns=("created_at",),
        dimension="volume",
        severity=WARNING,
    )


def mix_as_before(dataset: str, column: str, *, words: str, among: str = "true") -> Promise:
    """Promise that codes are spread over the records of four weeks as in the half year before.

    Measured by the population stability index: 0.25 is the usual mark of a major shift; what chance
    explains of so many records is added to it. Fewer than 50 records now, or 100 before, are too
    few. For codes that stay as they were recorded, not for a status that ripens.
    """
    return every(
        f"{column}_mix_as_before",
        sql(_MIX, days=sql(_DAYS, dataset=dataset), column=column, among=among),
        words=words,
        columns=(column,),
        dimension="distribution",
        severity=WARNING,
    )


def few_changed(column: str, *, key: str, words: str) -> Promise:
    """Promise that since what readers see, files do not say another thing of a fifth of records."""
    return every(
        f"{column}_few_changed",
        sql(_CHANGED, column=column, key=key),
        words=words,
        columns=(column,),
        tolerating=0.2,
        dimension="distribution",
        severity=WARNING,
    )


def as_many_as_published(table: str) -> Promise:
    """Promise that a fact has about as many rows as in the publication that readers see.

    Of one for a moment more than a week away nothing is said: much can have happened since.
    """
    return every(
        "as_many_as_published",
        sql(_PUBLISHED, table=table),
        words="There are about as many rows as in the publication that readers see now.",
        dimension="volume",
        severity=WARNING,
    )
