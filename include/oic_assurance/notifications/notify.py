"""Send each channel the changes that have not been sent to it, and record what was sent."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

import psycopg

from oic_assurance.errors import UsageError
from oic_assurance.notifications.channels import Channel, NotDelivered, configured
from oic_assurance.notifications.notification import Change, SentNotification, changes
from oic_assurance.notifications.problems import ROLE, open_problems
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import NOTIFICATIONS, take
from oic_assurance.warehouse.rows import all_records

DEADLINE = "ASSURANCE_RUN_DEADLINE"
DEFAULT_DEADLINE = "07:30"


@dataclass(frozen=True)
class Attempt:
    """An attempt to send changes to a channel.

    `failure` says why the channel did not accept the message. None means that it was accepted.
    """

    channel: str
    to_whom: str
    news: Sequence[Change]
    failure: str | None


def notify(settings: Settings, now: datetime) -> list[Attempt]:
    """Send each channel one message with the changes since its last notification.

    `now` must have a time zone. Returns one attempt for each channel for which there were changes.

    - If a channel does not accept its message, the other channels still get theirs. The next call
      sends the message again.
    - Only one process sends at a time. A second process waits for the first, and then finds nothing
      left to send.
    - If a process is killed after sending a message and before recording it, the next call sends
      the message a second time. A message that arrives twice is better than one that never arrives.

    Raises:
        UsageError: The environment variable for a channel or for the deadline is not valid.
        ServerError: The warehouse cannot be reached.
    """
    channels = configured()
    if not channels:
        return []
    problems = open_problems(settings, now, run_deadline())
    with connect(settings, role=ROLE, autocommit=True) as warehouse:
        # The lock needs no explicit release, because it ends with the connection.
        take(warehouse, NOTIFICATIONS)
        found = [
            (channel, changes(problems, _last_sent(warehouse, channel.name)))
            for channel in channels
        ]
        return [_send(settings, warehouse, channel, news) for channel, news in found if news]


def run_deadline(environment: Mapping[str, str] | None = None) -> time:
    """Return the time of day, in London, by which the daily run should have published.

    It is read from the environment variables of the process, or from those given.

    Raises:
        UsageError: ASSURANCE_RUN_DEADLINE is not a time of day.
    """
    given = (os.environ if environment is None else environment).get(
        DEADLINE, ""
    ).strip() or DEFAULT_DEADLINE
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
                    channel.name,
                    channel.to_whom,
                    change.kind,
                    change.subject,
                    change.event,
                    change.what,
                    change.cause,
                    change.since,
                )
                for change in news
            ],
        )
    return Attempt(channel.name, channel.to_whom, news, None)


def _last_sent(warehouse: psycopg.Connection, channel: str) -> list[SentNotification]:
    """Return the last notification sent to a channel for each kind and subject."""
    return all_records(
        warehouse,
        SentNotification,
        """
        select distinct on (kind, subject) kind, subject, event, what, cause, since
        from audit.notification
        where channel = %s
        order by kind, subject, notification_id desc
        """,
        (channel,),
    )
