"""Events follow the standard, and the check of the tests notices an event that does not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from oic_assurance.reporting.openlineage.datasets import assertion, plain_table, source_dataset
from oic_assurance.reporting.openlineage.events import (
    Tables,
    aborted,
    daily_run,
    ended,
    part_of,
    started,
)
from oic_assurance.reporting.openlineage.names import Place, Places
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import dataset
from tests.lineage_events import faults

WHOLE = daily_run("0b8f5c3e-5d5a-5e0c-9d3b-0c7a1d1e2f30")
AS_AT = datetime(2026, 4, 21, 4, 30, tzinfo=UTC)
CHECK = assertion("key_unique", passed=False, severity="critical", description="x", failed_rows=3)


def events() -> list[dict[str, Any]]:
    part = part_of(WHOLE, "assurance_daily.extract.hr.personnel")
    source = source_dataset(Places(load_settings()), dataset("hr/personnel"))
    table = plain_table(Place("postgres://h:5432", "w.raw.person"), "Officers.")
    tables = Tables(
        [source.read(rows=5, checks=[CHECK], in_full=True)], [table.written(rows=2, version="7")]
    )
    start = started(part)
    lines = [
        started(WHOLE, as_at=AS_AT, documentation="All.", engine=("Airflow", "3.3.2")),
        start,
        ended(part, tables=tables),
        ended(part, "FAIL", "The server is away."),
        aborted(json.loads(start)),
        ended(WHOLE),
    ]
    return [json.loads(line) for line in lines]


def test_every_kind_of_event_follows_the_standard() -> None:
    assert [fault for event in events() for fault in faults(event)] == []


def test_a_part_names_its_parent_and_the_whole_run() -> None:
    parent = events()[1]["run"]["facets"]["parent"]
    assert parent["run"] == parent["root"]["run"] == {"runId": WHOLE.run}
    assert (
        parent["job"]
        == parent["root"]["job"]
        == {
            "namespace": "oic-assurance",
            "name": "assurance_daily",
        }
    )


def test_a_run_is_for_a_moment() -> None:
    facets = events()[0]["run"]["facets"]
    assert facets["nominalTime"]["nominalStartTime"] == "2026-04-21T04:30:00.000Z"


def test_a_check_has_counts_and_the_common_words_for_severity() -> None:
    (source,) = events()[2]["inputs"]
    assert source["inputFacets"]["inputStatistics"]["rowCount"] == 5
    (found,) = source["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert found == {
        "assertion": "key_unique",
        "name": "key_unique",
        "success": False,
        "severity": "error",
        "description": "x",
        "actual": "3 rows failed",
    }


def test_the_namespace_of_jobs_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "northants")
    assert {event["job"]["namespace"] for event in events()} == {"northants"}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda event: event.pop("eventTime"), "eventTime is missing"),
        (lambda event: event.update(eventType="DONE"), "is no EventType"),
        (lambda event: event.update(sql="select"), "has no field sql"),
        (
            lambda event: event["outputs"][0]["outputFacets"]["outputStatistics"].update(
                rowCount="2"
            ),
            "is no int",
        ),
        (
            lambda event: event["outputs"][0]["facets"]["version"].update(_schemaURL="x"),
            "has no field datasetVersion",
        ),
    ],
)
def test_an_event_that_breaks_the_standard_is_noticed(
    damage: Callable[[Any], Any], said: str
) -> None:
    event = events()[2]
    damage(event)
    assert said in " ".join(faults(event))
