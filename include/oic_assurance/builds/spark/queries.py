"""Cut a query that is too large for Spark's optimiser into several.

Spark puts the query of a CTE in each place where the CTE is read, so a CTE that is read twice by
one that is read twice is optimised four times. Some models have ten such steps, and optimising them
takes minutes, and gigabytes. So CTEs that are read more than once are written to tables first,
if the query would become large otherwise. PostgreSQL does the same with every such CTE.
"""

from collections import Counter
from functools import cache
from typing import Any

#: Up to this size, a query is left as it is. The size is the number of CTEs that it has when each
#: is counted as often as it is read.
LARGEST = 200
#: The schema of tables that only one query reads.
SCRATCH = "scratch"
SPARK = "spark"


@cache
def cut_large_queries() -> None:
    """Let dbt's adapter for Spark cut a query that is too large for Spark's optimiser."""
    from dbt.adapters.spark import session

    class Cursor(session.Cursor):
        def execute(self, sql: str, *parameters: Any) -> None:
            first, last = cut(sql)
            if not first:
                super().execute(sql, *parameters)
                return
            super().execute(f"create schema if not exists {SCRATCH}")
            try:
                for table, query in first.items():
                    super().execute(f"create table {table} using parquet as {query}")
                super().execute(last)
            finally:
                for table in first:
                    super().execute(f"drop table if exists {table}")

    session.Cursor = Cursor


def cut(statement: str) -> tuple[dict[str, str], str]:
    """Return the tables to make before a statement, each with its query, and the statement.

    The statement reads the tables. If it makes no table from a large query, there are none, and it
    is as it was.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    if " using parquet as" not in statement:
        return {}, statement
    try:
        made = parse_one(statement, read=SPARK)
    except SqlglotError:
        return {}, statement
    query: Any = made.args.get("expression")
    if query is None:
        return {}, statement
    ctes = {cte.alias: cte for cte in query.ctes}
    rest = query.copy()
    rest.set("with_", None)
    reads = {
        name: [one.name for one in part.find_all(exp.Table) if not one.db and one.name in ctes]
        for name, part in {**ctes, "": rest}.items()
    }
    sizes: dict[str, int] = {}
    for name, names in reads.items():
        sizes[name] = 1 + sum(sizes.get(one, 0) for one in names)
    if sizes[""] <= LARGEST:
        return {}, statement
    times = Counter(one for names in reads.values() for one in names)
    prefix = "_".join(part.name for part in made.this.parts)
    keyword = "with recursive" if query.args["with_"].recursive else "with"
    first: dict[str, str] = {}
    before: list[str] = []
    for name, cte in ctes.items():
        before.append(cte.sql(SPARK))
        # Reading a CTE that only reads one relation is as fast as reading a table.
        given = {key for key, value in cte.this.args.items() if value}
        is_plain = cte.this.is_star and given == {"expressions", "from_"}
        if times[name] > 1 and not is_plain:
            table = f"{SCRATCH}.{prefix}__{name}"
            # The names come from the compiled project, and nothing in it from outside.
            first[table] = f"{keyword} {', '.join(before)} select * from {name}"  # noqa: S608 - see above
            cte.set("this", exp.select("*").from_(table))
            before[-1] = cte.sql(SPARK)
    return first, made.sql(SPARK)
