"""One DAG file makes a DAG for each force. A task loads the DAG of its own force only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from oic_assurance.errors import UsageError
from oic_assurance.forces.enter import leave
from oic_assurance.platform.airflow.pools import pools_of
from oic_assurance.settings import force_areas
from tests.commands import python
from tests.dags.test_dags import DAGS, EXPECTED, PARSE_SECONDS, loaded

NORTH, SOUTH = "e23000022", "e23000021"
FORCES = """\
servers:
  east: {tasks_at_once: 3}
forces:
  - code: E23000022
    name: Northamptonshire Police
    accountable_body: The Commissioner for Northamptonshire
  - code: E23000021
    name: Leicestershire Police
    accountable_body: The Commissioner for Leicestershire
    owner: east-midlands-data
    contact: "extension 100"
    server: east
    starts_after_minutes: 40
    settings: {ASSURANCE_APPROVAL_HOURS: "2", ASSURANCE_RUN_DEADLINE: "08:10"}
"""


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "forces.yml"
    file.write_text(FORCES)
    monkeypatch.setenv("ASSURANCE_FORCES", str(file))
    monkeypatch.setenv("ASSURANCE_BACKUPS", "/mnt/backups")
    yield file
    leave()


@pytest.fixture
def dags(deployment: Path) -> dict[str, Any]:
    return loaded()


def test_every_file_makes_a_dag_for_each_force(dags: dict[str, Any]) -> None:
    assert set(dags) == {f"{name}_{code}" for name in EXPECTED for code in (NORTH, SOUTH)}


def test_a_force_has_its_own_owner_pool_tags_and_page(dags: dict[str, Any]) -> None:
    for dag_id, dag in dags.items():
        if dag_id.endswith(NORTH):
            assert {task.owner for task in dag.tasks} == {"data-engineering"}
            assert {task.pool for task in dag.tasks} == {"default_pool"}
            continue
        assert "E23000021" in dag.tags
        assert {task.owner for task in dag.tasks} == {"east-midlands-data"}
        assert {task.pool for task in dag.tasks} == {"server-east"}
        assert "**Leicestershire Police**, E23000021." in dag.doc_md
        assert "east-midlands-data (extension 100)" in dag.doc_md
    page = dags[f"assurance_daily_{SOUTH}"].doc_md
    assert "`assurance status --force E23000021`" in page
    assert "`assurance status`" not in page


def test_the_tasks_of_a_force_with_a_queue_go_there_and_those_of_others_do_not(
    deployment: Path,
) -> None:
    deployment.write_text(FORCES.replace("    server: east\n", "    queue: south\n"))
    found = loaded()
    queues = {
        code: {
            task.queue for name, dag in found.items() if name.endswith(code) for task in dag.tasks
        }
        for code in (NORTH, SOUTH)
    }
    assert queues == {NORTH: {"default", "first-host"}, SOUTH: {"south"}}


def test_a_task_of_a_force_with_a_queue_is_refused_where_another_force_s_secrets_are(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_E23000022_RMS", "postgres://a:b@host/rms")
    deployment.write_text(FORCES.replace("    server: east\n", "    queue: south\n"))
    tasks = loaded(DAGS / "assurance_watch.py")[f"assurance_watch_{SOUTH}"].tasks
    with pytest.raises(UsageError, match=r"E23000021 has workers of its own.*CONN_E23000022_RMS"):
        tasks[0]._pre_execute_hook({})


def test_the_pools_are_made_from_the_servers(deployment: Path) -> None:
    from oic_assurance.forces.declared import declared_forces

    forces = declared_forces()
    assert forces is not None
    assert {name: pool["slots"] for name, pool in pools_of(forces).items()} == {"server-east": 3}


def test_a_force_may_start_later_and_still_has_figures_as_at_half_past_five(
    dags: dict[str, Any],
) -> None:
    schedules = {dag_id: getattr(dag.timetable, "expression", "") for dag_id, dag in dags.items()}
    assert schedules[f"assurance_daily_{NORTH}"] == "30 5 * * *"
    assert schedules[f"assurance_daily_{SOUTH}"] == "10 6 * * *"
    assert schedules[f"assurance_drill_{SOUTH}"] == "40 3 * * 0"
    watch = dags[f"assurance_watch_{SOUTH}"].timetable
    assert [one.expression for one in watch.timetables] == ["10-59/15 * * * *", "10 8 * * *"]
    daily = dags[f"assurance_daily_{SOUTH}"]
    assert daily.dagrun_timeout == timedelta(hours=5)
    task = daily.get_task("close_landing").python_callable
    run = SimpleNamespace(conf={}, run_type="scheduled", run_after=None)
    moment = next(
        cell.cell_contents
        for cell in task.__closure__
        if getattr(cell.cell_contents, "__name__", "") == "moment"
    )
    ends = datetime(2026, 5, 1, 5, 10, tzinfo=UTC)
    found = moment({"dag_run": run, "data_interval_end": ends})
    assert found == datetime(2026, 5, 1, 4, 30, tzinfo=UTC)


NATIONAL = """\
  - code: K04000001
    kind: national
    name: England and Wales
    accountable_body: The inspectorate
    dropzone: /srv/national
    starts_after_minutes: 90
