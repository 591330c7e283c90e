"""The DAG in which people decide about records that are past their retention."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import Param, dag

from oic_assurance.platform.airflow.force_dags import ForceDag, force_dags
from oic_assurance.platform.airflow.review import ReviewConfirmation, ReviewDecision

ANSWER_WITHIN = timedelta(days=7)

DOC = """
### What it does
Asks about the records of one `dataset` that are past their retention and that nobody has decided
about: erase them, or keep them until a day. Somebody starts it, and answers under *Required
Actions*. If the deployment asks for a second person, the next task asks for one. Each answer is
recorded under the account that gives it. The next upkeep erases what was decided.
`assurance upkeep due`, `decide` and `confirm` do the same on the command line, also for single
records.

### You were called because it failed
The last line of the red task says which rule does not allow the answer: no reason, a day after the
next review, or the same person again. Nothing was recorded. Clear the task to ask again.

### Safe to do
Start it, clear it, or let it end without an answer. Then nothing is decided, and the records are
kept.
"""


def make_dag(own: ForceDag) -> None:
    """Make the DAG of a force."""

    @dag(
        dag_id=own.dag_id,
        schedule=None,
        start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        catchup=False,
        dagrun_timeout=2 * ANSWER_WITHIN + timedelta(hours=1),
        params={"dataset": Param("rms/custody_record", type="string", title="Dataset")},
        default_args={**own.defaults, "retries": 0},
        tags=own.tags,
        doc_md=own.page(DOC),
    )
    def assurance_review() -> None:
        """Ask people what happens to records that are past their retention."""
        dataset = "{{ params.dataset }}"
        decided = ReviewDecision(task_id="decide", dataset=dataset, response_timeout=ANSWER_WITHIN)
        confirmed = ReviewConfirmation(
            task_id="confirm", dataset=dataset, response_timeout=ANSWER_WITHIN
        )
        decided >> confirmed

    assurance_review()


for own in force_dags("assurance_review"):
    make_dag(own)
