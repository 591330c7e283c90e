"""Run tasks on this machine, in processes that need not import dbt and Great Expectations again.

Airflow runs each task in a process of its own, which is a copy of the scheduler's process. A day
has some thirty tasks, and half of their processor time was the import of the same modules.
"""

import logging
import os

from airflow.executors.local_executor import LocalExecutor

from oic_assurance.gates.logging import silenced

LOG = logging.getLogger(__name__)


class PreparedLocalExecutor(LocalExecutor):
    """Airflow's executor for one machine. It imports what tasks need before it starts processes."""

    def start(self) -> None:
        """Import the modules, then start the processes."""
        prepare()
        super().start()


def prepare() -> None:
    """Import what takes long to import and what tasks need.

    None of these modules starts a thread, which a copy of the process would not have. If one cannot
    be imported, it and those after it are left to the tasks: those that need it then fail, with the
    reason.
    """
    # NumPy would start threads, and nothing here multiplies matrices. Arrow would start one too, if
    # a connector has installed it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
    with silenced():
        try:
            import airflow.dag_processing.bundles.manager
            import airflow.dag_processing.dagbag
            import airflow.sdk.execution_time.task_runner  # noqa: F401
            import altair  # noqa: F401
            import dbt.adapters.postgres
            import dbt.cli.main  # noqa: F401
            import great_expectations  # noqa: F401
            import typst  # noqa: F401
            import vl_convert  # noqa: F401

            import expectations.catalogue  # noqa: F401
            import oic_assurance.gates.auditor
            import oic_assurance.pipeline  # noqa: F401
        except Exception:
            LOG.exception("What tasks need cannot be imported.")
