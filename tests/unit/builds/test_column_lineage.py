"""Each column of a model is traced to the columns of the tables that it is computed from."""

import json
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.builds.column_lineage import Input, column_lineage, remembered_lineage

RAW, SEED, MODEL = "source.p.raw.person", "seed.p.rank", "model.p.officer"
DECLARED = ("number", "rank_code", "born")


def manifest(query: str, raw_columns: tuple[str, ...] = DECLARED) -> dict[str, Any]:
    return {
        "sources": {RAW: table("source", "raw", raw_columns, identifier="person")},
        "nodes": {
            SEED: table("seed", "policy", ("rank_code", "title"), alias="rank"),
            MODEL: table("model", "marts", (), alias="officer")
            | {"compiled_code": query, "depends_on": {"nodes": [RAW, SEED]}},
        },
    }


def table(kind: str, schema: str, columns: tuple[str, ...], **name: str) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "schema": schema,
        "columns": {column: {} for column in columns},
        **name,
    }


def inputs(query: str, **more: Any) -> dict[str, set[str]]:
    """Return the inputs of each column as texts such as `person.number`."""
    found = column_lineage(manifest(query, **more))[MODEL]
    return {
        column: {f"{one.table.rpartition('.')[2]}.{one.column}" for one in given}
        for column, given in found.items()
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            """
            with source as (select * from "w"."raw"."person"),
            renamed as (select number as officer_no, born from source)
            select * from renamed
            """,
            {"officer_no": {"person.number"}, "born": {"person.born"}},
        ),
        (
            """
            select
                person.number || coalesce(rank.title, '') as words,
                case when person.born is null then 'x' else person.rank_code end as kind
            from "w"."raw"."person" as person
            left join "w"."policy"."rank" as rank on person.rank_code = rank.rank_code
            """,
            {"words": {"person.number", "rank.title"}, "kind": {"person.born", "person.rank_code"}},
        ),
        (
            """
            select rank.title
            from "w"."raw"."person" as person
            inner join "w"."policy"."rank" as rank on person.rank_code = rank.rank_code
            where person.born is not null
            """,
            {"title": {"rank.title"}},
        ),
        (
            """
            select number as code from "w"."raw"."person"
            union all
            select rank_code from "w"."policy"."rank"
            """,
            {"code": {"person.number", "rank.rank_code"}},
        ),
        (
            """select 'HYDRA' as point, count(*) as n from "w"."raw"."person" """,
            {"point": set(), "n": set()},
        ),
        ('select value from "w"."generation"."measure__7"', {"value": set()}),
    ],
    ids=["renamed", "computed", "only joins", "union", "fixed value", "table of no manifest"],
)
def test_a_column_has_every_column_that_enters_its_value(
    query: str, expected: dict[str, set[str]]
) -> None:
    assert inputs(query) == expected


def test_a_source_without_declared_columns_has_those_that_the_query_names() -> None:
    query = """
        with source as (select * from "w"."raw"."person"),
        numbered as (
            select source.*, row_number() over (partition by source.number) as recency
            from source inner join "w"."policy"."rank" as rank on source.rank_code = rank.rank_code
        )
        select number, born as day from numbered where recency = 1
    """
    assert inputs(query, raw_columns=()) == {"number": {"person.number"}, "day": {"person.born"}}


@pytest.mark.parametrize("query", ["select from where", "select nowhere.x from nothing as a"])
def test_a_model_that_cannot_be_resolved_is_left_out(query: str) -> None:
    assert column_lineage(manifest(query)) == {}


def test_a_model_is_read_again_only_if_its_sql_or_a_parent_has_changed(tmp_path: Path) -> None:
    memory = tmp_path / "lineage.json"
    star = 'select * from "w"."raw"."person"'
    first = remembered_lineage(manifest(star), memory)
    assert first == column_lineage(manifest(star))

    planted = json.loads(memory.read_text(encoding="utf-8"))
    planted[MODEL]["columns"] = {"planted": [[RAW, "number"]]}
    memory.write_text(json.dumps(planted), encoding="utf-8")
    assert remembered_lineage(manifest(star), memory)[MODEL] == {
        "planted": (Input(RAW, "number"),)
    }, "what is remembered counts"

    wider = manifest(star, raw_columns=(*DECLARED, "height"))
    assert "height" in remembered_lineage(wider, memory)[MODEL]
    narrower = manifest('select number from "w"."raw"."person"')
    assert set(remembered_lineage(narrower, memory)[MODEL]) == {"number"}


def test_the_number_of_a_publication_is_no_change(tmp_path: Path) -> None:
    memory = tmp_path / "lineage.json"
    query = 'select p.born, 7 as id from "w"."raw"."person" as p, "w"."generation"."figure__7"'
    remembered_lineage(manifest(query), memory)
    written = memory.stat().st_mtime_ns
    remembered_lineage(manifest(query.replace("7", "8")), memory)
    assert memory.stat().st_mtime_ns == written
    remembered_lineage(manifest(query.replace("born", "number")), memory)
    assert memory.stat().st_mtime_ns != written


def test_a_model_that_is_not_compiled_this_time_stays_remembered(tmp_path: Path) -> None:
    memory = tmp_path / "lineage.json"
    both = manifest('select number from "w"."raw"."person"')
    other = {**both["nodes"][MODEL], "alias": "other"}
    both["nodes"]["model.p.other"] = other
    remembered_lineage(both, memory)
    alone = {**both, "nodes": {**both["nodes"], "model.p.other": {**other, "compiled_code": None}}}
    alone["nodes"][MODEL] = {**both["nodes"][MODEL], "compiled_code": "select 1 as one"}
    assert set(remembered_lineage(alone, memory)) == {MODEL}
    assert set(json.loads(memory.read_text(encoding="utf-8"))) == {MODEL, "model.p.other"}


def test_a_damaged_memory_is_written_anew(tmp_path: Path) -> None:
    memory = tmp_path / "lineage.json"
    memory.write_text("{", encoding="utf-8")
    given = manifest('select number from "w"."raw"."person"')
    assert remembered_lineage(given, memory) == column_lineage(given)
    assert json.loads(memory.read_text(encoding="utf-8"))
