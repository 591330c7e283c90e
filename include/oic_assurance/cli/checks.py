"""`assurance checks`: show which checks of a build failed, and on which rows."""

import click
from psycopg.rows import dict_row

from oic_assurance.builds.record import find_build, find_daily_build
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import ID
from oic_assurance.cli.shown import shows
from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import build_mark, enter
from oic_assurance.warehouse.rows import one_row

# The recorded results name the tables in the candidate's schemas. They are shown in the schemas in
# which readers see them.
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
    and coalesce(%(table)s, {_TABLE_NAME}) = {_TABLE_NAME}
order by array_position(array['critical', 'warning', 'info'], result.severity), table_name,
    result.result_id
"""  # noqa: S608 - a constant of this module


@click.command()
@click.argument("build_id", metavar="[BUILD]", type=ID, required=False)
@click.option(
    "--table",
    metavar="NAME",
    help="Show checks of this table only, such as marts.fct_nccu_referral.",
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    default=5,
    help="How many keys of failing rows to show for each check.",
)
@shows
def checks(build_id: int | None, table: str | None, rows: int) -> Result:
    """Show which checks of BUILD failed, who owns the checks, and the keys of the failing rows.

    BUILD is the number of a build. Without BUILD, the newest build is shown. A publication has the
    same number as its build. Builds that were not published are shown too. Showing keys is logged.
    """
    with connect(load_settings(), role="oic_gate") as warehouse:
        build = find_build(warehouse, build_id) if build_id else find_daily_build(warehouse)
        if build is None:
            which = f"build {build_id}" if build_id else "build yet"
            raise UsageError(f"There is no {which}: `assurance status` shows the last run.")
        number = build.build_id
        what = f"count of checks of build {number}"
        made, failed, tables = one_row(warehouse, _COUNTS.encode(), (number,), what=what)
        if not made:
            raise UsageError(f"Build {number} has no checks on record.")
        if table is not None and table not in tables:
            raise UnknownNameError("table", table, tables, f"with checks in build {number}")
        values = {"build_id": number, "rows": rows, "table": table}
        reader = warehouse.cursor(row_factory=dict_row)
        found = reader.execute(_FAILED.encode(), values).fetchall()
        of = ", ".join(dict.fromkeys(one["table_name"] for one in found if one["row_keys"]))
        if of:
            # DPA 2018 section 62 requires that a look at the keys of records is logged.
            enter(
                warehouse,
                "consultation",
                f"keys that checks named in {of}",
                because="to see which rows fail a check",
                run_id=build.run_id,
                concerns=[build_mark(number)],
            )
    return Result(
        [
            Facts(
                "build",
                columns(
                    *("build_id=build", "run_id=run", "as_at:moment", "checks:number"),
                    "failed:number",
                ),
                {**vars(build), "checks": made, "failed": failed},
            ),
            Table(
                "failed_checks",
                columns(
                    *("severity:state", "table_name=table", "unexpected:number=failing rows"),
                    *("evaluated:number=of", "row_keys_on_record:number=keys", ">description"),
                    *(">owner=owner:", ">reason", ">row_keys"),
                ),
                found,
            ),
            *(
                ["More keys are on record: see --rows."]
                if any(one["row_keys_on_record"] > len(one["row_keys"]) for one in found)
                else []
            ),
        ]
    )
