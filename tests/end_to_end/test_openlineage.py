"""The events of a run say the same as the warehouse, and nothing about a person."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from oic_assurance.sources.declarations.load import datasets
from tests.end_to_end.terminal import Terminal
from tests.lineage_events import Event, ends, events_folder, faults, read_events

Place = tuple[str, str]
WAREHOUSE = "warehouse."
SHORTEST = 6


@pytest.fixture(scope="module")
def events(terminal: Terminal, first_run: str) -> list[Event]:
    """The events of the first run. Runs of other tests may have come after it."""
    files = events_folder(terminal.home).glob("*.jsonl")
    return read_events(min(files, key=lambda path: path.stat().st_mtime))


@pytest.fixture(scope="module")
def warehouse(terminal: Terminal, first_run: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(terminal.url("admin")) as connection:
        yield connection


def place(dataset: Event) -> Place:
    return dataset["namespace"], dataset["name"]


def outputs(events: Iterable[Event], prefix: str) -> dict[str, Event]:
    """Return the outputs of completed jobs whose names begin with a prefix, keyed by name."""
    return {
        one["name"].removeprefix(WAREHOUSE): one
        for event in events
        if event["eventType"] == "COMPLETE"
        for one in event["outputs"]
        if one["name"].startswith(WAREHOUSE + prefix)
    }


def rows(output: Event) -> int | None:
    count = output["outputFacets"].get("outputStatistics", {}).get("rowCount")
    assert count is None or isinstance(count, int)
    return count


def publication(events: Iterable[Event]) -> int:
    (version,) = {
        one["facets"]["version"]["datasetVersion"] for one in outputs(events, "marts.").values()
    }
    return int(version)


def test_every_event_follows_the_standard(events: list[Event]) -> None:
    assert [fault for event in events for fault in faults(event)] == []


def test_every_run_that_starts_ends_and_is_part_of_the_daily_run(events: list[Event]) -> None:
    starts = [event["run"]["runId"] for event in events if event["eventType"] == "START"]
    finished = [event["run"]["runId"] for event in events if event["eventType"] == "COMPLETE"]
    assert len(starts) == len(set(starts)) == len(events) / 2
    assert sorted(starts) == sorted(finished)
    whole = events[0]["run"]["runId"]
    assert events[0]["job"]["name"] == events[-1]["job"]["name"] == "assurance_daily"
    for event in events[1:-1]:
        parent = event["run"]["facets"]["parent"]
        assert parent["root"]["run"]["runId"] == whole
        assert parent["run"]["runId"] in starts


def test_each_stage_and_each_model_is_a_job(
    events: list[Event], warehouse: psycopg.Connection
) -> None:
    jobs = set(ends(events))
    stages = {"build_marts", "audit_landing", "audit_marts", "seal_marts", "audit_sealed"}
    stages |= {"close_landing", "publish"}
    stages |= {f"extract.{name.replace('/', '.')}" for name in datasets()}
    published = outputs(events, "marts.") | outputs(events, "public_draft.")
    stages |= {f"publish.{name}" for name in published}
    assert {name for name in jobs if not name.startswith("dbt.")} == {
        "assurance_daily",
        *(f"assurance_daily.{stage}" for stage in stages),
    }
    built = warehouse.execute(
        """
        select nspname || '.' || relname from pg_class
        inner join pg_namespace on relnamespace = pg_namespace.oid
        where nspname in ('intermediate', 'staging_general', 'staging_law_enforcement')
            and relkind in ('r', 'v')
        """
    ).fetchall()
    found = {*outputs(events, "intermediate."), *outputs(events, "staging_")}
    assert {name for (name,) in built} == found


def test_the_rows_of_a_raw_table_are_those_of_the_warehouse(
    events: list[Event], warehouse: psycopg.Connection
) -> None:
    landed = outputs(events, "raw_")
    assert len(landed) == sum(len(dataset.tables) for dataset in datasets().values())
    last = warehouse.execute(
        "select max(batch_id) from audit.batch where run_id = "
        "(select run_id from audit.run order by started_at limit 1)"
    ).fetchone()
    for name, output in landed.items():
        query = sql.SQL("select count(*) from {} where batch_id <= %s")
        table = sql.Identifier(*name.split("."))
        assert (rows(output),) == warehouse.execute(query.format(table), last).fetchone(), name
    assert sum(rows(output) or 0 for output in landed.values()) > 1000


def test_the_rows_of_a_mart_are_those_of_its_publication(
    events: list[Event], warehouse: psycopg.Connection
) -> None:
    published = outputs(events, "marts.") | outputs(events, "public_draft.")
    tables = warehouse.execute(
        "select format('%s.%s', n.nspname, c.relname) from pg_class as c "
        "inner join pg_namespace as n on c.relnamespace = n.oid "
        "where n.nspname in ('marts', 'public_draft') and c.relkind = 'p'"
    ).fetchall()
    assert set(published) == {name for (name,) in tables}
    for name, output in published.items():
        query = sql.SQL("select count(*) from {} where publication_id = %s")
        table = sql.Identifier(*name.split("."))
        found = warehouse.execute(query.format(table), [publication(events)]).fetchone()
        assert (rows(output),) == found, name
        if name.startswith("marts."):
            candidate = outputs(events, f"candidate.{name.removeprefix('marts.')}")
            assert rows(candidate[f"candidate.{name.removeprefix('marts.')}"]) == rows(output)


def test_a_mart_is_published_from_its_candidate_alone(events: list[Event]) -> None:
    for job, event in ends(events).items():
        if job.startswith("assurance_daily.publish."):
            (source,), (output,) = event["inputs"], event["outputs"]
            name = output["name"].rpartition(".")[2]
            assert source["name"].rpartition(".")[2] == name
            assert job.rpartition(".")[2] == name
    assert ends(events)["assurance_daily.publish"]["outputs"] == []


def test_the_checks_are_those_of_the_gate(
    events: list[Event], warehouse: psycopg.Connection
) -> None:
    told: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for job, event in ends(events).items():
        for one in event["inputs"]:
            checks = one["inputFacets"].get("dataQualityAssertions", {}).get("assertions", [])
            told[job] += [(check["assertion"], check["success"]) for check in checks]
    recorded: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for stage, suite, name, success in warehouse.execute(
        "select stage, suite, expectation, success from audit.latest_expectation_result"
        " where build_id = %s",
        [publication(events)],
    ):
        job = f"audit_{stage}"
        if stage == "dbt":
            job = "build_marts" if suite.endswith("_marts") else "seal_marts"
        recorded[f"assurance_daily.{job}"].append((name, success))
    assert len(recorded) == 5
    for job, results in recorded.items():
        assert sorted(told[job]) == sorted(results), job


def test_what_was_rejected_is_told_of_the_source(
    events: list[Event], warehouse: psycopg.Connection
) -> None:
    rejected: dict[str, int] = dict(
        warehouse.execute(
            "select dataset, sum(rows_rejected)::bigint from audit.batch where run_id = "
            "(select run_id from audit.run order by started_at limit 1) group by dataset"
        ).fetchall()
    )
    assert any(rejected.values())
    for dataset, count in rejected.items():
        event = ends(events)[f"assurance_daily.extract.{dataset.replace('/', '.')}"]
        (source,) = event["inputs"]
        check, _ = source["inputFacets"]["dataQualityAssertions"]["assertions"]
        assert check["success"] == (count == 0), dataset
        assert check["actual"] == f"{count} rows failed"


def test_the_marts_lead_back_to_every_source_that_they_use(events: list[Event]) -> None:
    parents: dict[Place, set[Place]] = defaultdict(set)
    for event in events:
        for output in event["outputs"]:
            parents[place(output)] |= {place(one) for one in event["inputs"]}
    waiting = [one for one in parents if one[1].startswith("warehouse.marts.")]
    seen = set(waiting)
    while waiting:
        new = parents[waiting.pop()] - seen
        seen |= new
        waiting += new
    sources = {
        place(one)
        for job, event in ends(events).items()
        if job.startswith("assurance_daily.extract.")
        for one in event["inputs"]
    }
    assert len(sources) == len(datasets())
    unused = {name for _, name in sources - seen}
    # They are landed and checked, and no figure is computed from them.
    assert unused == {"intelligence.intel.dissemination", "intelligence.intel.product"}


def test_a_column_leads_back_to_the_column_of_the_source_system(events: list[Event]) -> None:
    columns: dict[tuple[str, str], list[Any]] = {}
    for event in events:
        for output in event["outputs"]:
            fields = output["facets"].get("columnLineage", {}).get("fields", {})
            for name, field in fields.items():
                columns[output["name"], name] = field["inputFields"]
    at = [("warehouse.marts.fct_nccu_referral", "contacted_at")]
    seen = []
    while at:
        here = at.pop()
        seen.append(here)
        at += [(one["name"], one["field"]) for one in columns.get(here, []) if here != one]
    assert ("warehouse.raw_law_enforcement.nccu_referral", "contacted_at") in seen
    assert seen[-1] == ("rms.rms.nccu_referral", "contacted_at")


def test_the_columns_of_every_model_are_traced(terminal: Terminal, events: list[Event]) -> None:
    memory = terminal.home / "dbt" / "column_lineage.json"
    traced = json.loads(memory.read_text(encoding="utf-8"))
    models = {
        f"model.oic_assurance.{event['job']['name'].removeprefix('dbt.')}"
        for event in events
        if event["job"]["facets"]["jobType"]["jobType"] == "MODEL"
    }
    assert set(traced) == models
    assert len(models) > 150


def test_each_column_of_a_mart_is_described_and_exists(
    events: list[Event], warehouse: psycopg.Connection
) -> None:
    found = warehouse.execute(
        "select 'marts.' || table_name, array_agg(column_name::text order by column_name)"
        " from information_schema.columns where table_schema = 'marts' group by table_name"
    ).fetchall()
    exist: dict[str, list[str]] = dict(found)
    for name, output in outputs(events, "marts.").items():
        fields = output["facets"]["schema"]["fields"]
        assert sorted(field["name"] for field in fields) == exist[name], name
        assert all(field["description"] and field["type"] for field in fields), name
        assert output["facets"]["documentation"]["description"].startswith("One row per"), name
        assert output["facets"]["ownership"]["owners"], name


def test_the_events_hold_no_query_no_password_and_no_officer(
    terminal: Terminal, events: list[Event], warehouse: psycopg.Connection
) -> None:
    text = json.dumps(events, ensure_ascii=False)
    assert not re.search(r"\bselect\b.+\bfrom\b", text, re.IGNORECASE)
    assert "://" in text
    assert not re.search(r"://[^/\s\"]*@", text)
    for secret in (terminal.home / "secrets").iterdir():
        assert secret.read_text(encoding="utf-8").strip() not in text
    values = warehouse.execute(
        """
        select employee_no from raw_general.personnel
        union select referral_ref from raw_law_enforcement.nccu_referral
        union select officer_key from marts.dim_officer
        """
    ).fetchall()
    # A short number, such as a collar number, can also be a number of rows.
    words = {word for word in re.findall(r"[\w/-]+", text) if len(word) >= SHORTEST}
    assert len(values) > 500
    assert words & {value for (value,) in values} == set()
