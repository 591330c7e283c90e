"""The DAGs of each force. One DAG file makes a DAG for each force of the deployment.

Without forces.yml there is one force, and its DAG has the name of the file. With forces.yml, each
DAG has the force's code in its name, and each of its tasks enters the force before it does anything
else. A task's process belongs to one task, so it never sees two forces.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.sdk import get_parsing_context

from oic_assurance.commands import ENTERED, as_typed
from oic_assurance.errors import UsageError
from oic_assurance.forces.declared import OWNER, Force, Forces, declared_forces
from oic_assurance.forces.enter import check_alone, check_settings, enter, environment_of
from oic_assurance.platform.airflow.pools import pool_of
from oic_assurance.platform.airflow.secrets_backend import use_secrets_backend
from oic_assurance.settings import NATIONAL_DROPZONE, Settings, load_settings

TAGS = frozenset({"assurance", "oic"})


@dataclass(frozen=True)
class ForceDag:
    """What differs between the DAGs that one file makes for the forces of a deployment."""

    dag_id: str
    #: The force, or None if the deployment has no forces.yml.
    force: Force | None
    settings: Settings
    #: The environment variables of the force, or of the deployment.
    environment: Mapping[str, str]
    #: Why a setting of the force is not valid. Its DAGs exist, and each of their tasks fails with
    #: this reason: an error of the file would take the DAGs of all forces away.
    mistake: str = ""
    #: For the national warehouse: the suffixes of the forces of the deployment that export to it.
    exporters: tuple[str, ...] = ()

    @property
    def queue(self) -> str:
        """The queue of the force's own workers. Empty if it has none."""
        return self.force.queue if self.force else ""

    @property
    def code(self) -> str | None:
        """The code of the force, or None if the deployment has no forces.yml."""
        return self.force.code if self.force else None

    @property
    def suffix(self) -> str:
        """What follows a name of which each force has its own. Empty without forces.yml."""
        return _suffix(self.force) if self.force else ""

    @property
    def starts_after(self) -> timedelta:
        """How long after the usual time of day the runs of this force start."""
        return timedelta(minutes=self.force.starts_after_minutes if self.force else 0)

    @property
    def tags(self) -> set[str]:
        """The tags of the DAG, among them the code of its force."""
        return {*TAGS, *([self.force.code] if self.force else [])}

    @property
    def defaults(self) -> dict[str, Any]:
        """The arguments of all its tasks: who is called, where they run, and that they enter."""
        return {
            "owner": self.force.owner if self.force else OWNER,
            "pool": pool_of(self.force),
            "pre_execute": self.enter,
            **({"queue": self.queue} if self.queue else {}),
        }

    def enter(self, _context: Any = None) -> None:
        """Enter the force in the process of a task or of a callback.

        Raises:
            UsageError: A setting of the force is not valid. Or the force has a queue, and this
                process holds the secret of another one.
        """
        if self.mistake:
            raise UsageError(self.mistake)
        if self.force is None:
            return
        forces = declared_forces()
        if self.queue and forces is not None and not os.environ.get(ENTERED):
            check_alone(self.force, forces, os.environ)
        enter(self.force.code)

    def daily(self, hour: int, minute: int, weekday: str = "*") -> str:
        """Return the schedule of a DAG that runs once a day, or once a week, at a London time."""
        minutes = hour * 60 + minute + int(self.starts_after.total_seconds() // 60)
        return f"{minutes % 60} {minutes // 60} * * {weekday}"

    def every(self, minutes: int) -> str:
        """Return the schedule of a DAG that runs every so many minutes of the hour."""
        first = int(self.starts_after.total_seconds() // 60) % minutes
        return f"{first}-59/{minutes} * * * *" if first else f"*/{minutes} * * * *"

    def page(self, text: str) -> str:
        """Return the page for operators: whose DAG it is, and commands with the force's code."""
        if self.force is None:
            return as_typed(text)
        force = self.force
        contact = f" ({force.contact})" if force.contact else ""
        body = force.accountable_body
        answers = f"It answers to: {body}. " if body else ""
        head = (
            f"**{force.name}**, {force.code}. {answers}"
            f"Called at night: {force.owner}{contact}. Other forces have DAGs of their own, and "
            "nothing here touches them.\n"
        )
        return head + as_typed(text, force.code)


def force_dags(name: str) -> Iterator[ForceDag]:
    """Yield what is needed to make the DAGs of the file `name`, one for each force.

    A process that needs one DAG only, because it runs a task of it or has entered its force, gets
    that one. So the cost of a task does not grow with the number of forces.

    Raises:
        UsageError: forces.yml is not valid, or a setting of the deployment. Airflow shows it as an
            import error.
    """
    forces = declared_forces()
    if forces is None:
        settings = load_settings()
        use_secrets_backend(settings)
        yield ForceDag(name, None, settings, os.environ)
        return
    entered, wanted = os.environ.get(ENTERED), get_parsing_context().dag_id
    use_secrets_backend(load_settings())
    for force in forces.forces.values():
        own_id = f"{name}{_suffix(force)}"
        if (entered and entered != force.code) or (wanted and wanted != own_id):
            continue
        yield _dag_of(force, forces, own_id)


def dag_id(name: str) -> str:
    """Return the ID of the DAG of the file `name`, for the force that this process has entered."""
    entered = os.environ.get(ENTERED, "")
    return f"{name}_{entered.lower()}" if entered else name


def _dag_of(force: Force, forces: Forces, own_id: str) -> ForceDag:
    environment = (
        dict(os.environ) if os.environ.get(ENTERED) else environment_of(force, forces, os.environ)
    )
    try:
        check_settings(force, environment)
    except UsageError as error:
        return ForceDag(own_id, force, load_settings({}), {}, error.message)
    exporters = tuple(
        _suffix(one) for one in forces.forces.values() if _exports_to(force, one, forces)
    )
    return ForceDag(own_id, force, load_settings(environment), environment, exporters=exporters)


def _suffix(force: Force) -> str:
    return f"_{force.code.lower()}"


def _exports_to(national: Force, force: Force, forces: Forces) -> bool:
    return (
        national.kind == "national"
        and force.kind == "force"
        and bool(environment_of(force, forces, os.environ).get(NATIONAL_DROPZONE, "").strip())
    )
