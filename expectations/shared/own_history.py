"""Expectations that compare the records of a table with the table's own history.

They compare the number of records, the mix of codes, and the number of rows in a mart. All are
warnings. Nothing is compared if there is too little history.

The number of records and the mix of codes may differ from the history by an allowance for chance
plus a tolerance that is wide enough for a bank holiday, a campaign or a new recording practice.
"""

from expectations.vocabulary import WARNING, Expectation, every_result, sql

# `latest` is the day before the dataset's last successful extraction, or the day before the as-at
# day if that is earlier. Later days may lack records. `recorded` has the records of the latest
# `days` days. `days_ago` counts from `latest` back to the day on which a record was created.
# `period` is materialized, or its times would be computed for each record.
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
    period as materialized (
        select
            day, (day - <<days>> + 1)::timestamp at time zone 'Europe/London' as starts_at,
            (day + 1)::timestamp at time zone 'Europe/London' as ends_at
        from latest
    ),
    recorded as (
        select
            record.*,
            period.day - (record.created_at at time zone 'Europe/London')::date as days_ago
        from {current} as record
        inner join period
            on record.created_at >= period.starts_at and record.created_at < period.ends_at
    ),
"""

# The latest day is compared with the same weekday in the previous eight weeks, and the latest seven
# days are compared with each of those weeks. The history starts with the first record in these
# weeks, so that a single older record does not count as history. It must cover at least four weeks.
# The usual number is the median, because one day of migrated records does not move a median. The
# number may be between half and twice the usual number. The allowance for chance is three standard
# deviations of a Poisson count.
_RECORDED = """<<recorded>>
    history as (
        select force_code, (max(days_ago) + 1) / 7 - 1 as weeks
        from recorded
        group by force_code
    ),
    records_by_week as (
        select
            force_code, days_ago / 7 as weeks_ago, count(*) as on_all_days,
            count(*) filter (where days_ago % 7 = 0) as on_the_day
        from recorded
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

# The query computes the population stability index of the latest four weeks against the six months
# before. The index is the sum over all codes of (now - earlier) * ln(now / earlier). `now` and
# `earlier` are the code's shares in the two periods. Half a record is added to every count, so that
# the logarithm exists for a new code. If nothing changes, chance alone gives an index of (codes -
# 1) * (1 / records now + 1 / records earlier).
_MIX = """<<recorded>>
    counted as (
        select
            force_code, coalesce(<<column>>::text, '') as code,
            count(*) filter (where days_ago < 28) + 0.5 as now,
            count(*) filter (where days_ago >= 28) + 0.5 as earlier
        from recorded
        where <<where>>
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
    """Expect that about as many records were created in the latest day and week as usual.

    A record counts for the day and week in which it was created. The usual number for the day is
    the median of the same weekday in the previous eight weeks. The usual number for the week is the
    median of those weeks. The expectation passes if the number is between half and twice the usual
    number. An allowance for chance widens these limits. If a table has fewer than about twenty
    records a week, the expectation does not notice when no more records arrive.
    """
    return every_result(
        "recorded_as_usual",
        sql(_RECORDED, recorded=sql(_DAYS, dataset=dataset, days="63")),
        description="The latest day and week have about as many new records as earlier ones.",
        columns=("created_at",),
        dimension="volume",
        severity=WARNING,
    )


def mix_as_before(
    dataset: str, column: str, *, description: str, where: str = "true"
) -> Expectation:
    """Expect that the codes of a column have about the same shares as in the six months before.

    The latest four weeks are compared with the six months before, using the population stability
    index. The expectation fails if the index is above 0.25, the usual limit for a major shift, plus
    an allowance for chance that depends on the number of records. Nothing is compared if there are
    fewer than 50 records in the latest four weeks, or fewer than 100 in the six months before. Use
    this expectation for codes that do not change after they were recorded, and not for a status
    that changes as a record gets older.
    """
    return every_result(
        f"{column}_mix_as_before",
        sql(_MIX, recorded=sql(_DAYS, dataset=dataset, days="210"), column=column, where=where),
        description=description,
        columns=(column,),
        dimension="distribution",
        severity=WARNING,
    )


def as_many_as_published(table: str) -> Expectation:
    """Expect that a mart has about as many rows as in the current publication.

    The number may be 0.8 to 1.25 times the published number, or differ from it by fewer than twenty
    rows. Nothing is compared if the as-at moments of publication and build are more than a week
    apart.
    """
    return every_result(
        "as_many_as_published",
        sql(_ROWS_OF_PUBLICATION, table=table),
        description="The table has about as many rows as in the current publication.",
        dimension="volume",
        severity=WARNING,
    )
