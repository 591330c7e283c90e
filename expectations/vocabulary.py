"""The words that suites are written in.

A suite is a function that returns promises about one table. A promise says in a supervisor's words
what must hold, how bad it is when it does not, and who puts it right. Nothing here knows Great
Expectations: `oic_assurance.gates` turns promises into its expectations when the gate runs, so that
reading the suites costs nothing.

SQL in a promise names places by placeholders, which the gate fills in for the build it audits:

- `{rows}`: the table of the suite; `{texts}`: a query of every text in it, with the column's name;
  `{current}`, in landing suites: its records as they are now;
- `{candidate}` `{candidate_public}` `{intermediate}` `{raw_general}` `{raw_law_enforcement}`
  `{audit}` `{policy}`: schemas;
- `{build_id}` `{known_batch_id}`: numbers; `{as_at}`: the moment that the build is for.
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
    "every",
    "nothing",
]

CRITICAL: Severity = "critical"
WARNING: Severity = "warning"
INFO: Severity = "info"
STAGES: tuple[Stage, ...] = get_args(Stage)

# Who puts it right.
DATA_ENGINEERING = "data engineering"
RMS_TEAM = "records management system team"
INTELLIGENCE_BUREAU = "force intelligence bureau"
HR_TEAM = "human resources systems team"
LEARNING_TEAM = "learning and development"
ASSURANCE_LEAD = "assurance lead"


@dataclass(frozen=True)
class Promise:
    """One thing that must hold, as a reader would put it."""

    name: str
    words: str
    kind: Kind
    dimension: Dimension
    severity: Severity = CRITICAL
    #: Empty: whoever owns the table.
    owner: str = ""
    columns: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def column_name(self) -> str | None:
        """Return the column or columns that the promise speaks about, for the record of results."""
        return ", ".join(self.columns) or None


@dataclass(frozen=True)
class Suite:
    """All promises about one table."""

    name: str
    stage: Stage
    dataset: str
    schema: str
    table: str
    key: tuple[str, ...]
    words: str
    promises: tuple[Promise, ...]
    versioned: bool = False


Promises = Iterable["Promise | Iterable[Promise]"]
SuiteFunction = Callable[[], Promises]


def filled(*columns: str, words: str, **how: Any) -> tuple[Promise, ...]:
    """Promise that no column is ever blank. `{column}` in the words is the column's name."""
    return tuple(
        Promise(
            name=f"{column}_filled",
            words=words.format(column=column),
            kind="filled",
            columns=(column,),
            **_how(how, "completeness"),
        )
        for column in columns
    )


def one_of(column: str, values: Sequence[str], *, words: str, **how: Any) -> Promise:
    """Promise that a column, where it says anything, says one of the listed codes."""
    return Promise(
        name=f"{column}_listed",
        words=words,
        kind="one_of",
        columns=(column,),
        arguments={"values": tuple(values)},
        **_how(how, "validity"),
    )


def matches(column: str, pattern: str, *, words: str, **how: Any) -> Promise:
    """Promise that a column, where it says anything, has the form of a regular expression."""
    return Promise(
        name=f"{column}_well_formed",
        words=words,
        kind="matches",
        columns=(column,),
        arguments={"pattern": pattern},
        **_how(how, "validity"),
    )


def between(
    column: str, low: float | None, high: float | None, *, words: str, **how: Any
) -> Promise:
    """Promise that a number, where there is one, lies between two bounds; none is no bound."""
    return Promise(
        name=f"{column}_in_range",
        words=words,
        kind="between",
        columns=(column,),
        arguments={"low": low, "high": high},
        **_how(how, "validity"),
    )


def has_columns(*columns: str, words: str, exactly: bool = False, **how: Any) -> Promise:
    """Promise that the table has these columns: at least, or these and no others."""
    return Promise(
        name="columns_exact" if exactly else "columns_present",
        words=words,
        kind="columns",
        arguments={"columns": tuple(columns), "exactly": exactly},
        **_how(how, "validity"),
    )


