"""Send each channel the changes that have not been sent to it, and record what was sent."""

import contextlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.errors import ServerError
from oic_assurance.notifications.channels import Channel, NotDelivered, configured
from oic_assurance.notifications.notification import Change, SentNotification, changes
from oic_assurance.settings import Settings
from oic_assurance.state.apply import ROLE
from oic_assurance.state.read import Problem, cause_of, no_server, open_problems
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.locks import NOTIFICATIONS, take
from oic_assurance.warehouse.rows import all_records

LOG = logging.getLogger(__name__)
#: The file in the state folder that remembers who was told that the warehouse does not answer.
TOLD_WITHOUT_SERVER = "told_without_server.json"


@dataclass(frozen=True)
class Attempt:
    """An attempt to send changes to a channel.

    `failure` says why the channel did not accept the message. None means that it was accepted.
    """

    channel: str
    to_whom: str
    news: Sequence[Change]
    failure: str | None


def notify(settings: Settings, now: datetime | None = None) -> list[Attempt]:
    """Send each channel one message with the changes since its last notification.

    `now` must have a time zone. The default is now, by the server's clock. Returns one attempt for
    each channel for which there were changes.

    - If a channel does not accept its message, the other channels still get theirs. The next call
      sends the message again.
    - Only one process sends at a time. A second process waits for the first, and then finds nothing
      left to send.
    - If a process is killed after sending a message and before recording it, the next call sends
      the message a second time. A message that arrives twice is better than one that never arrives.

    Raises:
        UsageError: The environment variable for a channel or for the deadline is not valid.
        ServerError: The warehouse cannot be reached. Each channel was told so, once.
    """
    channels = configured()
    if not channels:
        return []
    try:
        with connect(settings, role=ROLE, autocommit=True) as warehouse:
            # The lock needs no explicit release, because it ends with the connection.
            take(warehouse, NOTIFICATIONS)
            # What was read before the lock can be over by now, and told as over by the process that
            # held the lock: it would be told once more as new.
            problems = open_problems(settings, now)
            _record_what_was_told_without_server(settings, warehouse)
            found = [
                (channel, changes(problems, _last_sent(warehouse, channel.name)))
                for channel in channels
            ]
            return [_send(settings, warehouse, channel, news) for channel, news in found if news]
    except ServerError as error:
        _tell_without_server(settings, channels, no_server(error, now))
        raise


def _tell_without_server(settings: Settings, channels: Sequence[Channel], problem: Problem) -> None:
    """Send each channel one message that the warehouse does not answer.

    The warehouse cannot record it, so a file in the state folder does, until it answers again.
    """
    path = settings.home / TOLD_WITHOUT_SERVER
    told = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for channel in channels:
        if channel.name in told:
            continue
        news = changes([problem], [])
        try:
            channel.send(settings, news)
        except NotDelivered as error:
            LOG.warning("No notification was sent: %s", error)
            continue
        told[channel.name] = [channel.to_whom, problem.what, problem.since.isoformat()]
    with contextlib.suppress(OSError):
        private_folder(settings, settings.home)
        # The file is replaced in one step, so that nobody reads half of it.
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(path)


def _record_what_was_told_without_server(settings: Settings, warehouse: psycopg.Connection) -> None:
    path = settings.home / TOLD_WITHOUT_SERVER
    if not path.exists():
        return
    for name, (to_whom, what, since) in json.loads(path.read_text("utf-8")).items():
        moment = datetime.fromisoformat(since)
        told = Change("new", "server", "warehouse", what, cause_of(what), moment)
        _enter(warehouse, name, to_whom, [told])
    path.unlink()


def _send(
    settings: Settings, warehouse: psycopg.Connection, channel: Channel, news: Sequence[Change]
) -> Attempt:
    try:
        channel.send(settings, news)
    except NotDelivered as error:
        return Attempt(channel.name, channel.to_whom, news, error.message)
    _enter(warehouse, channel.name, channel.to_whom, news)
    return Attempt(channel.name, channel.to_whom, news, None)


def _enter(
    warehouse: psycopg.Connection, channel: str, to_whom: str, news: Sequence[Change]
) -> None:
    with warehouse.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.notification (
                channel, to_whom, kind, subject, event, what, cause, since
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (channel, to_whom, one.kind, one.subject, one.event, one.what, one.cause, one.since)
                for one in news
            ],
        )


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
