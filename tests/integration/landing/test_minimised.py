"""A text that is no longer extracted disappears from raw, and raw still agrees with the archive."""

import dataclasses
import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from oic_assurance.landing import land
from oic_assurance.sources.declarations import load
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import Column, Dataset
from tests.integration.landing.support import REPORTS, World, at, put_report, workbook
from tests.integration.operations.support import archived_contents, assert_agrees

pytestmark = pytest.mark.usefixtures("empty_sources")

LOG, PLANS = "governance/recommendations", "governance/plans"
PRODUCTS, RAW_PRODUCT = "intelligence/product", "raw_law_enforcement.product"
RAW_REPORT = "raw_law_enforcement.intelligence_report"


@pytest.fixture
def earlier(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The earlier declarations: the conditions are free text, and the comment is extracted.

    So are all columns of a product.
    """
    before = {name: _with_texts(one) for name, one in load.datasets().items()}
    with monkeypatch.context() as patch:
        patch.setattr(load, "datasets", lambda: before)
        patch.setattr(land, "datasets", lambda: before)
        patch.setattr(land, "find_dataset", functools.partial(dict.__getitem__, before))
        yield patch


def _with_texts(one: Dataset) -> Dataset:
    if one.name == REPORTS:
        [table] = one.tables
        columns = tuple(
            dataclasses.replace(column, type="text", presence=False, verbatim=True)
            if column.presence
            else column
            for column in table.columns
        )
        tables = (dataclasses.replace(table, columns=columns),)
        return dataclasses.replace(one, tables=tables, fingerprint="earlier")
    if one.name == PLANS:
        all_tables = tuple(
            dataclasses.replace(
                table,
                columns=tuple(
                    Column(column.name, "text", column.description)
                    if column.presence or column.is_replaced
                    else column
                    for column in table.columns
                ),
            )
            for table in one.tables
        )
        return dataclasses.replace(one, tables=all_tables, fingerprint="earlier")
    if one.name == PRODUCTS:
        [table] = one.tables
        columns = (
            *table.columns,
            Column("product_type", "text", "The kind."),
            Column("is_oic", "boolean", "The subject."),
            Column("approved_at", "timestamptz", "The approval."),
        )
        return dataclasses.replace(
            one,
            place=dataclasses.replace(one.database, never_extracted=()),
            tables=(dataclasses.replace(table, columns=columns),),
            fingerprint="earlier",
        )
    if one.name == LOG:
        [table] = one.tables
        columns = (*table.columns, Column("comment", "text", "A comment."))
        place = dataclasses.replace(one.files, never_extracted=())
        tables = (dataclasses.replace(table, columns=columns),)
        return dataclasses.replace(one, place=place, tables=tables, fingerprint="earlier")
    return one


def text_of(world: World, table: str) -> str:
    return str(world.query(f"select t::text from {table} as t"))


def test_a_text_becomes_its_presence_without_a_new_version(
    world: World, earlier: pytest.MonkeyPatch
) -> None:
    for key, text in enumerate(("ask the heron", "  ", None)):
        put_report(world, key, at(key), handling_conditions=text)
    world.land(REPORTS)
    put_report(world, 0, at(60), handling_conditions="ask the crane")
    put_report(world, 3, at(60), handling_conditions="ask the stork", status="LOST")
    world.land(REPORTS)
    world.intelligence("delete from intel.report where report_id = 1")
    world.land(REPORTS)
    assert "ask the heron" in text_of(world, RAW_REPORT)
    with world.as_owner() as administrator:
        administrator.execute(
            f"create view public.on_raw as select row_key, handling_conditions from {RAW_REPORT}"
        )
    rows = world.one(f"select count(*) from {RAW_REPORT}")
    earlier.undo()
    # A migration converts the content of quarantine before the first landing with the new
    # declarations. This statement does the same.
    with world.as_owner() as administrator:
        administrator.execute(
            "update audit.rejected_row set content = content || '{\"handling_conditions\": true}'"
            " where content ? 'handling_conditions'"
        )
    world.land(REPORTS)
    assert world.one(f"select count(*) from {RAW_REPORT}") == rows
    assert world.state(REPORTS, ("handling_conditions",)) == {"0": (True,), "2": (False,)}
    assert "ask the" not in text_of(world, RAW_REPORT)
    assert len(world.reasons(REPORTS)) == 1
    # The archive still has extracts with the text, and raw agrees with these extracts.
    assert_agrees(world, REPORTS)
    assert b"ask the" in b"".join(archived_contents(world, REPORTS).values())
    put_report(world, 2, at(90), handling_conditions="ask the swan")
    world.land(REPORTS)
    assert world.one(f"select count(*) from {RAW_REPORT}") == rows + 1
    assert_agrees(world, REPORTS)


def test_a_column_that_is_not_extracted_any_more_is_dropped(
    world: World, earlier: pytest.MonkeyPatch
) -> None:
    header = "event_at,point_code,party,status,comment"
    rows = [f"2026-01-0{day} 10:00,HYDRA,FORCE,accepted,ask the heron" for day in (5, 6)]
    world.drop(f"{LOG}/recommendation_log.csv", "\n".join([header, *rows]) + "\n")
    world.land(LOG)
    table = "raw_general.recommendation_event"
    assert "ask the heron" in text_of(world, table)
    earlier.undo()
    more = [*rows, "2026-01-07 10:00,HYDRA,FORCE,met,ask the crane"]
    world.drop(f"{LOG}/recommendation_log.csv", "\n".join([header, *more]) + "\n")
    assert world.land(LOG).rows_landed == 1
    assert "ask the" not in text_of(world, table)
    assert_agrees(world, LOG)


def test_texts_of_plans_and_names_of_milestones_leave_raw_without_a_new_version(
    world: World, earlier: pytest.MonkeyPatch
) -> None:
    columns: list[str | None] = ["plan_ref", "strand", "owner_role", "evidence_ref", "version"]
    columns += ["title", "approved_date", "review_due_date"]
    plans = [columns, ["P1", "SHARE", "the heron"], ["P2", "SHARE", None, "EV heron"]]
    due = ["plan_ref", "milestone", "due_date", "completed_date"]
    names = {"Ring Jane A": "2026-02-01", "Ring Jane B": "2026-02-02", "Sign-off": "never"}
    milestones = [due, *(["P1", name, day] for name, day in names.items())]
    sheets: dict[str, Sequence[Any]] = {"Plans": plans, "Milestones": milestones}
    world.drop(f"{PLANS}/plan_register.xlsx", workbook(sheets))
    world.land(PLANS)
    tables = [f"raw_general.{one.name}" for one in dataset(PLANS).tables]
    assert "heron" in text_of(world, tables[0])
    assert "Jane" in text_of(world, tables[1])
    rows = [world.one(f"select count(*) from {table}") for table in tables]
    earlier.undo()
    sheets["Plans"] = [*plans, ["P3", "SHARE", "the crane", "EV crane"]]
    world.drop(f"{PLANS}/plan_register.xlsx", workbook(sheets))
    assert world.land(PLANS).rows_landed == 1
    assert [world.one(f"select count(*) from {table}") for table in tables] == [
        rows[0] + 1,
        rows[1],
    ]
    assert world.state(PLANS, ("owner_role", "evidence_ref")) == {
        "P1": (True, False), "P2": (False, True), "P3": (True, True),
    }  # fmt: skip
    for table in tables:
        assert not re.search("heron|crane|Jane", text_of(world, table))
    assert_agrees(world, PLANS)


def test_columns_of_every_type_are_dropped_and_raw_still_agrees_with_the_archive(
    world: World, earlier: pytest.MonkeyPatch
) -> None:
    world.intelligence(
        "insert into intel.product select n, 'the heron', true, timestamptz '2026-01-05 10:00Z',"
        " '2025-10-01', '2025-12-31' from generate_series(1, 2) as n"
    )
    world.land(PRODUCTS)
    assert "the heron" in text_of(world, RAW_PRODUCT)
    earlier.undo()
    world.land(PRODUCTS)
    assert world.one(f"select count(*) from {RAW_PRODUCT}") == 2
    assert "the " not in text_of(world, RAW_PRODUCT)
    assert_agrees(world, PRODUCTS)
    assert b"the heron" in b"".join(archived_contents(world, PRODUCTS).values())
