"""Print what only Airflow knows, as one line of JSON. `programs.py` runs this file as a process."""

import json
import sys
from typing import Any

from airflow import __version__, settings
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import check_migrations
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError


def inside() -> dict[str, Any]:
    """Return Airflow's version, the number of DAGs, and why files cannot be loaded.

    The key `database` says whether its database is `migrated`, `empty` or `unreachable`, or gives
    the reason why it is none of them.
    """
    bag = DagBag(conf.get("core", "dags_folder"))
    errors = {
        path: error.strip().splitlines()[-1] for path, error in dict(bag.import_errors).items()
    }
    return {
        "version": __version__,
        "dags": len(bag.dags),
        "import_errors": errors,
        "database": _database(),
    }


def _database() -> str:
    try:
        if not inspect(settings.engine).has_table("alembic_version"):
            return "empty"
        check_migrations(0)
    except OperationalError:
        return "unreachable"
    except Exception as error:  # the drivers, Alembic and Airflow have their own error classes
        return next(iter(str(error).splitlines()), type(error).__name__)
    return "migrated"


if __name__ == "__main__":
    found = inside()
    sys.stdout.write(f"\n{json.dumps(found)}\n")
