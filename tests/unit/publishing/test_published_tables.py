"""The statements that adapt published tables to a candidate follow from the columns of both."""

from dataclasses import replace

from oic_assurance.publishing.catalogue import Column, ForeignKey, Table
from oic_assurance.publishing.published_tables import plan
from oic_assurance.publishing.schemas import MARTS


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


def test_nothing_is_planned_for_what_is_there_already() -> None:
    dim = table("dim", column("dim_key"))
    fct = table("fct", column("dim_key"), refers="dim")
    parents = [
        replace(dim, schema="marts", kind="p"),
        replace(table("fct", column("dim_key"), schema="marts", refers="dim"), kind="p"),
    ]
    assert planned([dim, fct], parents) == []


def test_a_key_to_itself_is_not_carried_over() -> None:
    statements = planned([table("dim", column("dim_key"), refers="dim")], [])
    assert not any("foreign key" in statement for statement in statements)
