"""`assurance mf`: run the commands of MetricFlow on the published marts."""

import click

from oic_assurance.reporting.screens.metrics import run_metricflow
from oic_assurance.settings import load_settings


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
