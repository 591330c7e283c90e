"""Run tasks on this machine, in processes that need not import dbt and Great Expectations again.

Airflow runs each task in a process of its own, which is a copy of the scheduler's process. A day
has some thirty tasks, and half of their processor time was the import of the same modules.
"""

import importlib
import logging
import os

from airflow.executors.local_executor import LocalExecutor

from oic_assurance.gates.logging import silenced

#: The modules that take long to import and that tasks need. None of them starts a thread, which a
#: copy of the process would not have.
MODULES = (
    "airflow.sdk.execution_time.task_runner",
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
    "oic_assurance.pipeline",
    "dbt.cli.main",
    "dbt.adapters.postgres",
    "great_expectations",
    "expectations.catalogue",
    "oic_assurance.gates.auditor",
    "altair",
    "vl_convert",
    "typst",
)

LOG = logging.getLogger(__name__)


class PreparedLocalExecutor(LocalExecutor):
    """Airflow's executor for one machine. It imports what tasks need before it starts processes."""

    def start(self) -> None:
        """Import the modules, then start the processes."""
        prepare()
        super().start()


def prepare() -> None:
    """Import what tasks need.

    A module that cannot be imported is left to the tasks: those that need it then fail, with the
    reason.
    """
    # NumPy would start threads, and nothing here multiplies matrices. Arrow would start one too, if
    # a connector has installed it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
    with silenced():
        for name in MODULES:
            try:
                importlib.import_module(name)
            except Exception:
                LOG.exception("%s cannot be imported.", name)
