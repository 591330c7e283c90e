"""The results of the checks of each build."""

from expectations.shared.code_lists import VERDICTS
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import STAGES, Expectations, every_row, no_rows, one_of

# A check can be repeated, so only its latest result counts. For an earlier build, only results from
# before this build was opened count. For this build, the checks of the sealed marts are left out,
# because they run after this table is built.
_DIFFERENT_FROM_AUDIT = """
with
    this_build as (select as_at, known_at from {audit}.build where build_id = {build_id}),
    recorded as (
        select distinct on (result.build_id, result.stage, result.suite, result.expectation)
            result.build_id, result.stage, result.expectation as check_name, result.success
        from {audit}.expectation_result as result
        inner join {audit}.build as build using (build_id)
        cross join this_build
        where build.purpose = 'daily'
            and build.as_at <= this_build.as_at
            and (build.build_id = {build_id} or result.checked_at <= this_build.known_at)
            and (
                build.build_id <> {build_id}
                or result.stage <> 'sealed'
                    and result.suite not in ('dbt_sealed', 'postgresql_sealed')
            )
        order by
            result.build_id, result.stage, result.suite, result.expectation, result.result_id desc
    ),
    shown as (
        select build_id, stage, count(*) as checks, count(*) filter (where verdict <> 'passed')
            as failures
        from {rows}
        group by force_code, build_id, stage
    ),
    counted as (
        select build_id, stage, count(*) as checks, count(*) filter (where not success) as failures
        from recorded
        group by build_id, stage
    )
select build_id, stage
from counted
left join shown using (build_id, stage)
where counted.failures <> coalesce(shown.failures, 0)
    or build_id = {build_id} and counted.checks is distinct from shown.checks
"""


@mart_suite(
    "data_quality_history",
    one_row_per=("build_id", "stage", "table_name", "check_name"),
    stage="sealed",
    sentence_columns=("description",),
)
def data_quality_history() -> Expectations:
    """Every check of the builds of the last six weeks, and every check that ever failed."""
    return [
        one_of("stage", (*STAGES, "dbt"), description="Every stage is a defined one."),
        one_of("verdict", VERDICTS, description="Every verdict is a defined one."),
        every_row(
            "verdict_is_severity",
            "verdict in ('passed', severity)",
            description="Every verdict is passed, or the severity of the check.",
            columns=("verdict",),
        ),
        every_row(
            "failed_rows_not_negative",
            "rows_failed is null or rows_failed >= 0",
            description="No count of failed rows is negative.",
            columns=("rows_failed",),
            dimension="validity",
        ),
        no_rows(
            "history_is_the_record",
            _DIFFERENT_FROM_AUDIT,
            description="The table has every check of this build and every check that ever failed.",
        ),
    ]
