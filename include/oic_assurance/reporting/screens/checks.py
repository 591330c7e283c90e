"""What a person sees of the checks of a build: what was not kept, whose it is, and the keys."""

import getpass
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from oic_assurance.errors import UsageError
from oic_assurance.reporting.screens.layout import count, moment, wrapped
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

ROLE = "oic_gate"

_BUILD = """
select build.build_id, build.run_id, build.as_at, count(*) as checks,
    count(*) filter (where not result.success) as failed
from audit.build as build
inner join audit.latest_expectation_result as result using (build_id)
where build.build_id = coalesce(
    %s, (select max(build_id) from audit.build where purpose = 'daily')
)
group by build.build_id
"""

_BROKEN = """
select result.severity,
    regexp_replace(regexp_replace(result.suite, '^candidate[.]', 'marts.'),
        '^candidate_public[.]', 'public_release.') as table_name,
    coalesce(result.description, result.expectation) as words, result.owner, result.evaluated,
    result.unexpected, coalesce(result.exception, result.observed) as reason,
    array(
        select row_key
        from audit.failing_row as failing
        where failing.result_id = result.result_id
        order by failing.position
        limit %(rows)s
    ) as keys,
    (select count(*) from audit.failing_row as f where f.result_id = result.result_id) as kept
from audit.latest_expectation_result as result
where result.build_id = %(build_id)s and not result.success
order by array_position(array['critical', 'warning', 'info'], result.severity), table_name,
    result.result_id
"""


@dataclass(frozen=True)
class _Build:
    build_id: int
    run_id: str
    as_at: datetime
    checks: int
    failed: int


@dataclass(frozen=True)
class _Broken:
    """A promise that was not kept; `keys` are the first rows asked for, `kept` all on record."""

    severity: str
    table_name: str
    words: str
    owner: str | None
    evaluated: int | None
    unexpected: int | None
    reason: str | None
    keys: Sequence[Mapping[str, Any]]
    kept: int


def checks_screen(settings: Settings, build_id: int | None, table: str | None, rows: int) -> str:
    """Return what was not kept in a build (none: the newest), with the keys of some rows of each.

    A build without checks is a `UsageError`.
    """
    with connect(settings, role=ROLE) as warehouse:
        build = warehouse.cursor(row_factory=class_row(_Build)).execute(_BUILD, (build_id,))
        found = build.fetchone()
        if found is None:
            which = f"build {build_id}" if build_id else "any build"
            raise UsageError(f"No checks of {which} are on record.")
        broken = [
            one
            for one in _broken(warehouse, found.build_id, rows)
            if table in (None, one.table_name)
        ]
        if any(one.keys for one in broken):
            _log(warehouse, found, broken)
    lines = [
        f"Build {found.build_id} of run {found.run_id}, as at {moment(found.as_at)}: "
        f"{count(found.checks, 'check')}, {found.failed:,} not kept"
    ]
    for one in broken:
        lines += ["", *_lines(one)]
    return "\n".join(lines) + "\n"


def _broken(warehouse: psycopg.Connection, build_id: int, rows: int) -> list[_Broken]:
    cursor = warehouse.cursor(row_factory=class_row(_Broken))
    return cursor.execute(_BROKEN, {"build_id": build_id, "rows": rows}).fetchall()


def _log(warehouse: psycopg.Connection, build: _Build, shown: Sequence[_Broken]) -> None:
    """Enter whose keys were looked at, and by whom, as DPA 2018 section 62 asks."""
    tables = ", ".join(dict.fromkeys(one.table_name for one in shown if one.keys))
    warehouse.execute(
        """
        insert into audit.processing_log (action, who, what, run_id)
        values ('consultation', session_user || ' for ' || %s::text, %s, %s)
        """,
        (getpass.getuser(), f"keys that checks named in {tables}", build.run_id),
    )


def _lines(one: _Broken) -> list[str]:
    """Return a promise in words, how many rows broke it and whose it is, then their keys."""
    lines = wrapped(f"{one.severity}: {one.table_name}: {one.words}", 0)
    if one.unexpected is not None:
        number = f"{one.unexpected:,}"
        number += f" of {one.evaluated:,}" if one.evaluated else ""
        lines += wrapped(f"{number}; put right by: {one.owner or 'nobody named'}", 2)
    else:
        lines += wrapped(f"put right by: {one.owner or 'nobody named'}", 2)
    if one.reason:
        lines += wrapped(one.reason, 2)
    lines += [f"    {_key(key)}" for key in one.keys]
    more = one.kept - len(one.keys)
    if more > 0:
        lines.append(f"    and {count(more, 'more key')} on record: see --rows")
    return lines


def _key(key: Mapping[str, Any]) -> str:
    """Return a key as its columns and what stands in them."""
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in key.items()
    )
