"""The results of the gate for each dataset and dimension."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows

_DIFFERENT_FROM_AUDIT = """
with
    recorded as (
        select
            dataset, dimension, severity,
            count(*) as expectations, count(*) filter (where not success) as failed
        from {audit}.latest_expectation_result
        where build_id = {build_id} and stage <> 'sealed'
            and suite not in ('dbt_sealed', 'postgresql_sealed')
        group by dataset, dimension, severity
    )
select dataset, dimension, severity
from {rows} as shown
full join recorded using (dataset, dimension, severity)
where shown.expectations is distinct from recorded.expectations
    or shown.failed is distinct from recorded.failed
"""


@mart_suite(
    "data_quality_status",
    one_row_per=("dataset", "dimension", "severity"),
    stage="sealed",
)
def data_quality_status() -> Expectations:
    """Every dataset and dimension, with the number of checks and failures in this build."""
    return [
        every_row(
            "failed_within_checked",
            "failed >= 0 and expectations > 0 and failed <= expectations",
            description="Every row counts at least one check, and no more failures than checks.",
            columns=("expectations", "failed"),
        ),
        every_row(
            "verdict_follows_failures",
            "(verdict = 'passed') = (failed = 0) and (failed = 0 or verdict = severity)",
            description="Every verdict is passed, or the severity if a check failed.",
            columns=("verdict",),
        ),
        every_row(
            "nothing_critical",
            "severity <> 'critical' or failed = 0",
            description="No critical check has failed.",
            columns=("severity", "failed"),
        ),
        no_rows(
            "status_is_the_record",
            _DIFFERENT_FROM_AUDIT,
            description="Every count equals the number of checks recorded for this build.",
        ),
    ]
