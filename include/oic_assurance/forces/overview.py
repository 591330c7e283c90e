"""Read the state of every force of the deployment. One that cannot be read hides no other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg

from oic_assurance.clock import DAILY_RUN, utc_now
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.forces.declared import Force, Forces
from oic_assurance.forces.enter import (
    FOLDER,
    check_own,
    enter,
    leave,
    settings_of,
)
from oic_assurance.publishing.publication import current_publication
from oic_assurance.reporting.screens.forces import DeclaredForce, ForceState
from oic_assurance.settings import Settings, load_settings
from oic_assurance.state.monitor import named, state_of
from oic_assurance.state.read import open_problems


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

    If its warehouse cannot be reached, its readers see nothing, so the state is `critical`. If
    anything else fails, the state is `unknown`.
    """
    try:
        with inside(force) as settings:
            problems = open_problems(settings)
            publication = current_publication(settings)
    except ServerError as error:
        return ForceState(force.code, force.name, "critical", None, None, error.message)
    except (AssuranceError, psycopg.Error) as error:
        why = error.message if isinstance(error, AssuranceError) else type(error).__name__
        return ForceState(force.code, force.name, "unknown", None, None, why)
    return ForceState(
        force.code,
        force.name,
        state_of(problems),
        publication.publication_id if publication else None,
        publication.as_at if publication else None,
        "; ".join(named(problems)),
    )


def declared(forces: Forces) -> list[DeclaredForce]:
    """Return the forces as `assurance forces list` shows them. Their settings are checked too.

    Raises:
        UsageError: A setting of a force is not valid, or two forces have a place or a connection in
            common.
    """
    for force in forces.forces.values():
        check_own(force, forces, os.environ)
    return [
        DeclaredForce(
            force.code,
            force.name,
            force.accountable_body,
            force.owner,
            f"{_starts(force):%H:%M}",
            force.server,
            str(settings_of(force, forces).home),
        )
        for force in forces.forces.values()
    ]


def undeclared_folders(forces: Forces) -> list[str]:
    """Return the state folders of forces that forces.yml does not declare any more."""
    used = {settings_of(force, forces).home for force in forces.forces.values()}
    folders = (load_settings().home / FOLDER).glob("*/secrets")
    found = {one.parent for one in folders if one.parent.resolve() not in used}
    return sorted(map(str, found))


def _starts(force: Force) -> datetime:
    midnight = datetime.combine(utc_now().date(), DAILY_RUN)
    return midnight + timedelta(minutes=force.starts_after_minutes)
