"""Read the state of every force of the deployment. One that cannot be read hides no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.forces.declared import Force, Forces
from oic_assurance.forces.enter import FOLDER, enter, leave, settings_of
from oic_assurance.publishing.publication import current_publication
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import delivered
from oic_assurance.state.monitor import State, named, state_of
from oic_assurance.state.read import open_problems
from oic_assurance.warehouse.airflow_uri import is_missing, no_connection


@dataclass(frozen=True)
class ForceState:
    """The state of one force: how urgent its problems are, and what its readers see.

    `message` says why a state is not known, or names the open problems.
    """

    code: str
    name: str
    state: State
    publication_id: int | None = None
    as_at: datetime | None = None
    message: str = ""


@contextmanager
def inside(force: Force) -> Iterator[Settings]:
    """Enter a force for the block, and yield its settings. After the block, leave it again."""
    enter(force.code)
    try:
        yield load_settings()
    finally:
        leave()


def read_state(force: Force) -> ForceState:
    """Return the state of a force, as `assurance status --monitor` shows it.

    A missing connection to a source is named before the next run misses it.
    If its warehouse cannot be reached, its readers see nothing, so the state is `critical`. If
    anything else fails, the state is `unknown`.
    """
    try:
        with inside(force) as settings:
            systems = {
                one.database.system for one in delivered().values() if one.kind == "database"
            }
            missing = [no_connection(name) for name in sorted(systems) if is_missing(name)]
            problems = open_problems(settings)
            publication = current_publication(settings)
    except ServerError as error:
        return ForceState(force.code, force.name, "critical", message=error.message)
    except (AssuranceError, psycopg.Error) as error:
        why = error.message if isinstance(error, AssuranceError) else type(error).__name__
        return ForceState(force.code, force.name, "unknown", message=why)
    state = state_of(problems)
    return ForceState(
        force.code,
        force.name,
        "warning" if missing and state == "ok" else state,
        publication.publication_id if publication else None,
        publication.as_at if publication else None,
        "; ".join([*missing, *named(problems)]),
    )


def undeclared_folders(forces: Forces) -> list[str]:
    """Return the state folders of forces that forces.yml does not declare any more."""
    used = {settings_of(force, forces).home for force in forces.forces.values()}
    folders = (load_settings().home / FOLDER).glob("*/secrets")
    found = {one.parent for one in folders if one.parent.resolve() not in used}
    return sorted(map(str, found))
