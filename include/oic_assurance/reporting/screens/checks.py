"""What a person sees of the checks of a build: what was not kept, whose it is, and the keys."""

import getpass
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from oic_assurance.builds.record import Build, find_build, find_daily_build
from oic_assurance.errors import UsageError
from oic_assurance.reporting.screens.layout import count, moment, wrapped
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import all_records, one_row

ROLE = "oic_gate"

_COUNTS = """
select count(*), count(*) filter (where not success)
from audit.latest_expectation_result
where build_id = %s
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
        build = find_build(warehouse, build_id) if build_id else find_daily_build(warehouse)
        checks, failed = _counts(warehouse, build) if build else (0, 0)
        if build is None or checks == 0:
            which = f"build {build_id}" if build_id else "any build"
            raise UsageError(f"No checks of {which} are on record.")
        broken = [
            one
            for one in _broken(warehouse, build.build_id, rows)
            if table in (None, one.table_name)
        ]
        if any(one.keys for one in broken):
            _log(warehouse, build, broken)
    lines = wrapped(
        f"Build {build.build_id} of run {build.run_id}, as at {moment(build.as_at)}: "
        f"{count(checks, 'check')}, {failed:,} failed"
    )
    for one in broken:
        lines += ["", *_lines(one)]
    return "\n".join(lines) + "\n"


def _counts(warehouse: psycopg.Connection, build: Build) -> tuple[int, int]:
    """Return how many checks of a build are on record, and how many of them failed."""
    what = f"count of checks of build {build.build_id}"
    checks, failed = one_row(warehouse, _COUNTS.encode(), (build.build_id,), what=what)
    return int(checks), int(failed)


def _broken(warehouse: psycopg.Connection, build_id: int, rows: int) -> list[_Broken]:
    values = {"build_id": build_id, "rows": rows}
    return all_records(warehouse, _Broken, _BROKEN.encode(), values)


def _log(warehouse: psycopg.Connection, build: Build, shown: Sequence[_Broken]) -> None:
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
    for key in one.keys:
        lines += wrapped(_key(key), 6, "    ")
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
