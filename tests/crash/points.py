"""Kill points: their kinds, and how each one is determined by a seed and a number."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tests.crash.edges import LANDING
from tests.crash.faults import Kind

Work = Literal["landing", "run"]
Means = Literal["edge", "moment", "command", "proxy", "disk"]


@dataclass(frozen=True)
class Group:
    """The kill points of one kind.

    `work` is the kind of work that the fault hits. `means` is how the fault is triggered. If
    `means` is "proxy", `what` is the connection that the proxy cuts. If `means` is "disk", `what`
    is the folder whose disk is full. Otherwise `what` is the fault. `only` is the value of the
    option `--only` that selects the group.
    """

    name: str
    only: str
    work: Work
    means: Means
    what: str
    #: The number of this group's points in a plan of 200 points.
    share: int


def _landing(name: str, only: str, means: Means, what: str, share: int) -> Group:
    return Group(name, only, "landing", means, what, share)


def _run(name: str, only: str, means: Means, what: str, share: int) -> Group:
    return Group(name, only, "run", means, what, share)


GROUPS = (
    _landing("process killed at an edge of a landing", "landing", "edge", "process killed", 50),
    _landing("process killed at a moment of a landing", "landing", "moment", "process killed", 24),
    _landing("server killed at an edge of a landing", "server", "edge", "server killed", 12),
    _landing(
        "server stopped at once at an edge of a landing",
        "server", "edge", "server stopped at once", 8,
    ),
    _landing("server killed at a moment of a landing", "server", "moment", "server killed", 8),
    _landing("source session ended by its server", "connection", "edge", "source session cut", 10),
    _landing(
        "warehouse session ended by its server", "connection", "edge", "warehouse session cut", 10
    ),
    _landing("connection to a source cut mid-stream", "connection", "proxy", "rms", 8),
    _landing("connection to the warehouse cut mid-stream", "connection", "proxy", "warehouse", 8),
    _landing("disk full in the archive", "disk", "disk", "batches", 6),
    _landing("disk full under the server", "disk", "disk", "postgres", 6),
    _run("process killed at an edge of a run", "run", "edge", "process killed", 26),
    _run("process killed at a moment of a run", "run", "moment", "process killed", 8),
    _run("server killed at an edge of a run", "server", "edge", "server killed", 5),
    _run("server killed at a moment of a run", "server", "moment", "server killed", 3),
    _run("warehouse session ended in a run", "connection", "edge", "warehouse session cut", 3),
    _run("`assurance run` killed at a moment", "run", "command", "process killed", 5),
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One kill point. A plan with the same seed, count and edges always has the same points.

    If the point has an `edge`, its fault happens when the work reaches that edge for the `nth`
    time.
    """

    seed: int
    number: int
    group: Group
    world: str
    edge: str | None = None
    nth: int = 1
    #: The moment of the fault, as a fraction of the duration of uninterrupted work. For a cut
    #: connection, a larger fraction is a later cut. For a full disk, it is the fraction of the
    #: space in `ROOM_BYTES` that the disk has left.
    share: float = 0.0

    @property
    def fault(self) -> Kind:
        """The kind of fault. Only valid if the group's `means` is "edge" or "moment"."""
        return self.group.what  # type: ignore[return-value]

    def __str__(self) -> str:
        """Return a line that names the point and what happens at it."""
        where = f"{self.edge} (the {self.nth}.)" if self.edge else f"at {self.share:.3f}"
        return f"{self.seed}:{self.number} {self.group.name}, {self.world} day, {where}"

    def as_json(self) -> dict[str, Any]:
        """Return the point as a dictionary that can be written as JSON."""
        return {**asdict(self), "group": self.group.name}


Edges = Mapping[str, Sequence[str]]


def plan(seed: int, count: int, edges: Edges) -> list[Point]:
    """Return `count` kill points, or a few more, in the order of their numbers.

    Each group uses its edges in a random order, and uses every edge once before it uses one again.
    If the work reaches an edge several times, the plan chooses one of these times at random.
    """
    turns: dict[tuple[str, str], list[str]] = defaultdict(list)
    points = []
    for number, group in enumerate(_groups(count)):
        chance = random.Random(f"{seed}:{number}")
        world = (
            "second"
            if group.work == "run"
            else chance.choice(["first", "second", "second", "second"])
        )
        point = Point(seed, number, group, world, share=chance.random())
        if group.means == "edge":
            traced = [edge for edge in edges[f"{world} {group.work}"] if _is_of(group.work, edge)]
            turn = turns[group.name, world]
            if not turn:
                turn += random.Random(f"{seed} {group.name} {world}").sample(
                    names := sorted(set(traced)), len(names)
                )
            edge = turn.pop()
            nth = chance.randint(1, traced.count(edge))
            point = Point(seed, number, group, world, edge, nth, point.share)
        points.append(point)
    return points


def _is_of(work: Work, edge: str) -> bool:
    """Return whether the kill points of a kind of work may use an edge.

    A run also reaches the edges of a landing. Only the points of landings use those edges.
    """
    return work == "landing" or edge.partition(" ")[2] not in LANDING.values()


def _groups(count: int) -> list[Group]:
    """Return the group of each of `count` points, or a few more.

    Each group gets its proportion of the points, but at least one.
    """
    whole = sum(group.share for group in GROUPS)
    groups = [group for group in GROUPS for _ in range(max(1, round(group.share * count / whole)))]
    # The rounded numbers may add up to less than `count`. The first group gets the missing points.
    return groups + [GROUPS[0]] * (count - len(groups))
