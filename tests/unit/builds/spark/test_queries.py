"""A query that would be optimised many times is cut, and means the same."""

import pytest

from oic_assurance.builds.spark import queries
from oic_assurance.builds.spark.queries import parse, with_tables, written_first

QUERY = """
with recursive
    -- A comment with a bracket ) and the word with.
    one as (select * from `there`.`relation`),
    two as (select ')' as a, "b" from one inner join one as other on one.a = other.a /* ) */),
    three as (
        select a from two where a in (select a from two)
        union all
        select a from three join two on two.a = three.a
    )

select * from three, two
"""


def doubled(times: int) -> str:
    """Return a query whose CTEs each read the one before twice."""
    steps = ["s0 as (select a from there)"]
    steps += [f"s{n} as (select a from s{n - 1} join s{n - 1} as b)" for n in range(1, times + 1)]
    return f"with {', '.join(steps)} select * from s{times}"


def test_the_parts_of_a_query_are_found() -> None:
    query = parse(QUERY)
    assert query.is_recursive
    assert [cte.name for cte in query.ctes] == ["one", "two", "three"]
    assert query.ctes[0].query == "select * from `there`.`relation`"
    assert query.ctes[1].query.endswith("other.a /* ) */")
    assert query.rest.strip() == "select * from three, two"


@pytest.mark.parametrize("text", ["select 1 as a", "with a (b) as (select 1) select b from a"])
def test_a_query_in_another_form_is_left_alone(text: str) -> None:
    assert parse(text) == queries.Query(is_recursive=False, ctes=(), rest=text)
    assert written_first(parse(text)) == []


def test_only_a_large_query_is_cut() -> None:
    small = parse(doubled(6))
    assert written_first(small) == []
    large = parse(doubled(8))
    assert written_first(large) == [f"s{n}" for n in range(8)]


def test_a_ctes_own_query_reads_the_tables_before_it() -> None:
    query = parse("with a as (select 1), b as (select * from a), c as (select 2) select * from b")
    assert with_tables(query, {"a": "scratch.a"}, upto="b") == (
        "with a as (select * from scratch.a\n), b as (select * from a\n) select * from b"
    )
    assert with_tables(query, {"a": "scratch.a", "b": "scratch.b"}) == (
        "with a as (select * from scratch.a\n), b as (select * from scratch.b\n), "
        "c as (select 2\n)  select * from b"
    )


def test_a_comment_at_the_end_of_a_cte_does_not_swallow_its_bracket() -> None:
    query = parse("with a as (select 1 -- one\n) select * from a")
    assert with_tables(query, {}).startswith("with a as (select 1 -- one\n")
