"""Airflow's own scheduler starts the national run after the exports, and at the latest at its time.

The scheduler works in a process of its own, on a database of its own. It makes the runs and starts
no task. What an export task that has succeeded leaves behind is made here with Airflow's function.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import python
from tests.dags.test_dags import DAGS
from tests.dags.test_forces import FORCES, NATIONAL

pytestmark = pytest.mark.slow

SCHEDULE = """
import json, sys
from datetime import timedelta

from airflow.utils.db import initdb
initdb()

from airflow.assets.manager import asset_manager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models import DagModel, DagRun
from airflow.models.asset import AssetModel
from airflow.models.dagbundle import DagBundleModel
from airflow.utils import timezone
from airflow.utils.session import create_session
from airflow.utils.sqlalchemy import prohibit_commit
from sqlalchemy import select

NATIONAL = "assurance_daily_k04000001"
with create_session() as session:
    session.add(DagBundleModel(name="here"))
with create_session() as session:
    sync_bag_to_db(DagBag(sys.argv[1]), "here", None, session=session)
job = Job()
with create_session() as session:
    session.add(job)
scheduler = SchedulerJobRunner(job=job)
seen = []


def turn(*exported, due=False):
    with create_session() as session:
        for code in exported:
            asset = session.scalar(
                select(AssetModel).where(AssetModel.name == f"oic_assurance_export_{code}")
            )
            asset_manager.register_asset_change(asset=asset, session=session)
        later = timezone.utcnow() + timedelta(days=1)
        for dag in session.scalars(select(DagModel)):
            # No run is due by the clock, but the one that this turn is about.
            is_due = due and dag.dag_id == NATIONAL
            dag.next_dagrun_create_after = dag.next_dagrun if is_due else later
            dag.is_paused = dag.dag_id != NATIONAL
            # The scheduler sets this while a run is active, and here each run has ended.
            dag.exceeds_max_non_backfill = False
    with create_session() as session, prohibit_commit(session) as guard:
        scheduler._create_dagruns_for_dags(guard, session)
    with create_session() as session:
        runs = session.scalars(select(DagRun).where(DagRun.dag_id == NATIONAL)).all()
        seen.append(sorted(run.run_type for run in runs))
        # Each run ends before the next turn.
        for run in runs:
            run.state = "success"


for step in json.loads(sys.argv[2]):
    turn(*step["exported"], due=step.get("due", False))
print(json.dumps(seen))
"""
NORTH, SOUTH = "e23000022", "e23000021"
ASSETS, TIME = "asset_triggered", "scheduled"
#: What happens in each turn of the scheduler, and the runs that there are after it.
TURNS: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({"exported": []}, []),
    ({"exported": [NORTH]}, []),
    ({"exported": [NORTH]}, []),
    # One force is missing, and the time has come.
    ({"exported": [], "due": True}, [TIME]),
    # The force that was late exports: the run at the fixed time has not used up what was there.
    ({"exported": [SOUTH]}, [ASSETS, TIME]),
    ({"exported": [SOUTH]}, [ASSETS, TIME]),
    ({"exported": [NORTH]}, [ASSETS, ASSETS, TIME]),
)


def test_the_scheduler_waits_for_every_export_but_not_beyond_its_time(tmp_path: Path) -> None:
    forces = tmp_path / "forces.yml"
    place = "ASSURANCE_NATIONAL_DROPZONE: /srv/national"
    forces.write_text(
        FORCES.replace(
            "  - code: E23000021\n", f"    settings: {{{place}}}\n  - code: E23000021\n"
        ).replace('ASSURANCE_RUN_DEADLINE: "08:10"', place)
        + NATIONAL
    )
    done = python(
        *("-c", SCHEDULE, str(DAGS), json.dumps([step for step, _ in TURNS])),
        AIRFLOW_HOME=str(tmp_path / "airflow"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{tmp_path}/airflow.db",
        ASSURANCE_FORCES=str(forces),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen == [sorted(runs) for _, runs in TURNS]
