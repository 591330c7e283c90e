"""A text that is not as declared is replaced, its row is landed, and the text is stored nowhere."""

import dataclasses
import functools
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oic_assurance.landing import land
from oic_assurance.sources.declarations import load
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import Column, Dataset
from tests.integration.landing.support import World, workbook
from tests.integration.operations.support import assert_agrees

UNITS, LOG, PLANS = "hr/org_unit", "governance/recommendations", "governance/plans"
HEADER = "org_unit_code,org_unit_name,parent_org_unit_code,kind"
#: Every table in which landing stores what was delivered.
STORED = ["audit.rejected_row", "audit.replaced_value", "audit.batch"]


def units(world: World, names: list[str], day: str = "20260105") -> dict[str, str]:
    """Land a list of units with these names, and return the landed names by code."""
    rows = ['F,"Force",,FORCE', *(f"T{n},{quoted(name)},F,TEAM" for n, name in enumerate(names))]
    world.drop(f"{UNITS}/org_unit_{day}.csv", "\n".join([HEADER, *rows]) + "\n")
    report = world.land(UNITS)
    assert not report.refused
    assert report.rows_rejected == 0
    return {key: name for key, (name,) in world.state(UNITS, ("org_unit_name",)).items()}


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            '=HYPERLINK("http://example.org";"Team")',
            "is not written as declared (a sign that begins a formula at place 1)",
        ),
        ("+44 Team", "is not written as declared (a sign that begins a formula at place 1)"),
        ("@SUM(A1)", "is not written as declared (a sign that begins a formula at place 1)"),
        ("<b>Team</b>", "is not written as declared (an angle bracket at place 1)"),
        ("Team\nOne", "is not written as declared (a control character at place 5)"),
        ("T" * 81, "is not written as declared (its beginning or its length)"),
        ("Sarah Okafor", "may name a person"),
        ("Response (Sgt Okafor)", "may name a person"),
        ("Team of PC 1432", "may hold a collar or employee number"),
        ("Control room 01604 555 210", "may hold a telephone number"),
    ],
)
def test_the_code_stands_for_a_name_that_does_not_fit(world: World, name: str, reason: str) -> None:
    assert units(world, ["Corby Response A", name]) == {
        "F": "Force", "T0": "Corby Response A", "T1": "T1",
    }  # fmt: skip
    found = "select table_name, row_number, column_name, reason from audit.replaced_value"
    assert world.query(found) == [("org_unit", 3, "org_unit_name", f"{reason}: T1 stands for it")]
    for table in STORED:
        assert name not in str(world.query(f"select t::text from {table} as t"))


@pytest.mark.parametrize(
    "name",
    [
        "Weekley Wood & Corby (Response) - A/B",
        "St James' Neighbourhood",
        "King’s Heath – St. Andrew's 2",
        "Équipe d'accueil",
    ],
)
def test_a_name_that_fits_is_landed_as_it_is(world: World, name: str) -> None:
    assert units(world, [name])["T0"] == name
    assert world.query("select from audit.replaced_value") == []


@settings(
    max_examples=10,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    names=st.lists(
        st.text("=+-@<>&|'’\"()/., aZ09é\t{}%", min_size=1, max_size=90)
        | st.sampled_from(["Sarah", "Mr Khan", "PC 1432", "Corby", "Response"]),
        min_size=1,
        # With fewer than twenty records, the next, shorter file is never taken for one cut off.
        max_size=15,
    )
)
@example(names=["=1+1", "-2", "@A", "+3", " =1", "a=1"])
def test_no_landed_name_can_be_a_formula_or_markup(world: World, names: list[str]) -> None:
    landed = units(
        world,
        names,
        day=f"2026{len(world.batches(UNITS)) // 28 + 1:02d}"
        f"{len(world.batches(UNITS)) % 28 + 1:02d}",
    )
    for number in range(len(names)):
        name = landed[f"T{number}"]
        assert name is None or re.fullmatch(r"\w[\w &'’()/.,–-]{0,79}", name), name


def register(world: World, names: list[str]) -> list[tuple[str, int]]:
    """Land a register with these milestones, each due a day later than the one before."""
    plan = ["P1", "SHARE", "Share", "Jane Doe 07700 900123", "1", "2025-12-01", "", "jane@doe.org"]
    rows = [["P1", name, f"2026-02-{n:02d}", ""] for n, name in enumerate(names, 1)]
    columns = ["plan_ref", "milestone", "due_date", "completed_date"]
    plans = [
        ["plan_ref", "strand", "title", "owner_role", "version", "approved_date",
         "review_due_date", "evidence_ref"], plan,
    ]  # fmt: skip
    place = f"{PLANS}/plan_register.xlsx"
    world.drop(place, workbook({"Plans": plans, "Milestones": [columns, *rows]}))
    report = world.land(PLANS)
    assert not report.refused
    assert report.rows_rejected == 0
    found = world.state(PLANS, ("milestone", "due_date"), table="plan_milestone")
    return sorted((str(name), due.day) for name, due in found.values())


