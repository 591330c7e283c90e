"""The DAG in which people decide about records that are past their retention."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import Param, dag

from oic_assurance.platform.airflow.review import ReviewConfirmation, ReviewDecision
from oic_assurance.platform.airflow.secrets_backend import use_secrets_backend
from oic_assurance.settings import load_settings

use_secrets_backend(load_settings())

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


@dag(
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
    catchup=False,
    dagrun_timeout=2 * ANSWER_WITHIN + timedelta(hours=1),
    params={"dataset": Param("rms/custody_record", type="string", title="Dataset")},
    default_args={"owner": "data-engineering", "retries": 0},
    tags={"assurance", "oic"},
    doc_md=DOC,
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
