"""The classes and functions that suites are written with.

A suite is a function that returns the expectations of one table. An expectation has a description
that says what must be true, a severity, and an owner who must correct a failure. The description is
a sentence that is true when the check passes, so that a page can show "passed" or "failed" next to
it.

The class `Expectation` is not one of the expectation classes of Great Expectations. Only the
package `oic_assurance.gates` uses those: when the gate runs, it translates the expectations of this
project into them. Nothing here imports Great Expectations, so loading the suites is fast.

SQL in an expectation uses placeholders for tables and schemas. The gate replaces each placeholder
with the name for the build that it checks:

- `{rows}`: the table of the suite;
- `{texts}`: a query for every text value in the table, with the columns `name` (the name of the
  column that holds the value) and `value`;
- `{current}`: the latest version of each record, without deleted records (landing suites only);
- `{candidate}` `{candidate_public}` `{intermediate}` `{raw_general}` `{raw_law_enforcement}`
  `{audit}` `{policy}`: names of schemas;
- `{build_id}` `{known_batch_id}`: the number of the build, and the number of the newest batch that
  it may use;
- `{as_at}`: the as-at moment of the build.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

Severity = Literal["critical", "warning", "info"]
Dimension = Literal[
    "completeness",
    "uniqueness",
    "validity",
    "integrity",
    "freshness",
    "volume",
    "distribution",
    "reconciliation",
    "consistency",
    "privacy",
]
Stage = Literal["landing", "marts", "sealed"]
Kind = Literal[
    "filled",
    "one_of",
    "matches",
    "between",
    "columns",
    "every_row",
    "every_record",
    "every_result",
    "no_rows",
]

CRITICAL: Severity = "critical"
WARNING: Severity = "warning"
INFO: Severity = "info"
STAGES: tuple[Stage, ...] = get_args(Stage)

# Owners: who must correct a failure.
DATA_ENGINEERING = "data engineering"
RMS_TEAM = "records management system team"
INTELLIGENCE_BUREAU = "force intelligence bureau"
HR_TEAM = "human resources systems team"
LEARNING_TEAM = "learning and development"
ASSURANCE_LEAD = "assurance lead"


@dataclass(frozen=True)
class Expectation:
    """A statement about one table that can be checked."""

    #: Unique in the suite. Results are stored and looked up under this name.
    name: str
    #: What must be true, in one sentence for a supervisor.
    description: str
    kind: Kind
    dimension: Dimension
    severity: Severity = CRITICAL
    #: Who must correct a failure. If empty, the owner of the table.
    owner: str = ""
    columns: tuple[str, ...] = ()
    #: Whether a failed check makes the build wait for a person's approval, whatever the
    #: deployment's settings.
    holds: bool = False
    #: The arguments for this kind of expectation, such as a condition, a query or a list of values.
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def column_name(self) -> str | None:
        """The names of the checked columns as one string, or None if there are none.

        The string is stored with the result.
        """
        return ", ".join(self.columns) or None


@dataclass(frozen=True)
class Suite:
    """All expectations of one table."""

    name: str
    stage: Stage
    dataset: str
    schema: str
    table: str
    key: tuple[str, ...]
    description: str
    expectations: tuple[Expectation, ...]
    #: Whether the table keeps every version of a record, as raw tables do.
    versioned: bool = False


Expectations = Iterable["Expectation | Iterable[Expectation]"]
SuiteFunction = Callable[[], Expectations]


def filled(*columns: str, description: str, **options: Any) -> tuple[Expectation, ...]:
    """Expect that no column is ever null: one expectation for each column.

    `{column}` in the description is replaced with the column's name. Here and in every function
    below, `options` can be `dimension`, `severity`, `owner` and `holds` of the expectation.
    """
    return tuple(
        Expectation(
            name=f"{column}_filled",
            description=description.format(column=column),
            kind="filled",
            columns=(column,),
            **_with_dimension(options, "completeness"),
        )
        for column in columns
    )


def one_of(column: str, values: Sequence[str], *, description: str, **options: Any) -> Expectation:
    """Expect that a column is null or one of the listed codes."""
    return Expectation(
        name=f"{column}_listed",
        description=description,
        kind="one_of",
        columns=(column,),
        arguments={"values": tuple(values)},
        **_with_dimension(options, "validity"),
    )


def matches(column: str, pattern: str, *, description: str, **options: Any) -> Expectation:
    """Expect that a column is null or matches a regular expression."""
    return Expectation(
        name=f"{column}_well_formed",
        description=description,
        kind="matches",
        columns=(column,),
        arguments={"pattern": pattern},
        **_with_dimension(options, "validity"),
    )


def between(
    column: str, low: float | None, high: float | None, *, description: str, **options: Any
) -> Expectation:
    """Expect that a number is null or lies between two bounds. `None` means no bound."""
    return Expectation(
        name=f"{column}_in_range",
        description=description,
        kind="between",
        columns=(column,),
        arguments={"low": low, "high": high},
        **_with_dimension(options, "validity"),
    )


def has_columns(
    *columns: str, description: str, exactly: bool = False, **options: Any
) -> Expectation:
    """Expect that the table has these columns. If `exactly` is true, it may have no others."""
    return Expectation(
        name="columns_exact" if exactly else "columns_present",
        description=description,
        kind="columns",
        arguments={"columns": tuple(columns), "exactly": exactly},
        **_with_dimension(options, "validity"),
    )


def every_row(
    name: str,
    condition: str,
    *,
    description: str,
    where: str = "true",
    tolerance: float = 0.0,
    columns: Sequence[str] = (),
    **options: Any,
) -> Expectation:
    """Expect that a condition is true for every row.

    `where` restricts the rows that are checked. `tolerance` is the share of the checked rows that
    may fail. A row for which the condition is null fails. If nulls are allowed, begin the condition
    with `... is null or`.
    """
    return Expectation(
        name=name,
        description=description,
        kind="every_row",
        columns=tuple(columns),
        arguments={"condition": condition, "where": where, "tolerance": tolerance},
        **_with_dimension(options, "consistency"),
    )


def every_record(
    name: str,
    condition: str,
    *,
    description: str,
    where: str = "true",
    tolerance: float = 0.0,
    columns: Sequence[str] = (),
    **options: Any,
) -> Expectation:
    """Expect that a condition is true for the latest version of every record in a raw table.

    Earlier versions and deleted records are not checked. The arguments are those of `every_row`.
    """
    expectation = every_row(
        name,
        condition,
        description=description,
        where=where,
        tolerance=tolerance,
        columns=columns,
        **options,
    )
    return replace(expectation, kind="every_record")


def every_result(
    name: str,
    query: str,
    *,
    description: str,
    tolerance: float = 0.0,
    columns: Sequence[str] = (),
    **options: Any,
) -> Expectation:
    """Expect that the column `holds` is true in every row that a query returns.

    `tolerance` is the share of rows that may fail. The other columns of the query identify the
    checked row. If the check fails, only these columns are stored.
    """
    return Expectation(
        name=name,
        description=description,
        kind="every_result",
        columns=tuple(columns),
        arguments={"query": query, "tolerance": tolerance},
        **_with_dimension(options, "integrity"),
    )


def no_rows(
    name: str, query: str, *, description: str, columns: Sequence[str] = (), **options: Any
) -> Expectation:
    """Expect that a query returns no rows. The columns of the query identify each failure."""
    return Expectation(
        name=name,
        description=description,
        kind="no_rows",
        columns=tuple(columns),
        arguments={"query": query},
        **_with_dimension(options, "reconciliation"),
    )


def sql(text: str, **parts: str) -> str:
    """Return the SQL with each `<<name>>` replaced by the argument of that name.

    The arguments are SQL text, never data.
    """
    for name, part in parts.items():
        text = text.replace(f"<<{name}>>", part)
    return text


# If all columns of a valid unique index are among the given columns, the database already ensures
# that no two rows have the same values in the given columns. The rows are then not counted.
_DUPLICATES = """
select <<key>>
from {rows}
where not exists (
    select
    from pg_catalog.pg_index as unique_index
    where unique_index.indrelid = '{rows}'::regclass
        and unique_index.indisunique
        and unique_index.indisvalid
        and unique_index.indpred is null
        and (
            select array_agg(indexed_column.attname::text)
            from unnest(unique_index.indkey) as part (attnum)
            left join pg_catalog.pg_attribute as indexed_column
                on indexed_column.attrelid = unique_index.indrelid
                and indexed_column.attnum = part.attnum
        ) <@ array[<<names>>]
)
group by <<key>>
having count(*) > 1
"""


def unique(
    *columns: str, description: str, name: str = "key_unique", **options: Any
) -> Expectation:
    """Expect that no two rows have the same values in these columns."""
    names = ", ".join(f"'{column}'" for column in columns)
    return no_rows(
        name,
        sql(_DUPLICATES, key=", ".join(columns), names=names),
        description=description,
        columns=columns,
        **{"dimension": "uniqueness", **options},
    )


def flatten(expectations: Expectations) -> tuple[Expectation, ...]:
    """Return the expectations of a suite function as one tuple, without nested sequences."""
    flat: list[Expectation] = []
    for item in expectations:
        flat.extend((item,) if isinstance(item, Expectation) else item)
    return tuple(flat)


def _with_dimension(options: Mapping[str, Any], default: Dimension) -> dict[str, Any]:
    """Return the options. If they give no dimension, add `default` as the dimension.

    Raises:
        TypeError: The options have a name that is not an option.
    """
    unknown = set(options) - {"dimension", "severity", "owner", "holds"}
    if unknown:
        raise TypeError(
            f"an expectation has no {', '.join(sorted(unknown))}: "
            "the options are dimension, severity, owner and holds"
        )
    return {"dimension": default, **options}