"""


def test_the_national_run_follows_the_exports_of_the_forces_and_comes_at_its_time_anyway(
    deployment: Path,
) -> None:
    north = FORCES.replace(
        "  - code: E23000021\n",
        "    settings: {ASSURANCE_NATIONAL_DROPZONE: /srv/national}\n  - code: E23000021\n",
    )
    everybody = north.replace(
        'ASSURANCE_RUN_DEADLINE: "08:10"', "ASSURANCE_NATIONAL_DROPZONE: /srv/national"
    )
    for text, exporting in ((FORCES, []), (north, [NORTH]), (everybody, [NORTH, SOUTH])):
        deployment.write_text(text + NATIONAL)
        found = loaded(DAGS / "assurance_daily.py")
        outlets = {
            code: [
                one.name for one in found[f"assurance_daily_{code}"].get_task("make_packs").outlets
            ]
            for code in (NORTH, SOUTH)
        }
        names = [f"oic_assurance_export_{code}" for code in exporting]
        assert sorted([*outlets[NORTH], *outlets[SOUTH]]) == sorted(names)
        national = found["assurance_daily_k04000001"]
        assert national.get_task("make_packs").outlets == []
        timetable = national.timetable
        if exporting:
            asked = [one.name for one in timetable.asset_condition.objects]
            assert sorted(asked) == sorted(names)
            timetable = timetable.timetable
        assert timetable.expression == "0 7 * * *"
        assert "Europe/London" in str(timetable.timezone)


def test_each_task_enters_its_force_before_it_does_anything(dags: dict[str, Any]) -> None:
    from oic_assurance.settings import load_settings

    for dag_id, dag in dags.items():
        for task in dag.tasks:
            hook = getattr(task, "_pre_execute_hook", None) or task.partial_kwargs["pre_execute"]
            hook({})
            assert load_settings().force_code == dag_id.rpartition("_")[2].upper()


def test_a_task_loads_the_dag_of_its_own_force_only(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.definitions._internal import dag_parsing_context

    wanted = f"assurance_daily_{SOUTH}"
    monkeypatch.setenv(dag_parsing_context._AIRFLOW_PARSING_CONTEXT_DAG_ID, wanted)
    assert set(loaded(DAGS / "assurance_daily.py")) == {wanted}


def test_a_mistake_in_the_file_is_an_import_error_with_its_line(deployment: Path) -> None:
    deployment.write_text(FORCES.replace("server: east\n", "server: west\n"))
    errors = DagBag(str(DAGS / "assurance_daily.py")).import_errors.values()
    assert ["line 12: 'west' is not one of the servers" in error for error in errors] == [True]


@pytest.mark.parametrize(
    ("variable", "name", "given", "value"),
    [
        ("ASSURANCE_RUN_DEADLINE", "ASSURANCE_RUN_DEADLINE", "08:10", "25:00"),
        ("ASSURANCE_RUN_DEADLINE", "ASSURANCE_RETRY_SECONDS", "08:10", "2m"),
        ("ASSURANCE_APPROVAL_HOURS", "ASSURANCE_APPROVAL_HOURS", "2", "many"),
        ("ASSURANCE_RUN_DEADLINE", "ASSURANCE_EVIDENCE", "08:10", "~nobody-of-that-name/x"),
    ],
)
def test_a_mistake_in_a_setting_of_one_force_leaves_the_dags_of_the_others(
    deployment: Path, variable: str, name: str, given: str, value: str
) -> None:
    wrong = FORCES.replace(variable, name).replace(f'"{given}"', f'"{value}"')
    assert wrong != FORCES
    deployment.write_text(wrong)
    found = loaded(DAGS / "assurance_daily.py")
    assert set(found) == {f"assurance_daily_{NORTH}", f"assurance_daily_{SOUTH}"}
    open_run = found[f"assurance_daily_{SOUTH}"].get_task("open_run")
    with pytest.raises(
        UsageError, match=f"The force E23000021: {name}: '{value.strip(chr(34))}' is not"
    ):
        open_run._pre_execute_hook({})


def test_43_forces_are_parsed_within_the_budget(tmp_path: Path) -> None:
    entries = "".join(
        f"  - {{code: {code}, name: {name}, accountable_body: Body}}\n"
        for code, name in force_areas().items()
    )
    file = tmp_path / "forces.yml"
    file.write_text(f"forces:\n{entries}")
    load = (
        "import sys, time\nimport airflow.sdk\nstarted = time.process_time()\n"
        f"sys.path.insert(0, {str(DAGS)!r})\nimport assurance_daily\n"
        "spent = time.process_time() - started\n"
        "print(len(list(assurance_daily.force_dags('assurance_daily'))), spent)"
    )
    done = python("-c", load, ASSURANCE_FORCES=str(file))
    made, seconds = done.stdout.split()[-2:]
    assert int(made) == 43
    assert float(seconds) < PARSE_SECONDS
