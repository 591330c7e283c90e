"""What the gate found, as readers see it."""

from expectations.codes import VERDICTS
from expectations.mart import mart
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of

_OTHER_THAN_THE_RECORD = """
with
    recorded as (
        select
            dataset, dimension, severity,
            count(*) as expectations, count(*) filter (where not success) as failed
        from {audit}.latest_expectation_result
        where build_id = {build_id} and stage <> 'sealed' and suite <> 'dbt_sealed'
        group by 1, 2, 3
    )
select dataset, dimension, severity
from {rows} as shown
full join recorded using (dataset, dimension, severity)
where shown.expectations is distinct from recorded.expectations
    or shown.failed is distinct from recorded.failed
"""


@mart(
    "data_quality_status",
    one_row_per=("dataset", "dimension", "severity"),
    stage="sealed",
)
def data_quality_status() -> Promises:
    """Every dataset and dimension of quality, with what was checked and what failed."""
    return [
        filled(
            "expectations", "failed", "checked_at", "verdict", words="Every line has its {column}."
        ),
        one_of("verdict", VERDICTS, words="Every verdict is one that is defined."),
        every_row(
            "failed_within_checked",
            "failed >= 0 and expectations > 0 and failed <= expectations",
            words="No more failed than was checked, and something was.",
            columns=("expectations", "failed"),
        ),
        every_row(
            "verdict_follows_failures",
            "(verdict = 'passed') = (failed = 0) and (failed = 0 or verdict = severity)",
            words="A line is passed when nothing failed, otherwise as severe as what did.",
            columns=("verdict",),
        ),
        every_row(
            "nothing_critical",
            "severity <> 'critical' or failed = 0",
            words="Nothing is published that broke a critical promise.",
            columns=("severity", "failed"),
        ),
        nothing(
            "status_is_the_record",
            _OTHER_THAN_THE_RECORD,
            words="What is shown is what was checked in this build, all of it.",
        ),
    ]
