"""What dbt asks Spark for, on the session of the build."""

import re
from functools import cache
from typing import Any

from oic_assurance.builds.spark.queries import parse, with_tables, written_first

#: The schema of tables that only one query reads.
SCRATCH = "scratch"
_TABLE = re.compile(r"(.*?create table (\S+) using parquet as)\s(.*)", re.DOTALL)


@cache
def cut_large_queries() -> None:
    """Let dbt's adapter for Spark cut a query that is too large for Spark's optimiser."""
    from dbt.adapters.spark import session

    class Cursor(session.Cursor):
        def execute(self, sql: str, *parameters: Any) -> None:
            made = _TABLE.fullmatch(sql)
            query = parse(made[3]) if made else None
            chosen = written_first(query) if query else []
            if made is None or query is None or not chosen:
                super().execute(sql, *parameters)
                return
            tables: dict[str, str] = {}
            prefix = re.sub(r"\W+", "_", made[2]).strip("_")
            super().execute(f"create schema if not exists {SCRATCH}")
            try:
                for name in chosen:
                    table = f"{SCRATCH}.{prefix}__{name}"
                    text = with_tables(query, tables, upto=name)
                    super().execute(f"create table {table} using parquet as {text}")
                    tables[name] = table
                super().execute(f"{made[1]} {with_tables(query, tables)}")
            finally:
                for table in tables.values():
                    super().execute(f"drop table if exists {table}")

    session.Cursor = Cursor
