"""Look whether the warehouse answers, what its clock says, and whether the policy can be used."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from oic_assurance.builds.policy_check import NOTICE, Ending, check_policy, ending_soon
from oic_assurance.builds.seeds import SeedsError
from oic_assurance.builds.version import SEEDS
from oic_assurance.clock import london_day, start_of_day, utc_now
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding, State
from oic_assurance.warehouse.clocks import LITTLE, read_clocks
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
    what = f"{clocks.apart.total_seconds():.1f} s from the server's; in {time.strftime('%Z')}"
    if clocks.fault is not None:
        yield Finding("this machine", "failed", clocks.fault, SET_THE_CLOCK, since=clocks.theirs)
    else:
        state: State = "ok" if clocks.apart <= LITTLE else "advice"
        yield Finding("this machine", state, what, "" if state == "ok" else SET_THE_CLOCK)


def look_at_policy(settings: Settings) -> Iterator[Finding]:
    """Find whether the policy of today can be used, and which seeds end soon.

    A seed ends soon if one of its rows ends within weeks and no row follows it.
    """
    today = london_day(utc_now())
    by_seed: dict[str, list[Ending]] = {}
    try:
        check_policy(settings, today)
        for ending in ending_soon(settings, today):
            by_seed.setdefault(ending.seed, []).append(ending)
    except SeedsError as error:
        changed = max(path.stat().st_mtime for path in (settings.project_root / SEEDS).rglob("*"))
        since = datetime.fromtimestamp(changed, UTC)
        yield Finding("seeds", "failed", error.message, since=since)
        return
    for seed, endings in by_seed.items():
        since = start_of_day(min(one.day for one in endings) - NOTICE)
        yield Finding(seed, "attention", "; ".join(one.what for one in endings), since=since)
    if not by_seed:
        yield Finding("seeds", "ok", "can be used today, and none ends soon")
