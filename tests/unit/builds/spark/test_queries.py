"""A query that would be optimised many times is cut, and means the same."""

import re

import pytest

from oic_assurance.builds.spark.queries import cut

MAKE = "create table `there`.`made` using parquet as "


def doubled(times: int, first: str = "select a, ')' as b from there.relation where a > 1") -> str:
    """Return a statement whose CTEs each read the one before twice."""
    steps = [f"s0 as ({first} -- a comment with a bracket )\n)"]
    steps += [
        f"s{n} as (select a from s{n - 1} cross join s{n - 1} as b)" for n in range(1, times + 1)
    ]
    return f"{MAKE}with {', '.join(steps)} select * from s{times}"


@pytest.mark.parametrize(
    "statement",
    [
        "drop table if exists there.made",
        "select 'create table using parquet as' as a",
        f"{MAKE}select 1 as a",
        f"{MAKE}with a (b) as (select 1) select b from a",
        f"{MAKE}with what nothing can read as (",
        doubled(6),
    ],
)
def test_any_other_statement_is_left_alone(statement: str) -> None:
    assert cut(statement) == ({}, statement)


def test_each_cte_that_is_read_again_is_written_and_read_from_its_table() -> None:
    first, last = cut(doubled(8))
    assert [*first] == [f"scratch.there_made__s{n}" for n in range(8)]
    assert first["scratch.there_made__s0"].startswith("with s0 AS (SELECT a, ')' AS b FROM there")
    assert first["scratch.there_made__s1"].lower() == (
        "with s0 as (select * from scratch.there_made__s0), "
        "s1 as (select a from s0 cross join s0 as b) select * from s1"
    )
    assert len(re.findall(r"SELECT \* FROM scratch\.", last)) == 8
    assert last.endswith("s8 AS (SELECT a FROM s7 CROSS JOIN s7 AS b) SELECT * FROM s8")


def test_a_cte_that_only_reads_a_relation_is_not_written() -> None:
    first, _ = cut(doubled(8, "select * from there.relation"))
    assert [*first] == [f"scratch.there_made__s{n}" for n in range(1, 8)]


def test_a_query_that_calls_itself_still_may() -> None:
    itself = "select 1 as a union all select a + 1 from s0 where a < 9"
    first, last = cut(doubled(8, itself).replace("with s0", "with recursive s0"))
    assert all(query.startswith("with recursive s0") for query in first.values())
    assert "WITH RECURSIVE s0" in last
