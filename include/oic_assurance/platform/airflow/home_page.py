"""Airflow's home page shows what is wrong now, in the words of `assurance status`.

The api-server has no login of the warehouse. So the watch stores the open problems as a Variable of
Airflow, and the api-server shows what is stored.
"""

import json
from collections.abc import Iterator
from typing import Any

from oic_assurance.clock import london_text, utc_now
from oic_assurance.commands import as_typed
from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings, name_of_force
from oic_assurance.state.read import no_server, open_problems

#: The prefix of the Variable's key. The code of the force follows.
KEY = "assurance_problems_"
_CATEGORIES = {"critical": "error", "warning": "warning"}


def store_problems(settings: Settings) -> None:
    """Store the open problems for the home page. Call it in a task."""
    from airflow.sdk import Variable

    try:
        problems = open_problems(settings)
    except ServerError as error:
        problems = [no_server(error)]
    seen = london_text(utc_now())
    found = [
        {
            "severity": one.severity,
            "text": as_typed(
                f"**{name_of_force(settings)}: {one.title}.** {one.for_many} "
                f"Since {london_text(one.since)}. Readers see {one.readers_see}. "
                f"Who fixes it: {one.who}. Seen on {seen}; `assurance status` says more."
            ),
        }
        for one in problems
    ]
    Variable.set(f"{KEY}{settings.force_code}", json.dumps(found))


class OpenProblems(list[Any]):
    """The alerts of the home page. Airflow iterates over them whenever the page is loaded."""

    def __iter__(self) -> Iterator[Any]:
        """Yield an alert for each open problem of each force."""
        from airflow.api_fastapi.common.types import UIAlert
        from airflow.models.variable import Variable
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            stored = session.scalars(
                select(Variable).where(Variable.key.startswith(KEY)).order_by(Variable.key)
            )
            for force in stored:
                for one in json.loads(force.get_val() or "[]"):
                    yield UIAlert(text=one["text"], category=_CATEGORIES[one["severity"]])
