"""The screen of a build's failed checks, with their owners and the keys of failed rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from oic_assurance.builds.record import Build, find_build, find_daily_build
from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.reporting.screens.layout import count, moment, wrapped
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import build_mark, enter
from oic_assurance.warehouse.rows import all_records, one_row

ROLE = "oic_gate"

# The recorded results name the tables in the candidate's schemas. The screen shows them in the
# schemas in which readers see them.
_TABLE_NAME = """
regexp_replace(regexp_replace(result.suite, '^candidate[.]', 'marts.'),
    '^candidate_public[.]', 'public_release.')
"""

_COUNTS = f"""
select count(*), count(*) filter (where not result.success),
    coalesce(array_agg(distinct {_TABLE_NAME}), '{{}}')
from audit.latest_expectation_result as result
where result.build_id = %s
"""  # noqa: S608 - a constant of this module

_FAILED = f"""
select result.severity, {_TABLE_NAME} as table_name,
    coalesce(result.description, result.expectation) as description, result.owner,
    result.evaluated, result.unexpected, coalesce(result.exception, result.observed) as reason,
    array(
        select row_key
        from audit.failing_row as failing
        where failing.result_id = result.result_id
        order by failing.position
        limit %(rows)s
    ) as row_keys,
    (select count(*) from audit.failing_row as f where f.result_id = result.result_id)
        as row_keys_on_record
from audit.latest_expectation_result as result
where result.build_id = %(build_id)s and not result.success
order by array_position(array['critical', 'warning', 'info'], result.severity), table_name,
    result.result_id
"""  # noqa: S608 - a constant of this module


@dataclass(frozen=True)
class FailedCheck:
    """A check that failed, with the keys of the first rows that failed it."""

    severity: str
    table_name: str
    description: str
    owner: str | None
    #: How many rows were checked (`evaluated`) and how many of them failed (`unexpected`). Both are
    #: None if the check is about the table as a whole.
    evaluated: int | None
    unexpected: int | None
    reason: str | None
    row_keys: Sequence[Mapping[str, Any]]
    row_keys_on_record: int


@dataclass(frozen=True)
class BuildChecks:
    """The results of a build's checks.

    `checks` is the number of checks on all tables, and `failed` is how many of them failed.
    `failed_checks` holds the failed checks on the chosen table, or on all tables.
    """

    build: Build
    checks: int
    failed: int
    failed_checks: list[FailedCheck]


def read_checks(
    settings: Settings, build_id: int | None, table: str | None, rows: int
) -> BuildChecks:
    """Return the failed checks of a build, each with at most `rows` keys of failed rows.

    If `build_id` is None, the newest daily build is read. If `table` is None, the failed checks of
    all tables are returned. Reading keys of records is logged as a consultation.

    Raises:
        UsageError: There is no such build, or no check of the build is recorded.
        UnknownNameError: The build has no check on the table.
    """
    with connect(settings, role=ROLE) as warehouse:
        build = find_build(warehouse, build_id) if build_id else find_daily_build(warehouse)
        if build is None:
            which = f"build {build_id}" if build_id else "build yet"
            raise UsageError(f"There is no {which}: `assurance status` shows the last run.")
        number = build.build_id
        what = f"count of checks of build {number}"
        checks, failed, tables = one_row(warehouse, _COUNTS.encode(), (number,), what=what)
        if not checks:
            raise UsageError(f"Build {number} has no checks on record.")
        if table is not None and table not in tables:
            raise UnknownNameError("table", table, tables, f"with checks in build {number}")
        values = {"build_id": number, "rows": rows}
        found = all_records(warehouse, FailedCheck, _FAILED.encode(), values)
        chosen = [check for check in found if table in (None, check.table_name)]
        if any(check.row_keys for check in chosen):
            _log(warehouse, build, chosen)
    return BuildChecks(build, checks, failed, chosen)


def checks_screen(found: BuildChecks) -> str:
    """Return the screen: how many checks ran and failed, followed by each failed check.

    A failed check is shown with its owner and the keys of failed rows.
    """
    build = found.build
    lines = wrapped(
        f"Build {build.build_id} of run {build.run_id}, as at {moment(build.as_at)}: "
        f"{count(found.checks, 'check')}, {found.failed:,} failed"
    )
    for check in found.failed_checks:
        lines += ["", *_lines(check)]
    return "\n".join(lines) + "\n"


def _log(warehouse: psycopg.Connection, build: Build, shown: Sequence[FailedCheck]) -> None:
    """Log who looks at record keys, as DPA 2018 section 62 requires."""
    tables = ", ".join(dict.fromkeys(check.table_name for check in shown if check.row_keys))
    enter(
        warehouse,
        "consultation",
        f"keys that checks named in {tables}",
        because="to see which rows fail a check",
        run_id=build.run_id,
        concerns=[build_mark(build.build_id)],
    )


def _lines(check: FailedCheck) -> list[str]:
    lines = wrapped(f"{check.severity}: {check.table_name}: {check.description}", 0)
    owner = f"owner: {check.owner or 'not named'}"
    if check.unexpected is not None:
        of_all = f" of {check.evaluated:,}" if check.evaluated else ""
        owner = f"{check.unexpected:,}{of_all} rows fail; {owner}"
    lines += wrapped(owner, 2)
    if check.reason:
        lines += wrapped(check.reason, 2)
    for key in check.row_keys:
        lines += wrapped(_key(key), 6, "    ")
    more = check.row_keys_on_record - len(check.row_keys)
    if more > 0:
        lines.append(f"    and {count(more, 'more key')} on record: see --rows")
    return lines


def _key(key: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in key.items()
    )
