"""The screen of `assurance doctor` fits its terminal, with and without colour."""

import re

import pytest

from oic_assurance.operations.doctor.finding import Examination, Examined, Finding
from oic_assurance.reporting.screens.doctor import doctor_screen

FOUND = Examination(
    [
        Examined("Server", [Finding("warehouse", "ok", "it answers " * 12)]),
        Examined("Server", [Finding("clock", "attention", "9.0 s", "`timedatectl status`")]),
        Examined(
            "Connections",
            [
                Finding(
                    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "failed", "not encrypted", "see a page"
                )
            ],
        ),
        Examined("Airflow", [Finding("Airflow", "unknown", "does not answer")]),
    ]
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("columns", [80, 120])
def test_every_line_fits_and_colour_changes_no_letter(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    plain, coloured = doctor_screen(FOUND), doctor_screen(FOUND, in_colour=True)
    assert ANSI.search(plain) is None
    assert ANSI.sub("", coloured) == plain
    assert max(map(len, plain.splitlines())) <= columns
    assert plain.count("Server\n") == 1
    assert "\n  attention  " in plain.replace("attention ", "attention  ")
    assert "→ `timedatectl status`" in plain
    assert plain.endswith(
        "4 findings: 1 failed, 1 needs attention, 1 could not be looked at, 1 ok.\n"
    )
