"""`assurance metrics`: print or export the metrics for a force's monitoring."""

import sys

import click

from oic_assurance.pipeline import export_metrics
from oic_assurance.reporting.telemetry.collected import collect
from oic_assurance.reporting.telemetry.text import as_text
from oic_assurance.settings import load_settings


@click.command()
@click.option(
    "--export",
    "is_export",
    is_flag=True,
    help="Print nothing: write the file and send to the collector that the settings name.",
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
