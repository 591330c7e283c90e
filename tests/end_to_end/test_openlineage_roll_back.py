"""The events of a roll-back, of a run that waits behind it, and of the release that ends it."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.terminal import Terminal, force
from tests.lineage_events import ends, faults, latest_events

pytestmark = pytest.mark.slow

SHOW = "assurance.show_publication"
POSITION = "warehouse.marts.assurance_position"


@pytest.fixture(scope="module")
def two_publications() -> Iterator[Terminal]:
    with force("2026-03-01") as terminal:
        for hour in ("05", "06"):
            terminal.does("run", "--as-at", f"2026-04-21T{hour}:30")
        yield terminal


def versions(terminal: Terminal, job: str) -> dict[str, str]:
    """Return the version of each table that a job of the latest events has written."""
    events = latest_events(terminal.home)
    assert [fault for event in events for fault in faults(event)] == []
    last = ends(events)
    assert last[job]["eventType"] == "COMPLETE"
    parts = [event for name, event in last.items() if name.startswith(f"{job}.")]
    assert all(len(part["inputs"]) == len(part["outputs"]) == 1 for part in parts)
    return {
        one["name"]: one["facets"]["version"]["datasetVersion"]
        for part in parts
        for one in part["outputs"]
    }


def test_the_version_of_a_mart_is_always_the_publication_that_readers_see(
    two_publications: Terminal,
) -> None:
    terminal = two_publications
    assert versions(terminal, "assurance_daily.publish")[POSITION] == "2"

    terminal.does("publication", "rollback", "1", "--reason", "Ann Smith found an error")
    assert versions(terminal, SHOW)[POSITION] == "1"
    assert "Ann Smith" not in str(latest_events(terminal.home))

    terminal.does("run", "--as-at", "2026-04-21T07:30")
    waiting = versions(terminal, "assurance_daily.publish")
    assert POSITION not in waiting
    assert waiting["warehouse.generation.assurance_position__3"] == "3"

    terminal.does("publication", "release", "--reason", "It was no error")
    assert versions(terminal, SHOW)[POSITION] == "3"
