"""`assurance metrics` for monitoring, and the programs `assurance mf` and `assurance dbt`."""

import sys

import click

from oic_assurance.builds.development import run_dbt_beside
from oic_assurance.pipeline import export_metrics
from oic_assurance.reporting.metricflow import run_metricflow
from oic_assurance.reporting.metrics import as_text, collect
from oic_assurance.settings import load_settings


@click.command()
@click.option(
    "--export",
    "is_export",
    is_flag=True,
    help="Print nothing: write the file that ASSURANCE_METRICS_FILE names.",
)
def metrics(is_export: bool) -> None:
    """Print metrics as OpenMetrics text: publication, run, datasets, checks, back-ups, problems.

    The daily run exports them at its end, and Airflow's scheduler exports them every 15 minutes.
    """
    settings = load_settings()
    if is_export:
        export_metrics(settings)
    else:
        sys.stdout.write(as_text(collect(settings)))


# The setting passes all arguments to MetricFlow, even options after the first argument, such as
# `--help` in `query --help`.
@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def mf(arguments: tuple[str, ...]) -> None:
    """Query measures by name with MetricFlow, using the read-only login of BI tools.

    ARGUMENTS are a MetricFlow command, such as `query --metrics nccu_intel_compliance --group-by
    metric_time__month`, `list metrics` or `validate-configs`. `query --help` explains queries.
    """
    run_metricflow(load_settings(), arguments)


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
