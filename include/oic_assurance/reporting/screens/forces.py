"""The screens of `assurance forces`: which forces there are, and the state of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from oic_assurance.reporting.screens.layout import NOTHING, short_moment, table, wrapped
from oic_assurance.state.monitor import State, one_line

_RANKS: Sequence[State] = ("ok", "warning", "unknown", "critical")


@dataclass(frozen=True)
class ForceState:
    """The state of one force: how urgent its problems are, and what its readers see.

    `message` says why a state is not known, or names the open problems.
    """

    code: str
    name: str
    state: State
    publication_id: int | None
    as_at: datetime | None
    message: str


@dataclass(frozen=True)
class ForceStates:
    """The state of each force of the deployment."""

    forces: Sequence[ForceState]

    @property
    def worst(self) -> State:
        """The worst state of a force. `critical` is worse than `unknown`."""
        return max((one.state for one in self.forces), key=_RANKS.index)


@dataclass(frozen=True)
class DeclaredForce:
    """A force as forces.yml declares it."""

    code: str
    name: str
    accountable_body: str
    owner: str
    starts_at: str
    server: str
    home: str


@dataclass(frozen=True)
class DeclaredForces:
    """The forces of the deployment, in the order of forces.yml."""

    file: str
    forces: Sequence[DeclaredForce]
    #: State folders that belong to no declared force.
    undeclared: Sequence[str] = ()


def states_screen(states: ForceStates) -> str:
    """Return the screen of `assurance forces status`: a row for each force, and its problems."""
    rows = [
        (
            one.code,
            one.name,
            one.state,
            str(one.publication_id or NOTHING),
            short_moment(one.as_at) if one.as_at else NOTHING,
        )
        for one in states.forces
    ]
    notes = [one.message for one in states.forces]
    lines = table(("force", "name", "state", "publication", "as at"), rows, notes=notes)
    well = sum(one.state == "ok" for one in states.forces)
    return "\n".join(["", *lines, "", f"  {well} of {len(rows)} forces have no problem.", ""])


def states_line(states: ForceStates) -> str:
    """Return one line for a monitor: the worst state, and the forces that have a problem."""
    text = "; ".join(
        f"{one.code} {one.state}: {one.message}" for one in states.forces if one.state != "ok"
    )
    well = sum(one.state == "ok" for one in states.forces)
    counted = f"{well} of {len(states.forces)} forces have no problem"
    return one_line(states.worst, f"{counted}; {text}" if text else counted)


def declared_screen(declared: DeclaredForces) -> str:
    """Return the screen of `assurance forces list`: a row for each force."""
    rows = [
        (one.code, one.name, one.starts_at, one.server or NOTHING, one.owner)
        for one in declared.forces
    ]
    notes = [f"{one.accountable_body}. State folder: {one.home}" for one in declared.forces]
    lines = table(("force", "name", "starts", "server", "owner"), rows, notes=notes)
    lines += ["", f"  Declared in {declared.file}"]
    for folder in declared.undeclared:
        lines += wrapped(
            f"State folder of no declared force: {folder}. `ASSURANCE_FORCES= "
            f"ASSURANCE_HOME={folder} assurance db stop` stops its server.",
            2,
            "  ",
        )
    return "\n".join(["", *lines, ""])
