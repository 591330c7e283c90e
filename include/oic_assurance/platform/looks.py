"""The doctor's looks at what is above its own room: Airflow, notifications, running commands."""

from collections.abc import Iterator

from oic_assurance.errors import UsageError
from oic_assurance.notifications.channels import configured
from oic_assurance.platform.airflow.look import look_at_airflow
from oic_assurance.platform.process_lock import holder_of
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding, Look

#: The commands of which one at a time runs in a state folder.
COMMANDS = ("run", "up", "superset")


def look_at_notifications(settings: Settings) -> Iterator[Finding]:
    """Find whether somebody is told if a run makes no publication."""
    try:
        channels = configured()
    except UsageError as error:
        yield Finding("notifications", "failed", error.message, "docs/how-to/monitor.md")
        return
    if not channels:
        what = "nobody is told if no publication is made"
        yield Finding("notifications", "advice", what, "docs/how-to/monitor.md")
    for channel in channels:
        yield Finding("notifications", "ok", f"{channel.name} to {channel.to_whom}")


def look_at_commands(settings: Settings) -> Iterator[Finding]:
    """Find which commands run in this state folder. A lock of an ended process does not count."""
    running = [(name, pid) for name in COMMANDS if (pid := holder_of(settings, name)) is not None]
    for name, pid in running:
        yield Finding("running commands", "ok", f"`assurance {name}` (process {pid})")
    if not running:
        yield Finding("running commands", "ok", "no command holds a lock")


LOOKS = (
    Look("Runs", "running commands", look_at_commands, (), needs_warehouse=False),
    Look("Runs", "notifications", look_at_notifications, ("notifications",), needs_warehouse=False),
    Look("Airflow", "Airflow", look_at_airflow, ("airflow",), needs_warehouse=False),
)
