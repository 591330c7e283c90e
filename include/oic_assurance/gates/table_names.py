"""Find a build's tables, and fill in the placeholders in the SQL of expectations."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC

from expectations.vocabulary import Suite, sql
from oic_assurance.builds.record import Build
from oic_assurance.errors import AssuranceError

# dbt makes the schemas in BUILT_SCHEMAS for each build, so their names begin with the build's
# prefix. Schemas in KEPT_SCHEMAS have no prefix.
BUILT_SCHEMAS = ("candidate", "candidate_public", "intermediate")
KEPT_SCHEMAS = ("raw_general", "raw_law_enforcement", "audit", "policy")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_SAFE_NAME = re.compile(r"[a-z_][a-z0-9_]*")
# Finds the columns that may hold text: all columns whose type is not boolean, a number, a date, a
# time or an interval.
_TEXT_COLUMNS = """
select place.name, attribute.attname
from unnest(array[<<tables>>]) as place (name)
inner join pg_catalog.pg_attribute as attribute on attribute.attrelid = to_regclass(place.name)
inner join pg_catalog.pg_type as type on attribute.atttypid = type.oid
where attribute.attnum > 0
    and not attribute.attisdropped
    and type.typcategory not in ('B', 'D', 'N', 'T')
order by place.name, attribute.attnum
"""
# Reads the table once for all its columns. Within a grouping set, all other columns are null.
_TEXTS = """
select name, value
from (
    select case <<names>> end as name, case <<values>> end as value
    from <<table>>
    group by grouping sets (<<columns>>)
) as of_column
where value is not null
"""
_NO_TEXTS = "select null::text as name, null::text as value limit 0"
_KEEP_CURRENT = """
create temporary table <<current>> as
select latest.*
from (
    select distinct on (force_code, row_key) *
    from <<table>>
    where batch_id <= <<known>>
    order by force_code desc, row_key desc, version_at desc, batch_id desc
) as latest
where not latest.is_tombstone
"""


@dataclass(frozen=True)
class Places:
    """The names and values of one build that replace the placeholders in the SQL of expectations.

    These are the names of the build's schemas and tables, its ID, the newest batch that it may use,
    and its as-at moment.
    """

    build: Build
    #: For each table, the columns that can hold text, as the query of `text_columns` finds them.
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def schema(self, schema: str) -> str:
        """Return a schema's name in the database, with the build's prefix if dbt makes it."""
        if schema in BUILT_SCHEMAS:
            return _safe(f"{self.build.schema_prefix}{schema}")
        return _safe(schema)

    def table(self, suite: Suite) -> str:
        """Return the name of a suite's table as `schema.table`."""
        return f"{self.schema(suite.schema)}.{_safe(suite.table)}"

    def fill(self, text: str, suite: Suite) -> str:
        """Return SQL with its placeholders filled in. Unknown placeholders stay as they are."""
        known = {
            **{name: self.schema(name) for name in (*BUILT_SCHEMAS, *KEPT_SCHEMAS)},
            "build_id": str(int(self.build.build_id)),
            "known_batch_id": str(int(self.build.known_batch_id)),
            "as_at": f"timestamptz '{self.build.as_at.astimezone(UTC).isoformat()}'",
            "rows": self.table(suite),
            "texts": self._texts(suite),
        }
        if suite.versioned:
            known["current"] = current_table(suite)
        return _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), text)

    def _texts(self, suite: Suite) -> str:
        """Return a query for the distinct values in each text column of the suite's table."""
        table = self.table(suite)
        columns = ['"{}"'.format(name.replace('"', '""')) for name in self.texts.get(table, ())]
        if not columns:
            return _NO_TEXTS
        names = ["'{}'".format(name.replace("'", "''")) for name in self.texts[table]]
        return sql(
            _TEXTS,
            names=_of_grouped(columns, names),
            values=_of_grouped(columns, [f"{column}::text" for column in columns]),
            columns=", ".join(f"({column})" for column in columns),
            table=table,
        )

    def text_columns(self, suites: Sequence[Suite]) -> str:
        """Return the statement that finds the columns of the suites' tables that can hold text."""
        tables = ", ".join(f"'{self.table(suite)}'" for suite in suites)
        return sql(_TEXT_COLUMNS, tables=tables)

    def keep_current(self, suite: Suite) -> str:
        """Return the statement that copies the current records of a raw table.

        The statement creates a temporary table with the latest version of each record, from the
        batches that the build may use. It leaves out deleted records. Several expectations of a
        suite read this table. The query can read an index of the raw table backwards, so the server
        does not need to sort.
        """
        return sql(
            _KEEP_CURRENT,
            current=current_table(suite),
            table=self.table(suite),
            known=str(int(self.build.known_batch_id)),
        )


def current_table(suite: Suite) -> str:
    """Return the name of the temporary table with the current records of a raw table."""
    return f"pg_temp.current_{_safe(suite.table)}"


def _of_grouped(columns: Sequence[str], values: Sequence[str]) -> str:
    """Return the branches of a case that gives the value of the column that is grouped by."""
    return " ".join(
        f"when grouping({column}) = 0 then {value}"
        for column, value in zip(columns, values, strict=True)
    )


def _safe(name: str) -> str:
    """Return the name unchanged if it needs no quotes in SQL.

    Raises:
        AssuranceError: The name has characters other than lower-case letters, digits and `_`.
    """
    if not _SAFE_NAME.fullmatch(name):
        raise AssuranceError(
            f"'{name}' is not the name of a schema or table that the gate can audit."
        )
    return name
