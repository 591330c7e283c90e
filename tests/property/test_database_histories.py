"""Random histories of source databases, extractions and faults, against a plain model.

Extractions fall anywhere in a history, and a fault can end one at any step. Whatever happened,
raw then holds every version that an extraction has seen, once each, and says of every earlier
extraction what it said then. LANDING_EXAMPLES sets how many histories are tried.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.land_database import OVERLAP
from oic_assurance.pipeline import extract
from oic_assurance.settings import Settings
from oic_assurance.sources.databases import change_counts
from tests.integration.landing.changed_databases import CUSTODY, REPORTS
from tests.integration.landing.support import World, warehouse_of_its_own
from tests.property.faults import Fault, ProcessEnded, happening
from tests.property.source_model import Record, Source

PROFILE = settings(
    max_examples=int(os.environ.get("LANDING_EXAMPLES", "12")),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = st.integers(1, 3)
#: More than the statements, COPY pieces and commits of a landing that has everything to do.
STEPS = 45
#: Where a change's cursor stands: at the present, behind it (inside the overlap, beyond it, at the
#: very value that was read up to), ahead of the warehouse's clock, or where it was.
CURSORS = [
    "present",
    "minutes late",
    "hours late",
    "at the edge",
    "ahead",
    "unchanged",
    "unchanged",
]

Change = tuple[str, int, str, str, str, int]
Extraction = Fault | None


def changes() -> st.SearchStrategy[Change]:
    """What happens to a record: how, which, its condition, its content, its cursor, minutes."""
    return st.tuples(
        st.sampled_from(["write", "write", "write", "soft delete", "hard delete"]),
        KEYS,
        st.sampled_from(["good", "good", "good", "broken", "marked too high"]),
        st.sampled_from(["A", "B"]),
        st.sampled_from(CURSORS),
        st.integers(1, 14),
    )


def histories() -> st.SearchStrategy[list[Change | Extraction]]:
    faults = st.builds(
        Fault,
        st.sampled_from(["process ends", "warehouse session cut", "source session cut"]),
        st.integers(1, STEPS),
    )
    extraction = st.one_of(st.none(), faults)
    return st.lists(st.one_of(changes(), changes(), extraction), min_size=2, max_size=14)


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    with warehouse_of_its_own() as settings:
        yield settings


@pytest.mark.parametrize("dataset", [CUSTODY, REPORTS])
@PROFILE
@given(history=histories(), is_large=st.booleans())
def test_raw_holds_what_extractions_saw(
    warehouse: Settings, dataset: str, history: list[Change | Extraction], is_large: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if is_large:
            # A table that the server's counts are relied on for; one never analysed counts as -1.
            patch.setattr(change_counts, "MANY_ROWS", -1)
        world = World(warehouse, Path(folder))
        world.empty_sources()
        try:
            _live(Source(world, dataset), history)
        finally:
            world.close()


def _live(source: Source, history: list[Change | Extraction]) -> None:
    said: list[tuple[int, datetime | None, dict[str, Any]]] = []
    for happens in [*history, None]:
        if isinstance(happens, tuple):
            _change(source, happens)
            continue
        if isinstance(happens, Fault) and not _extract_with(source, happens):
            continue
        if happens is None:
            source.world.land(source.dataset)
            source.extracted()
        assert source.raw_state() == source.state
        assert source.raw_versions() == source.seen
        said.append((source.last_batch(), source.cursor()[1], source.state))
    assert source.world.land(source.dataset).batches == 0
    _is_still_said(source, said)
    assert _unfinished_business(source.world) == []


def _change(source: Source, change: Change) -> None:
    how, key, condition, content, where, minutes = change
    before = source.records.get(key)
    if how == "hard delete":
        source.remove(key)
        return
    if condition == "marked too high" and source.dataset == CUSTODY:
        condition = "good"
    cursor = _cursor(source, key, where, minutes)
    deleted_at = cursor if how == "soft delete" else None
    source.write(key, Record(content, condition, cursor, deleted_at))  # type: ignore[arg-type]
    event(f"{'inserted' if before is None else 'updated'}, cursor {where}, {condition}")


def _cursor(source: Source, key: int, where: str, minutes: int) -> datetime:
    now = datetime.now(UTC)
    edge = source.cursor()[0] or now
    before = source.records.get(key)
    # The contract has the cursor set on every change. Where it is not, the overlap still shows it.
    if where == "unchanged" and before is not None and before.cursor >= edge - OVERLAP:
        return before.cursor
    cursor = {
        "minutes late": edge - timedelta(minutes=minutes),
        "hours late": edge - timedelta(hours=minutes),
        "at the edge": edge,
        "ahead": now + timedelta(minutes=minutes),
    }.get(where, now)
    return source.unused(key, cursor)


def _extract_with(source: Source, fault: Fault) -> bool:
    """Extract while a fault happens; tell whether the extraction had committed all the same."""
    looked_at = source.cursor()[1]
    try:
        with happening(source.world.settings, fault):
            # By the door that a run uses, which tells what can heal.
            settings = source.world.settings
            extract(settings, "with a fault", source.dataset)
    except (AssuranceError, ProcessEnded) as error:
        event(f"{fault.kind}: {type(error).__name__}")
    committed = source.cursor()[1] != looked_at
    if committed:
        source.extracted()
    assert source.raw_state() == source.state
    assert source.raw_versions() == source.seen
    return committed


def _is_still_said(source: Source, said: list[tuple[int, datetime | None, dict[str, Any]]]) -> None:
    """Ask raw again what it said after each extraction, knowing what was known then."""
    for (batch, at, then), (following, _, _) in pairwise([*said, (2**62, None, {})]):
        if batch and batch != following:
            assert source.raw_state(known=batch) == then
            if at and all(version[1] <= at for version in then.values()):
                assert _as_at(source, at, batch, then)


def _as_at(source: Source, at: datetime, batch: int, then: dict[str, Any]) -> bool:
    """Tell whether raw gives the state as at the extraction too, where no clock ran ahead."""
    ahead = any(v and v[1] > at for versions in source.seen.values() for v in versions)
    return ahead or source.raw_state(at, batch) == then


def _unfinished_business(world: World) -> list[Any]:
    """Return kept files that no batch names, batches without their file, locks and transactions."""
    kept = world.query("select kept_as from audit.batch where kept_as is not null")
    there = (p for p in (world.settings.home / "batches").rglob("*") if p.is_file())
    named = {name for (name,) in kept}
    left: list[Any] = sorted(named ^ {str(p.relative_to(world.settings.home)) for p in there})
    return left + _sessions_at_work(world)


def _sessions_at_work(world: World) -> list[Any]:
    """Return locks and transactions that are left, once closed sessions had time to end."""
    deadline = time.monotonic() + 10
    while left := world.query(
        """
        select pid, 'lock' from pg_locks where locktype = 'advisory'
        union all
        select pid, state from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'
        """
    ):
        if time.monotonic() > deadline:
            return left
        time.sleep(0.01)
    return []