def every_row(
    name: str,
    condition: str,
    *,
    words: str,
    among: str = "true",
    tolerating: float = 0.0,
    columns: Sequence[str] = (),
    **how: Any,
) -> Promise:
    """Promise that a condition is true of every row (of those `among`), but for a tolerated share.

    A condition that comes out as null is not true: say `is null or` where a blank is in order.
    """
    return Promise(
        name=name,
        words=words,
        kind="every_row",
        columns=tuple(columns),
        arguments={"condition": condition, "among": among, "tolerating": tolerating},
        **_how(how, "consistency"),
    )


def every_record(
    name: str,
    condition: str,
    *,
    words: str,
    among: str = "true",
    tolerating: float = 0.0,
    columns: Sequence[str] = (),
    **how: Any,
) -> Promise:
    """Promise the same of every record of a raw table as it is now, whatever it was before."""
    promise = every_row(
        name, condition, words=words, among=among, tolerating=tolerating, columns=columns, **how
    )
    return replace(promise, kind="every_record")


def every(
    name: str,
    query: str,
    *,
    words: str,
    tolerating: float = 0.0,
    columns: Sequence[str] = (),
    **how: Any,
) -> Promise:
    """Promise that `holds` is true in every row of a query, but for a tolerated share.

    The query's other columns are the key of what is checked; they alone are kept when it fails.
    """
    return Promise(
        name=name,
        words=words,
        kind="every",
        columns=tuple(columns),
        arguments={"query": query, "tolerating": tolerating},
        **_how(how, "integrity"),
    )


def nothing(
    name: str, query: str, *, words: str, columns: Sequence[str] = (), **how: Any
) -> Promise:
    """Promise that a query finds nothing. What it selects is the key of what is wrong."""
    return Promise(
        name=name,
        words=words,
        kind="nothing",
        columns=tuple(columns),
        arguments={"query": query},
        **_how(how, "reconciliation"),
    )


def sql(text: str, **parts: str) -> str:
    """Return SQL with each `<<name>>` replaced: lists and fragments of our own, never data."""
    for name, part in parts.items():
        text = text.replace(f"<<{name}>>", part)
    return text


# Counting is spared where a unique index already sees to it.
_DUPLICATES = """
select <<key>>
from {rows}
where not exists (
    select
    from pg_catalog.pg_index as i
    where i.indrelid = '{rows}'::regclass
        and i.indisunique
        and i.indisvalid
        and i.indpred is null
        and (
            select array_agg(a.attname::text)
            from unnest(i.indkey) as part (attnum)
            left join pg_catalog.pg_attribute as a
                on a.attrelid = i.indrelid and a.attnum = part.attnum
        ) <@ array[<<names>>]
)
group by <<key>>
having count(*) > 1
"""


def unique(*columns: str, words: str, name: str = "key_unique", **how: Any) -> Promise:
    """Promise that no two rows have the same columns."""
    names = ", ".join(f"'{column}'" for column in columns)
    return nothing(
        name,
        sql(_DUPLICATES, key=", ".join(columns), names=names),
        words=words,
        columns=columns,
        **{"dimension": "uniqueness", **how},
    )


def flatten(promises: Promises) -> tuple[Promise, ...]:
    """Return the promises of a suite function as one flat row."""
    flat: list[Promise] = []
    for item in promises:
        flat.extend((item,) if isinstance(item, Promise) else item)
    return tuple(flat)


def _how(given: Mapping[str, Any], dimension: Dimension) -> dict[str, Any]:
    """Return dimension, severity and owner: what was said, or what the kind of promise implies."""
    unknown = set(given) - {"dimension", "severity", "owner"}
    if unknown:
        raise TypeError(f"a promise has no {', '.join(sorted(unknown))}")
    return {"dimension": dimension, **given}
