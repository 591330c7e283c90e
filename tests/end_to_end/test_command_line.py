"""Commands on a warehouse with one publication print JSON, and refuse names that do not exist."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from oic_assurance.cli.main import run_command
from tests.end_to_end.terminal import Terminal

REASON = ("--reason", "a test")


@pytest.fixture(autouse=True)
def warehouse(terminal: Terminal, first_run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(terminal.home))


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Return the only JSON document that a command prints."""
    assert run_command([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def moments(value: object) -> Iterator[str]:
    """Yield every moment in a JSON document: the values of keys such as `landed_at`."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and key.endswith(("_at", "since", "delivered_for")):
                yield item
            yield from moments(item)
    if isinstance(value, list):
        for item in value:
            yield from moments(item)


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["status"], {"monitor", "problems", "run", "publication", "position", "datasets",
                      "not_extracted", "refused", "not_taken", "quarantine", "gate",
                      "failed_checks", "backup", "observed"}),
        (["checks"], {"build", "failed_checks"}),
        (["publication", "list"], {"publications", "hold"}),
        (["quarantine", "list"], {"counts", "replaced", "rows"}),
        (["batch", "list"], {"batches"}),
        (["batch", "verify", "hr/org_unit"], {"datasets", "not_compared"}),
        (["access", "list"], {"logins"}),
        (["notify", "--dry-run"], {"problems"}),
        (["notify"], {"attempts"}),
        (["erase", "expired", "--dry-run"], {"tables"}),
        (["upkeep", "list"], {"parts"}),
        (["upkeep", "run", "logs", "--dry-run"], {"parts"}),
        (["upkeep", "due"], {"tables"}),
        (["upkeep", "due", "rms/custody_record"], {"records"}),
        (["upkeep", "decisions"], {"decisions"}),
        (["pack"], {"pack"}),
        (["release", "list"], {"releases"}),
        pytest.param(
            ["publication", "reproduce", "1"],
            {"reproduction", "tables", "rows"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_command_prints_its_record_as_one_json_document(
    arguments: list[str], keys: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(capsys, *arguments)
    assert set(found) - {"notes", "next"} == keys
    for moment in moments(found):
        assert datetime.fromisoformat(moment).tzinfo is not None, moment


def test_the_values_of_a_document_are_numbers_and_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = document(capsys, "status")
    assert status["publication"]["publication_id"] == 1
    assert all(isinstance(point["numerator"], int | float) for point in status["position"])
    batches = document(capsys, "batch", "list", "--limit", "2")
    assert len(batches["batches"]) == 2
    assert "These are the newest 2 of" in batches["notes"][0]
    rejected = document(capsys, "quarantine", "list", "--limit", "1")
    (row,) = rejected["rows"]
    assert isinstance(row["rejected_id"], int)


def test_a_monitor_reads_the_same_state_in_each_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The publication is of a day long ago, so it is overdue."""
    assert document(capsys, "status")["monitor"]["state"] == "critical"
    assert run_command(["status", "--monitor"]) == 2
    line = capsys.readouterr().out
    assert line.startswith("CRITICAL - The run has not finished by its deadline (daily run)")
    assert run_command(["status", "--monitor", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["monitor"]["state"] == "critical"
    assert "overdue" in {problem["problem_code"] for problem in found["problems"]}


def test_metrics_are_printed_as_text_and_nothing_is_exported_without_a_setting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["metrics"]) == 0
    text = capsys.readouterr().out
    assert text.endswith("# EOF\n")
    assert 'assurance_run_stage_duration_seconds{stage="build_marts"}' in text
    assert run_command(["metrics", "--export"]) == 0
    assert capsys.readouterr().out == ""


def test_a_figure_its_records_and_their_raw_rows_are_documents(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figure = document(capsys, "explain", "nccu_intel_compliance", "--period", "2026-03")
    assert figure["figure"]["mismatch"] is None
    referral = figure["members"][0]["record_ref"]
    history = document(capsys, "explain", "--record", "referral", referral)
    assert set(moments(history))
    for moment in moments(history):
        assert datetime.fromisoformat(moment).tzinfo is not None, moment
    version = next(one for one in history["versions"] if one["dataset"] == "rms/nccu_referral")
    key = version["row_key"]
    found = document(capsys, "erase", "records", "rms/nccu_referral", key, *REASON, "--dry-run")
    assert found["traces"]["table"] == "nccu_referral"
    assert found["traces"]["raw_rows"] > 0


def test_a_document_on_standard_output_leaves_the_exit_code_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing = ["erase", "records", "hr/personnel", "no such key", *REASON, "--dry-run"]
    assert run_command(missing) == 1
    capsys.readouterr()
    assert run_command([*missing, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["traces"] is None
    assert run_command(["checks", "999", "--json"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["checks", "999"], "There is no build 999"),
        (["checks", "--table", "nonsense"], "There is no table 'nonsense' with checks in build"),
        (["checks", "--table", "marts.fct_nccu_referal"], "mean 'marts.fct_nccu_referral'?"),
        (["quarantine", "list", "--dataset", "nonsense"], "There is no dataset 'nonsense'"),
        (["quarantine", "list", "--batch", "9999"], "There is no landed batch 9999"),
        (["quarantine", "export", "nonsense", "--to", "never.csv"], "There is no dataset"),
        (["quarantine", "export", "hr/personnel", "--table", "persons", "--to", "never.csv"],
         "There is no table 'persons' in hr/personnel. Did you mean 'personnel'?"),
        (["quarantine", "replay", "nonsense"], "There is no dataset 'nonsense'"),
        (["batch", "list", "nonsense"], "There is no dataset 'nonsense'"),
        (["batch", "verify", "--batch", "9999"], "There is no landed batch 9999"),
        (["explain", "nonsense"], "There is no measure 'nonsense'"),
        (["explain", "hydra_complete"], "Did you mean 'hydra_completion'?"),
        (["explain", "hydra_completion", "--unit", "NOPE"], "There is no unit 'NOPE'"),
        (["explain", "hydra_completion", "--unit", "all"], "Did you mean 'ALL'?"),
        (["explain", "hydra_completion", "--period", "1999-01"],
         "for 2025-09 to 2026-04, not for 1999-01"),
        (["explain", "hydra_completion", "--class", "half"], "There is no class 'half' of records"),
        (["explain", "hydra_completion", "--publication", "999"], "There is no publication 999"),
        (["explain", "--question", "HYDRA"], "There is no question 'HYDRA' in publication"),
        (["explain", "hydra_completion", "--record", "plan", "P1"], "a MEASURE, a --record or"),
        (["explain", "hydra_completion", "--question", "HYDRA"], "a MEASURE, a --record or"),
        (["explain", "--record", "referal", "1"], "Did you mean 'referral'?"),
        (["explain", "--record", "referral", "NR0"], "has no referral 'NR0'"),
        (["publication", "rollback", "999", *REASON], "There is no publication 999"),
        (["publication", "reproduce", "999"], "There is no publication 999"),
        (["access", "give", "nonsense", "--unit", "NOPE", *REASON], "There is no unit 'NOPE'"),
        (["access", "end", "nonsense", *REASON], "'nonsense' has no access"),
        (["erase", "records", "nonsense", "1", *REASON], "There is no dataset 'nonsense'"),
        (["erase", "expired", "nonsense", "--dry-run"], "There is no dataset 'nonsense'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_name_that_does_not_exist_is_an_error(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
