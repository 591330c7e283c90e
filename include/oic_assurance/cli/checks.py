"""`assurance checks`: show which checks of a build failed, and on which rows."""

import click
from psycopg.rows import dict_row

from oic_assurance.builds.record import find_build, find_daily_build
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import ID
from oic_assurance.cli.shown import shows
from oic_assurance.cli.status import COUNTED
from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import build_mark, enter

# The recorded results name the tables in the candidate's schemas. They are shown in the schemas in
# which readers see them.
_CHECKS = """
select result.success, result.severity,
    case
        when result.stage = 'dbt' then coalesce(result.dataset, result.suite)
        else regexp_replace(regexp_replace(result.suite, '^candidate[.]', 'marts.'),
            '^candidate_public[.]', 'public_release.')
    end as table_name,
    coalesce(result.description, result.expectation) as description, result.owner,
    result.evaluated, result.unexpected, coalesce(result.exception, result.observed) as reason,
    coalesce(failing.row_keys, '{}') as row_keys,
    coalesce(failing.on_record, 0) as row_keys_on_record
from audit.latest_expectation_result as result
left join audit.blocking_check as blocking using (build_id, result_id)
left join lateral (
    select (array_agg(row_key order by position))[:%(rows)s] as row_keys, count(*) as on_record
    from audit.failing_row where result_id = result.result_id
) as failing on not result.success
where result.build_id = %(build_id)s
order by array_position(array['critical', 'warning', 'info'], result.severity), place, table_name,
    result.result_id
"""

_TOTAL = """
select checks, by_great_expectations, by_postgresql_and_dbt, checks_failed as failed
from audit.gate_total
where build_id = %s
"""


@click.command()
@click.argument("build_id", metavar="[BUILD]", type=ID, required=False)
@click.option("--table", metavar="NAME", help="Only checks of this table, such as marts.dim_date.")
@click.option(
    "--rows", type=click.IntRange(min=0), default=5, help="Keys of failing rows of a check."
)
@shows
def checks(settings: Settings, build_id: int | None, table: str | None, rows: int) -> Result:
    """Show which checks of BUILD failed, who owns the checks, and the keys of the failing rows.

    BUILD is the number of a build. Without BUILD, the newest build is shown. A publication has the
    same number as its build. Builds that were not published are shown too. Showing keys is logged.
    """
    with connect(settings, role="oic_gate") as warehouse:
        build = find_build(warehouse, build_id) if build_id else find_daily_build(warehouse)
        if build is None:
            which = f"build {build_id}" if build_id else "build yet"
            raise UsageError(f"There is no {which}: `assurance status` shows the last run.")
        number = build.build_id
        reader = warehouse.cursor(row_factory=dict_row)
        made = reader.execute(_CHECKS, {"build_id": number, "rows": rows}).fetchall()
        counted = reader.execute(_TOTAL, (number,)).fetchone()
        if counted is None:
            raise UsageError(f"Build {number} has no checks on record.")
        tables = sorted({one["table_name"] for one in made})
        if table is not None and table not in tables:
            raise UnknownNameError("table", table, tables, f"with checks in build {number}")
        failed = [one for one in made if not one["success"]]
        found = [one for one in failed if table in (None, one["table_name"])]
        if of := ", ".join(dict.fromkeys(one["table_name"] for one in found if one["row_keys"])):
            # DPA 2018 section 62 requires that a look at the keys of records is logged.
            enter(
                warehouse,
                "consultation",
                f"keys that checks named in {of}",
                because="to see which rows fail a check",
                run_id=build.run_id,
                concerns=[build_mark(number)],
            )
    told = "More keys are on record: see --rows."
    is_more = any(one["row_keys_on_record"] > len(one["row_keys"]) for one in found)
    described = columns("build_id=build", "run_id=run", "as_at", *COUNTED)
    failed_checks = columns(
        *("severity:state", "table_name=table", "unexpected:number=failing rows"),
        *("evaluated:number=of", "row_keys_on_record:number=keys", ">description"),
        *(">owner=owner:", ">reason", ">row_keys"),
    )
    facts, listed = (
        Facts("build", described, {**vars(build), **counted}),
        Table("failed_checks", failed_checks, found),
    )
    return Result([facts, listed, *([told] if is_more else [])])
