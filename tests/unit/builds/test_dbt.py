"""A dbt error becomes one line. The result of a dbt test becomes the outcome of a check."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from oic_assurance.builds import dbt
from oic_assurance.builds.dbt import Node, into_our_log, one_line, run_dbt
from oic_assurance.builds.test_results import evidence_of
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import load_settings


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "Database Error in model fct_x (models/fct_x.sql)\n"
            '  column "y" does not exist\n  LINE 3: select y\n           ^\n'
            "  compiled code at target/run/fct_x.sql",
            'column "y" does not exist',
        ),
        ("Got 3 results, configured to fail if != 0", "Got 3 results, configured to fail if != 0"),
        ("Database Error\n  server closed the connection", "server closed the connection"),
        ("", "no reason given"),
    ],
)
def test_the_reason_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_documentation_that_loses_the_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = SimpleNamespace(errors=["Database Error\n  server closed the connection unexpectedly\n"])
    done = SimpleNamespace(result=lost, success=False, exception=None)
    monkeypatch.setattr(dbt, "_manifest", lambda *_: None)
    monkeypatch.setattr(dbt, "_invoke", lambda *_: done)
    monkeypatch.setattr(dbt, "dbt_variables", lambda _: {})
    with pytest.raises(AssuranceError, match=r"^dbt docs: server closed the connection unexpect"):
        run_dbt(load_settings(), "daily", ["docs", "generate"])


def node(status: str, kind: str = "unique", severity: str = "ERROR", **more: Any) -> Node:
    test = SimpleNamespace(
        config=SimpleNamespace(meta=more.pop("meta", {}), severity=severity),
        test_metadata=SimpleNamespace(
            name=kind, kwargs={"column_name": "referral_ref", **more.pop("arguments", {})}
        ),
        column_name="referral_ref",
        description="",
        attached_node="model.oic_assurance.fct_nccu_referral",
    )
    return Node("unique_fct_referral_ref", "test", status, "Got 3 results", 3, test)


def test_a_test_that_held() -> None:
    (model, dimension, name, column, *_, severity, _owner, success, found, error) = evidence_of(
        node("pass")
    )
    assert (model, dimension, name, column) == (
        "fct_nccu_referral", "uniqueness", "unique_fct_referral_ref", "referral_ref"
    )  # fmt: skip
    assert (severity, success, found, error) == ("critical", True, 3, None)


@pytest.mark.parametrize(
    ("kind", "arguments", "told"),
    [
        ("unique", {}, "No two rows have the same `referral_ref`."),
        ("relationships", {"to": "ref('dim_x')"}, "Every `referral_ref` is one of those in dim_x."),
        ("accepted_values", {"values": ["A", "B"]}, "Every `referral_ref` is one of A, B."),
        ("reconciles", {}, "unique_fct_referral_ref"),
    ],
)
def test_a_test_says_what_must_be_true(kind: str, arguments: dict[str, Any], told: str) -> None:
    assert evidence_of(node("fail", kind=kind, arguments=arguments))[4] == told


def test_a_warning_does_not_block_and_is_not_met() -> None:
    found = node("warn", severity="WARN")
    assert not found.blocks
    evidence = evidence_of(found)
    assert evidence[5] == "warning"
    assert evidence[7] is False


def test_an_error_keeps_its_reason() -> None:
    found = node("error", kind="reconciles")
    assert found.blocks
    evidence = evidence_of(found)
    assert evidence[1] == "consistency"
    assert evidence[9] == "Got 3 results"


def test_a_test_can_say_what_it_looks_after() -> None:
    evidence = evidence_of(node("pass", meta={"dimension": "privacy", "owner": "assurance lead"}))
    assert (evidence[1], evidence[6]) == ("privacy", "assurance lead")


def test_dbts_warnings_and_errors_are_logged_by_their_first_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The further lines of an error quote the database, and so can hold values of rows."""
    log = into_our_log()

    def fire(level: str, message: str) -> None:
        log(SimpleNamespace(info=SimpleNamespace(level=level, msg=message, name="Event")))

    fire("info", "1 of 2 START")
    fire("warn", "  Got 3 results\n")
    fire("error", "Database Error in model fct_x\n  DETAIL: Key (collar)=(1234) exists")
    fire("error", "")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "dbt: Got 3 results"),
        ("ERROR", "dbt: Database Error in model fct_x"),
        ("ERROR", "dbt: Event"),
    ]


def test_the_resource_tracker_does_not_inherit_what_dbt_gets() -> None:
    program = """
from multiprocessing import resource_tracker
from pathlib import Path
from oic_assurance.builds.dbt import environment_with
with environment_with({"OF_DBT": "secret"}):
    resource_tracker.ensure_running()
tracker = resource_tracker._resource_tracker._pid
print(b"OF_DBT" in Path(f"/proc/{tracker}/environ").read_bytes())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"False\n"
