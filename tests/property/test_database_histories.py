"""Random histories of source databases, extracts and faults, compared with a plain model.

A history is a series of row changes and extracts. A fault can end an extract at any step. After
each extract, two things must be true:

- Raw has each version that any extract has seen, exactly once.
- The state that was known after each earlier extract can still be read from raw.

The environment variable LANDING_EXAMPLES sets the number of histories.
"""

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.emptied import LooksEmptied, accept
from oic_assurance.landing.land_database import OVERLAP
from oic_assurance.operations import recall
from oic_assurance.pipeline import extract
from oic_assurance.settings import Settings
from oic_assurance.sources.databases import change_counts
from oic_assurance.sources.declarations.load import dataset as declared
from tests.integration.landing.support import CUSTODY, REPORTS, World
from tests.property.faults import Fault, ProcessEnded, inject
from tests.property.source_model import Record, Source

PROFILE = settings(
    max_examples=int(os.environ.get("LANDING_EXAMPLES", "5")),
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = st.integers(1, 3)
#: The highest step number at which a fault can be set. No landing has so many statements, COPY
#: chunks and commits, so some faults never happen.
STEPS = 45
#: The cursor value that a change gets: the present time, an earlier time, a time ahead of the
#: warehouse's clock, or the same value as before. An earlier time can be inside the overlap with
#: the previous extract, before the overlap, or equal to the last cursor.
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
#: What the test records after an extract: the newest batch, the time, and the state of the source.
#: The time is later than the version time of each row that the extract has landed.
Checkpoint = tuple[int, datetime, dict[str, Any]]


def changes() -> st.SearchStrategy[Change]:
    """Draw a change of a record.

    A change is a tuple: kind of change, key, condition of the row, content, choice from `CURSORS`,
    and by how many minutes or hours the cursor value is late or ahead.
    """
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


def write(key: int, content: str, cursor: str, condition: str = "good") -> Change:
    return "write", key, condition, content, cursor, 10


#: Rows are committed late, inside the overlap and long after it. Others change without a new cursor
#: value, with one that goes back, with one ahead of the clock, and into what is rejected once.
HARD: list[Change | Extraction] = [
    write(1, "A", "present"), None,
    write(2, "A", "minutes late"), write(3, "A", "hours late"), None,
    write(1, "B", "unchanged"), write(2, "B", "at the edge"), None,
    write(3, "B", "minutes late"), None,
    write(1, "A", "ahead"), None,
    write(2, "A", "present"), None,
    write(2, "B", "present", "broken"), None, None,
    write(2, "B", "present"),
]  # fmt: skip

#: A record returns with a cursor value from before its disappearance.
RETURNED: list[Change | Extraction] = [
    write(2, "A", "present"), None,
    write(1, "A", "present"), ("hard delete", 2, "good", "A", "present", 1), None,
    write(2, "A", "minutes late"),
]  # fmt: skip


@pytest.mark.parametrize("dataset", [CUSTODY, REPORTS])
@PROFILE
@example(history=HARD, is_large=False)
@example(history=HARD, is_large=True)
@example(history=RETURNED, is_large=True)
@given(history=histories(), is_large=st.booleans())
def test_raw_holds_every_version_that_an_extract_saw(
    warehouse: Settings, dataset: str, history: list[Change | Extraction], is_large: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if is_large:
            # Landing uses the source's change counts for tables with at least this number of rows.
            # A table that was never analysed counts as having -1 rows. So with -1, landing uses
            # change counts for every table.
            patch.setattr(change_counts, "MANY_ROWS", -1)
        # The histories test landing only. A recall would erase versions that a landing has stored;
        # other tests cover recalls.
        patch.setattr(recall, "carry_out", lambda *_: None)
        world = World(warehouse, Path(folder))
        world.empty_sources()
        try:
            _run_history(Source(world, dataset), history)
        finally:
            world.close()


def _run_history(source: Source, history: list[Change | Extraction]) -> None:
    checkpoints: list[Checkpoint] = []
    for step in [*history, None]:
        if isinstance(step, tuple):
            _change(source, step)
            continue
        if isinstance(step, Fault) and not _extract_with(source, step):
            continue
        if step is None:
            _land(source)
            source.note_extract()
        assert source.raw_state() == source.state
        assert source.raw_versions() == source.seen
        checkpoints.append((source.last_batch(), datetime.now(UTC), source.state))
    assert source.world.land(source.dataset).batches == 0
    _check(source, checkpoints)
    assert _leftovers(source.world) == []


def _land(source: Source) -> None:
    """Land the source. If it looks emptied, accept that its records are gone."""
    try:
        source.world.land(source.dataset)
    except LooksEmptied:
        event("looks emptied")
        accept(source.world.settings, declared(source.dataset), "somebody", "they are gone")
        source.world.land(source.dataset)


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
    # The source contract says that every change sets the cursor. A change that keeps the cursor
    # value is found only if that value is inside the overlap. If it is not, the change gets a new
    # value.
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
    """Extract with a fault. Return whether the extract was committed despite the fault."""
    read_at = source.cursor()[1]
    try:
        with inject(source.world.settings, fault):
            # This is the function that a run calls. It also decides which errors Airflow retries.
            settings = source.world.settings
            extract(settings, "with a fault", source.dataset)
    except (AssuranceError, ProcessEnded) as error:
        event(f"{fault.kind}: {type(error).__name__}")
    committed = source.cursor()[1] != read_at
    if committed:
        source.note_extract()
    assert source.raw_state() == source.state
    assert source.raw_versions() == source.seen
    return committed


def _check(source: Source, checkpoints: list[Checkpoint]) -> None:
    """Compare the state known after each extract with the state of the source at that time."""
    end: Checkpoint = (2**62, datetime.now(UTC), {})
    for (batch, at, then), (following, _, _) in pairwise([*checkpoints, end]):
        if batch and batch != following:
            assert source.raw_state(known=batch) == then
            if all(version[1] <= at for version in then.values()):
                assert _as_at(source, at, batch, then)


def _as_at(source: Source, at: datetime, batch: int, then: dict[str, Any]) -> bool:
    """Return whether raw, as at the time `at` of an extract, has the state `then` of the source.

    If the source ever had a cursor value later than `at`, the states cannot be compared, and the
    result is True.
    """
    ahead = any(v and v[1] > at for versions in source.seen.values() for v in versions)
    return ahead or source.raw_state(at, batch) == then


def _leftovers(world: World) -> list[Any]:
    """Return everything that a history has left behind but must not leave.

    This can be an archived file without a batch, a batch without its archived file, a lock, or an
    open transaction.
    """
    archived = world.query("select kept_as from audit.batch where kept_as is not null")
    files = (p for p in (world.settings.home / "batches").rglob("*") if p.is_file())
    named = {name for (name,) in archived}
    left: list[Any] = sorted(named ^ {str(p.relative_to(world.settings.home)) for p in files})
    return left + _sessions_at_work(world)


def _sessions_at_work(world: World) -> list[Any]:
    """Return the locks and open transactions that still exist after ten seconds.

    The function waits because a closed session needs some time to end.
    """
    deadline = time.monotonic() + 10
    while left := world.query(
        """
        select pid, 'lock' from locks.held
        union all
        select pid, state from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'
        """
    ):
        if time.monotonic() > deadline:
            return left
        time.sleep(0.01)
    return []
