"""Export metrics in each way that the deployment configures: to a file, to a collector, or both."""

from oic_assurance.reporting.telemetry import push, text
from oic_assurance.reporting.telemetry.collected import collect
from oic_assurance.settings import Settings


def export(settings: Settings) -> None:
    """Write the metrics to the file and send them to the collector. Without either, do nothing.

    Raises:
        ServerError: The warehouse cannot be reached.
        UsageError: A setting is not valid, or the file cannot be written.
        AssuranceError: The collector did not take the metrics.
    """
    if not (text.is_wanted() or push.is_wanted()):
        return
    samples = collect(settings)
    if text.is_wanted():
        text.write_file(samples)
    if push.is_wanted():
        push.send(samples, settings.force_code)
