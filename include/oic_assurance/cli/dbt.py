"""`assurance dbt`: dbt's own command, for a person who changes a model."""

import click

from oic_assurance.builds.development import run_dbt_beside
from oic_assurance.settings import load_settings


# The settings pass all arguments to dbt, such as `--quiet` in `--quiet build`, or `--help` in
# `build --help`.
@click.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def dbt(arguments: tuple[str, ...]) -> int:
    """Run dbt on models that you change. Nothing that a run or a reader uses is changed.

    ARGUMENTS are a dbt command, such as `build --select int_measure`: it builds one model from the
    tables of the latest run, and runs its tests. The tables that it builds are dropped at its end.
    """
    return run_dbt_beside(load_settings(), arguments)
