"""What the checks found, build by build, as readers see it."""

from expectations.codes import VERDICTS
from expectations.mart import mart
from expectations.vocabulary import STAGES, Promises, every_row, filled, nothing, one_of

# Of builds before this one as it was known when this one began: a check can be repeated.
_OTHER_THAN_THE_RECORD = """
with
    recorded as (
        select distinct on (found.build_id, found.stage, found.suite, found.expectation)
            found.build_id, found.stage, found.expectation as check_name, found.success
        from {audit}.expectation_result as found
        inner join {audit}.build as build using (build_id)
        cross join (
            select as_at, known_at from {audit}.build where build_id = {build_id}
        ) as this
        where build.purpose = 'daily'
            and build.as_at <= this.as_at
            and (build.build_id = {build_id} or found.checked_at <= this.known_at)
            and (
                build.build_id <> {build_id}
                or found.stage <> 'sealed' and found.suite <> 'dbt_sealed'
            )
        order by
            found.build_id, found.stage, found.suite, found.expectation, found.result_id desc
    ),
    shown as (
        select build_id, stage, count(*) as checks, count(*) filter (where verdict <> 'passed')
            as broken
        from {rows}
        group by force_code, build_id, stage
    ),
    counted as (
        select build_id, stage, count(*) as checks, count(*) filter (where not success) as broken
        from recorded
        group by build_id, stage
    )
select build_id, stage
from counted
left join shown using (build_id, stage)
where counted.broken <> coalesce(shown.broken, 0)
    or build_id = {build_id} and counted.checks is distinct from shown.checks
"""


@mart(
    "data_quality_history",
    one_row_per=("build_id", "stage", "table_name", "check_name"),
    stage="sealed",
    our_words=("description",),
)
def data_quality_history() -> Promises:
    """Every check of every build of the last six weeks, and all that was ever not kept."""
    return [
        filled("severity", "verdict", "checked_at", words="Every line has its {column}."),
        one_of("stage", (*STAGES, "dbt"), words="Every stage is one that is defined."),
        one_of("verdict", VERDICTS, words="Every verdict is one that is defined."),
        every_row(
            "verdict_is_severity",
            "verdict in ('passed', severity)",
            words="A check passed, or is as bad as it was said to be.",
            columns=("verdict",),
        ),
        every_row(
            "no_more_than_was_checked",
            "rows_failed is null or rows_failed >= 0",
            words="What failed is counted.",
            columns=("rows_failed",),
            dimension="validity",
        ),
        nothing(
            "history_is_the_record",
            _OTHER_THAN_THE_RECORD,
            words="All that was ever not kept is here, and every check of this build.",
        ),
    ]
