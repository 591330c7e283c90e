"""The statements that adapt published tables to a candidate follow from the columns of both."""

from dataclasses import replace

import pytest

from oic_assurance.publishing.catalogue import Column, ForeignKey, Table, referenced_first
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.published_tables import plan
from oic_assurance.publishing.schemas import MARTS, PUBLIC_DRAFT


def column(name: str, type_: str = "text", *, not_null: bool = False) -> Column:
    return Column(name, type_, None, not_null, None)


def table(name: str, *columns: Column, schema: str = "candidate", refers: str = "") -> Table:
    keys: tuple[ForeignKey, ...] = ()
    if refers:
        pairs = (("publication_id", "publication_id"), (f"{refers}_key", f"{refers}_key"))
        keys = (ForeignKey(f"{name}_fkey", (schema, refers), pairs),)
    return Table(
        schema=schema,
        name=name,
        kind="r" if schema.startswith("candidate") else "p",
        is_logged=True,
        owner="oic_transform",
        is_ours=True,
        comment=None,
        columns=(column("publication_id", "bigint", not_null=True), *columns),
        primary_key=("publication_id", columns[0].name),
        foreign_keys=keys,
        indexes=((f"{name}_pkey", ("publication_id", columns[0].name)),),
    )


def planned(candidates: list[Table], parents: list[Table]) -> list[str]:
    statements = plan(
        {MARTS: {t.name: t for t in candidates}}, {MARTS: {t.name: t for t in parents}}
    )
    return [statement.as_string(None) for statement in statements]


def test_a_new_table_is_partitioned_guarded_and_readable() -> None:
    statements = planned([table("dim", column("dim_key", not_null=True))], [])
    assert statements[0] == (
        'create table "marts"."dim" ("publication_id" bigint not null, "dim_key" text not null, '
        'primary key ("publication_id", "dim_key")) partition by list ("publication_id")'
    )
    assert any("enable row level security" in statement for statement in statements)
    assert any(
        "using (publication_id = (select publication_id from marts.publication where is_current))"
        in statement
        for statement in statements
    )
    assert any(statement.startswith("grant select") for statement in statements)


def test_no_login_may_read_what_could_be_released() -> None:
    candidates = {"t": table("t", column("k"), schema="candidate_public")}
    statements = plan({PUBLIC_DRAFT: candidates}, {PUBLIC_DRAFT: {}})
    rights = [text for text in (s.as_string(None) for s in statements) if "grant" in text]
    assert rights == ['grant select on "public_draft"."t" to "oic_transform", "oic_gate"']


def test_the_draft_does_not_look_into_marts() -> None:
    candidates = {"t": table("t", column("k"), schema="candidate_public")}
    statements = plan({PUBLIC_DRAFT: candidates}, {PUBLIC_DRAFT: {}})
    assert not any("marts" in statement.as_string(None) for statement in statements)


def test_keys_come_after_all_tables_and_point_into_marts() -> None:
    statements = planned(
        [table("fct", column("dim_key"), refers="dim"), table("dim", column("dim_key"))], []
    )
    kinds = [statement.split(" ")[0] for statement in statements]
    assert statements[-1].startswith('alter table "marts"."fct" add foreign key')
    assert 'references "marts"."dim" ("publication_id", "dim_key")' in statements[-1]
    assert kinds.count("create") == 4


def test_nothing_is_planned_for_what_is_there_already() -> None:
    dim = table("dim", column("dim_key"))
    fct = table("fct", column("dim_key"), refers="dim")
    parents = [
        replace(dim, schema="marts", kind="p"),
        replace(table("fct", column("dim_key"), schema="marts", refers="dim"), kind="p"),
    ]
    assert planned([dim, fct], parents) == []


def test_a_new_column_may_be_empty_in_what_is_older() -> None:
    statements = planned(
        [table("dim", column("dim_key"), column("added", "boolean", not_null=True))],
        [table("dim", column("dim_key"), schema="marts")],
    )
    assert statements == ['alter table "marts"."dim" add column "added" boolean']


def test_a_key_to_itself_is_not_carried_over() -> None:
    statements = planned([table("dim", column("dim_key"), refers="dim")], [])
    assert not any("foreign key" in statement for statement in statements)


def test_a_dropped_and_a_retyped_column_are_refused() -> None:
    parent = table("dim", column("dim_key"), column("value", "double precision"), schema="marts")
    with pytest.raises(NotPublishableError, match="has no column value"):
        planned([table("dim", column("dim_key"))], [parent])
    with pytest.raises(NotPublishableError, match=r"is numeric, in marts\.dim it is double"):
        planned([table("dim", column("dim_key"), column("value", "numeric"))], [parent])


def test_tables_come_after_what_they_refer_to() -> None:
    tables = [
        table("b", column("a_key"), refers="a"),
        table("c", column("b_key"), refers="b"),
        table("a", column("a_key")),
    ]
    assert [t.name for t in referenced_first(tables)] == ["a", "b", "c"]
    with pytest.raises(NotPublishableError, match="round in a circle"):
        referenced_first([*tables[:2], table("a", column("c_key"), refers="c")])
