"""Tells each channel what it has not been told yet, and keeps what it was told."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

import psycopg
from psycopg.rows import class_row

from oic_assurance.errors import UsageError
from oic_assurance.notifications.alarm import Change, Told, changes
from oic_assurance.notifications.channels import Channel, NotDelivered, configured
from oic_assurance.notifications.watch import ROLE, open_alarms
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

# Any number will do, as long as it is always this one.
ADVISORY_LOCK = 4_620_122
DEADLINE = "ASSURANCE_RUN_DEADLINE"
DEFAULT_DEADLINE = "07:30"


@dataclass(frozen=True)
class Attempt:
    """What was news to a channel, and whether it was delivered: None, or why not."""

    channel: str
    to_whom: str
    news: Sequence[Change]
    failure: str | None


def notify(settings: Settings, now: datetime) -> list[Attempt]:
    """Send what is news to each channel in one message, and return what came of it.

    What a channel did not take is tried again the next time; it keeps no other channel waiting. One
    process at a time does this; who comes second finds nothing left to say. Killed between sending
    and keeping, the next one says it once more: twice is better than never.
    """
    channels = configured()
    if not channels:
        return []
    alarms = open_alarms(settings, now, run_deadline())
    with connect(settings, role=ROLE, autocommit=True) as warehouse:
        warehouse.execute("select pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        found = [(channel, changes(alarms, _told(warehouse, channel.name))) for channel in channels]
        return [_send(settings, warehouse, channel, news) for channel, news in found if news]


def run_deadline() -> time:
    """Return when the daily run should have published, by London's clock."""
    given = os.environ.get(DEADLINE, "").strip() or DEFAULT_DEADLINE
    try:
        return time.fromisoformat(given).replace(tzinfo=None)
    except ValueError as error:
        raise UsageError(f"{DEADLINE}: '{given}' is not a time of day such as 07:30.") from error


def _send(
    settings: Settings, warehouse: psycopg.Connection, channel: Channel, news: Sequence[Change]
) -> Attempt:
    try:
        channel.send(settings.force_code, news)
    except NotDelivered as error:
        return Attempt(channel.name, channel.to_whom, news, error.message)
    with warehouse.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.notification (
                channel, to_whom, kind, subject, event, what, cause, since
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (
                    channel.name, channel.to_whom, change.kind, change.subject, change.event,
                    change.what, change.cause, change.since,
                )
                for change in news
            ],
        )  # fmt: skip
    return Attempt(channel.name, channel.to_whom, news, None)


def _told(warehouse: psycopg.Connection, channel: str) -> list[Told]:
    """Return the last that a channel was told of each alarm."""
    cursor = warehouse.cursor(row_factory=class_row(Told))
    return cursor.execute(
        """
        select distinct on (kind, subject) kind, subject, event, what, cause, since
        from audit.notification
        where channel = %s
        order by kind, subject, notification_id desc
        """,
        (channel,),
    ).fetchall()
