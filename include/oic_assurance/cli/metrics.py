"""`assurance mf`: MetricFlow's own commands, over what was published."""

import click


# What follows MetricFlow's command is MetricFlow's, `--help` too.
@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def mf(arguments: tuple[str, ...]) -> None:
    """Ask for metrics by name, as the read-only login of BI tools.

    ARGUMENTS are MetricFlow's own, as in `query --metrics nccu_intel_compliance --group-by
    metric_time__month`, `list metrics` or `validate-configs`. `query --help` says how to ask.
    """
    from oic_assurance.reporting.screens.metrics import run_metricflow
    from oic_assurance.settings import load_settings

    run_metricflow(load_settings(), arguments)