def test_the_reference_of_its_plan_stands_for_a_milestone_that_may_name_a_person(
    world: World,
) -> None:
    names = ["Sign-off: 2 of 3?", "Ring Jane Doe", "Ring 07700 900123", "@SUM(A1)", "<b>Go</b>"]
    landed = register(world, names)
    assert {day: re.sub("#[0-9a-f]{4}$", "#", name) for name, day in landed} == {
        1: "Sign-off: 2 of 3?", 2: "P1 #", 3: "P1 #", 4: "P1 #", 5: "P1 #",
    }  # fmt: skip
    assert register(world, names[::-1])[-1] == ("Sign-off: 2 of 3?", 5)
    assert_agrees(world, PLANS)
    stored = [*STORED, "raw_general.plan", "raw_general.plan_milestone"]
    for table in stored:
        text = str(world.query(f"select t::text from {table} as t"))
        assert not re.search("Doe|doe.org|07700|<b>|SUM", text), table


def log(world: World, *statuses: str) -> dict[str, str]:
    rows = [
        f"2026-01-0{day} 10:00,HYDRA,FORCE,{quoted(status)},"
        for day, status in enumerate(statuses, start=1)
    ]
    content = "\n".join(["event_at,point_code,party,status,comment", *rows]) + "\n"
    world.drop(f"{LOG}/recommendation_log.csv", content)
    world.land(LOG)
    found = world.state(LOG, ("status", "event_at"))
    return {f"{at:%d}": status for status, at in found.values()}


def test_a_status_is_a_code_of_the_list_or_other(world: World) -> None:
    stated = ("COMPLETE", "met on time", "In-Progress", "<b>Met</b>", "DCI Okafor says so")
    landed = ["COMPLETE", "met_on_time", "In_Progress", "OTHER", "OTHER"]
    assert [status for _, status in sorted(log(world, *stated).items())] == landed
    found = world.query("select row_number, reason from audit.replaced_value order by 1")
    assert found == [(4, "is not a code of the list"), (5, "is not a code of the list")]


def test_a_rejected_row_has_no_status_that_is_not_of_the_list(world: World) -> None:
    rows = ["2026-01-05 10:00,HYDRA,NOBODY,ask DCI Okafor,", "2026-01-05 10:00,HYDRA,NOBODY,MET,"]
    content = "\n".join(["event_at,point_code,party,status,comment", *rows]) + "\n"
    world.drop(f"{LOG}/recommendation_log.csv", content)
    world.land(LOG)
    kept = "select content ->> 'status' from audit.rejected_row order by row_number"
    assert world.query(kept) == [("[withheld]",), ("MET",)]
    assert "Okafor" not in str(world.query("select r::text from audit.rejected_row as r"))


def test_a_declaration_may_have_a_percent_sign_in_its_rules(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = dataset(UNITS)
    (table,) = one.tables
    rules: dict[str, dict[str, Any]] = {
        "org_unit_name": {"pattern": r"[[:alnum:] ]+%?"},
        "parent_org_unit_code": {"provisional": ("50%", "%s")},
    }
    columns = tuple(dataclasses.replace(c, **rules.get(c.name, {})) for c in table.columns)
    changed = dataclasses.replace(one, tables=(dataclasses.replace(table, columns=columns),))
    monkeypatch.setattr(land, "find_dataset", lambda name: changed)
    assert units(world, ["Team 100%", "Team &"]) == {"F": "Force", "T0": "Team 100%", "T1": "T1"}
    assert units(world, ["Team 90%", "Team %d"], "20260112") == {
        "F": "Force", "T0": "Team 90%", "T1": "T1",
    }  # fmt: skip


def _open(column: Column) -> Column:
    return Column(column.name, "text", column.description, required=column.required)


def _earlier(one: Dataset) -> Dataset:
    """Return a declaration before texts were replaced."""
    tables = tuple(
        dataclasses.replace(
            table, columns=tuple(_open(c) if c.is_replaced else c for c in table.columns)
        )
        for table in one.tables
    )
    return dataclasses.replace(one, tables=tables, fingerprint="earlier")


def test_texts_that_were_landed_earlier_are_replaced_in_raw(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: _earlier(one) for name, one in load.datasets().items()}
    with monkeypatch.context() as patch:
        patch.setattr(load, "datasets", lambda: before)
        patch.setattr(land, "datasets", lambda: before)
        patch.setattr(land, "find_dataset", functools.partial(dict.__getitem__, before))
        log(world, "ask the heron", "MET")
        log(world, "ask the heron", "MET", "ask the crane")
        assert units(world, ["ask <the> heron", "Team"])["T0"] == "ask <the> heron"
    for name, table in ((LOG, "recommendation_event"), (UNITS, "org_unit")):
        raw = f"raw_general.{table}"
        rows = world.one(f"select count(*) from {raw}")
        assert world.land(name).rows_landed == 0
        assert world.one(f"select count(*) from {raw}") == rows
        assert "heron" not in str(world.query(f"select t::text from {raw} as t"))
        assert_agrees(world, name)
    assert log(world, "ask the stork", "MET", "ask the crane", "OPEN") == {
        "01": "OTHER", "02": "MET", "03": "OTHER", "04": "OPEN",
    }  # fmt: skip
    assert dataset(LOG).fingerprint != "earlier"
