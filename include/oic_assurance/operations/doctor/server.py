"""Look whether the warehouse answers, and whether its clock agrees with this machine's."""

import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from oic_assurance.clock import london_text
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.doctor.finding import Finding, State
from oic_assurance.settings import Settings
from oic_assurance.warehouse.clocks import LITTLE, MUCH, read_clocks
from oic_assurance.warehouse.connections import connect, describe, warehouse_url
from oic_assurance.warehouse.embedded import is_running

SET_THE_CLOCK = "`timedatectl status` shows whether the clock is set by a time server"


def answers(settings: Settings) -> bool:
    """Tell whether the warehouse accepts a session of its owner."""
    try:
        connect(settings).close()
    except AssuranceError:
        return False
    return True


def look_at_server(settings: Settings) -> Iterator[Finding]:
    """Find whether the warehouse answers."""
    try:
        with connect(settings) as warehouse:
            place = describe(warehouse_url(settings))
            where = "embedded server" if is_running(settings) else "server"
            version = warehouse.info.parameter_status("server_version") or "?"
            yield Finding("warehouse", "ok", f"{where} with PostgreSQL {version}: {place}")
    except AssuranceError as error:
        yield Finding("warehouse", "failed", error.message, "`assurance db start`")


def look_at_clock(settings: Settings) -> Iterator[Finding]:
    """Compare this machine's clock with the server's, and with the newest moment on record."""
    try:
        ZoneInfo("Europe/London")
    except KeyError:
        yield Finding("zones", "failed", "Europe/London is not known here", "install tzdata")
    with connect(settings, role="oic_gate") as warehouse:
        clocks = read_clocks(warehouse)
    apart = f"{clocks.apart.total_seconds():.1f} s from the server's"
    what = f"{apart}; this machine is in {time.strftime('%Z')}"
    if clocks.apart <= LITTLE:
        yield Finding("clock", "ok", what)
    else:
        state: State = "attention" if clocks.apart <= MUCH else "failed"
        yield Finding("clock", state, what, SET_THE_CLOCK)
    if clocks.newest is not None and clocks.is_behind_the_record:
        what = f"it is of {london_text(clocks.newest)}, which is later than now"
        yield Finding("newest run or publication", "failed", what, SET_THE_CLOCK)
