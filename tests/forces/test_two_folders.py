"""Two forces with two folders: each is judged by its own, and compared by what is alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from oic_assurance.settings import DEFAULT_FOLDER
from tests.conftest import PROJECT_ROOT
from tests.end_to_end.guide import add_to_folder, blocks
from tests.end_to_end.terminal import Terminal, new_terminal

pytestmark = pytest.mark.slow

SHIPPED, OTHER, NATIONAL = "E23000022", "E23000021", "K04000001"
GUIDE, FILE = "another-inspection", "clearance_20260601.csv"
#: A row of a role that only the shipped folder has.
ROLE = "CONTROL_ROOM,HYDRA,2020-01-01,,awaiting confirmation,awaiting confirmation\n"
AS_AT = "2026-06-02T05:30"


@dataclass(frozen=True)
class Forces:
    """Two forces and the national view of one deployment."""

    terminal: Terminal

    def ask(self, code: str, query: str) -> list[tuple[Any, ...]]:
        url = self.terminal.does("db", "url", "bi", "--force", code).stdout.strip()
        with psycopg.connect(url) as reader:
            return reader.execute(query.encode()).fetchall()


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")


@pytest.fixture(scope="module")
def forces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forces]:
    """The other force has another target, deadline and role, and two points that only it has."""
    folder = tmp_path_factory.mktemp("other") / "leicestershire"
    exports = tmp_path_factory.mktemp("exports")
    with new_terminal(extra={"ASSURANCE_NATIONAL_DROPZONE": f"file://{exports}"}) as terminal:
        terminal.does(
            "force",
            "new",
            str(folder),
            "--code",
            OTHER,
            "--like",
            str(PROJECT_ROOT / DEFAULT_FOLDER),
        )
        edit(folder / "pledge/policy_threshold.csv", "training_target,0.95", "training_target,0.9")
        edit(folder / "pledge/policy_point.csv", "share,,2026-04-30", "share,,2026-05-31")
        edit(folder / "pledge/policy_role_requirement.csv", ROLE, "")
        add_to_folder(GUIDE, folder)
        named = {"name": "A force", "accountable_body": "Its commissioner"}
        declared = [
            {"code": SHIPPED, **named},
            {"code": OTHER, "folder": str(folder)},
            {"code": NATIONAL, "kind": "national", **named},
        ]
        text = yaml.safe_dump({"forces": declared})
        (terminal.home / "forces.yml").write_text(text, "utf-8")
        for code in (SHIPPED, OTHER):
            of = ("--force", code)
            period = ("--from", "2026-03-01", "--to", "2026-06-01")
            terminal.does("simulate", "--seed", "11", "--size", "0.2", *period, *of)
        (terminal.home / "forces" / OTHER / "dropzone/vetting/clearance" / FILE).write_text(
            blocks(GUIDE)[FILE], "utf-8"
        )
        for code in (SHIPPED, OTHER, NATIONAL):
            terminal.does("run", "--as-at", AS_AT, "--force", code)
        yield Forces(terminal)
        terminal.does("forces", "each", "db", "stop")


def test_each_force_is_judged_by_its_own_folder(forces: Forces) -> None:
    query = """
        select point_code, target, deadline::text from marts.assurance_position
        where point_code in ('HYDRA', 'VETTING') order by 1
    """
    assert forces.ask(SHIPPED, query) == [("HYDRA", 0.95, "2026-04-30")]
    assert forces.ask(OTHER, query) == [
        ("HYDRA", 0.9, "2026-05-31"),
        ("VETTING", 0.95, "2026-12-31"),
    ]


def test_a_role_that_one_folder_has_not_is_counted_in_the_other_alone(forces: Forces) -> None:
    query = "select denominator from marts.assurance_position where point_code = 'HYDRA'"
    [(with_role,)], [(without_role,)] = forces.ask(SHIPPED, query), forces.ask(OTHER, query)
    assert with_role > without_role > 0


def test_the_national_view_compares_what_both_undertook_alike(forces: Forces) -> None:
    query = f"""
        select reporting_force_code, point_code, why_not_compared from marts.national_funnel
        where reporting_force_code in ('{SHIPPED}', '{OTHER}')
            and point_code in ('HYDRA', 'NCCU_INTEL')
    """
    assert set(forces.ask(NATIONAL, query)) == {
        (SHIPPED, "NCCU_INTEL", "TOO_FEW_FORCES"),
        (OTHER, "NCCU_INTEL", "TOO_FEW_FORCES"),
        (SHIPPED, "HYDRA", "TOO_FEW_FORCES"),
        (OTHER, "HYDRA", "NOT_ALIKE"),
    }


def test_the_national_view_says_what_it_does_not_compare(forces: Forces) -> None:
    [(of_point, of_force)] = forces.ask(
        NATIONAL,
        f"""
        select position.caveat, state.caveat
        from marts.national_position as position
        inner join marts.national_force_state as state using (reporting_force_code)
        where reporting_force_code = '{OTHER}' and position.point_code = 'HYDRA'
        """,
    )
    assert "the force undertook another target or deadline, so it is not compared" in of_point
    assert "not in this view: VETTING, VETTING_RISK" in of_force
