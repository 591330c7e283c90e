"""The DAG in which a person makes one step of a sign-off in Airflow's web page."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import Param, dag

from oic_assurance.platform.airflow.force_dags import ForceDag, force_dags
from oic_assurance.platform.airflow.sign_off import SignOffStep

ANSWER_WITHIN = timedelta(days=7)
STEPS = ("STEPS_AGREED", "EVIDENCE", "FORCE", "COMMISSIONER", "INSPECTORATE")

DOC = """
### What it does
Asks for one step in the closure of an assurance point or a recommendation. Somebody starts it with
`code` (such as `HYDRA`) and `step`. Another person answers under *Required Actions*. The account
that answers is recorded as the one that made the step. `assurance signoff` does the same on the
command line.

### You were called because it failed
The last line of the log of `make_step` says which rule of sign-off does not allow the step: a
wrong order, the same person again, a publication that is not current any more, or evidence that has
changed. Nothing was recorded. Clear the task to ask again, if the reason is gone.

If the log names no rule, look with `assurance signoff show CODE`. An answer within seconds of the
question can end as failed although the step was made, because Airflow confuses the end of the
question with the end of the answer.

### Safe to do
Start it, clear it, or let it end without an answer. Then no step is made.
"""


def make_dag(own: ForceDag) -> None:
    """Make the DAG of a force."""

    @dag(
        dag_id=own.dag_id,
        schedule=None,
        start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        catchup=False,
        dagrun_timeout=ANSWER_WITHIN + timedelta(hours=1),
        params={
            "code": Param("HYDRA", type="string", title="Code of the register"),
            "step": Param("STEPS_AGREED", type="string", enum=list(STEPS), title="Step"),
        },
        default_args={
            **own.defaults,
            # A rule that is broken once is broken again.
            "retries": 0,
        },
        tags=own.tags,
        doc_md=own.page(DOC),
    )
    def assurance_signoff() -> None:
        """Ask a person for one step of a sign-off."""
        SignOffStep(
            task_id="make_step",
            code="{{ params.code }}",
            step="{{ params.step }}",
            response_timeout=ANSWER_WITHIN,
        )

    assurance_signoff()


for own in force_dags("assurance_signoff"):
    make_dag(own)
