"""Look whether the warehouse answers, and whether its clock agrees with this machine's."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

from oic_assurance import clock
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.doctor.finding import Finding
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, describe, reason, warehouse_url
from oic_assurance.warehouse.embedded import is_running
from oic_assurance.warehouse.rows import one_row, relation_exists

#: The largest difference between two clocks. Freshness and deadlines are counted in minutes.
LITTLE, MUCH = timedelta(seconds=5), timedelta(minutes=2)
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
    zone = time.strftime("%Z")
    with connect(settings) as warehouse:
        began = clock.utc_now()
        (theirs,) = one_row(warehouse, "select clock_timestamp()", what="clock")
        ended = clock.utc_now()
        yield _compared(began + (ended - began) / 2, theirs, zone)
    with connect(settings, role="oic_gate") as warehouse:
        if relation_exists(warehouse, "audit.run"):
            yield from _newest(warehouse, ended)


def _compared(ours: datetime, theirs: datetime, zone: str) -> Finding:
    apart = abs(theirs - ours)
    what = f"{apart.total_seconds():.1f} s from the server's; this machine is in {zone}"
    if apart <= LITTLE:
        return Finding("clock", "ok", what)
    return Finding("clock", "attention" if apart <= MUCH else "failed", what, SET_THE_CLOCK)


def _newest(warehouse: psycopg.Connection, now: datetime) -> Iterator[Finding]:
    """Find whether a run was recorded in the future: then a clock was set back since."""
    try:
        (newest,) = one_row(warehouse, "select max(started_at) from audit.run", what="runs")
    except psycopg.Error as error:
        yield Finding("newest run", "unknown", reason(error))
        return
    if newest is not None and newest > now + LITTLE:
        what = f"a run was started at {newest:%Y-%m-%d %H:%M} UTC, which is later than now"
        yield Finding("newest run", "failed", what, SET_THE_CLOCK)
