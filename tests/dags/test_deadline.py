"""The daily DAG promises a publication by the deadline, and a missed deadline is told once."""

import asyncio
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from airflow.sdk.definitions.deadline import DeadlineReference

from oic_assurance.clock import utc_now
from oic_assurance.notifications.notify import notify
from oic_assurance.platform.airflow.deadline import promise, tell
from oic_assurance.settings import Settings
from tests.databases import Prepared, administrator
from tests.integration.publishing.marts import published
from tests.unit.notifications.servers import MailServer


def publish_long_ago(settings: Settings) -> None:
    """Publish a day long ago, so that the publication of today is overdue."""
    published(settings)
    with administrator(settings) as connection:
        connection.execute("update audit.run set started_at = as_at, finished_at = as_at")


@pytest.fixture
def late(prepared: Prepared) -> Iterator[Settings]:
    with prepared.copy(publish_long_ago) as settings:
        yield settings


@pytest.mark.parametrize(
    ("deadline", "after"),
    [(time(7, 30), timedelta(hours=2)), (time(5, 31), timedelta(minutes=1))],
)
def test_the_deadline_is_counted_from_the_start_of_the_scheduled_run(
    deadline: time, after: timedelta
) -> None:
    """The clocks change before 05:30, so the distance is the same on every day."""
    alert = promise(deadline)
    assert alert.interval == after
    assert alert.reference == DeadlineReference.DAGRUN_LOGICAL_DATE
    assert alert.callback.path == "oic_assurance.platform.airflow.deadline.tell"


def test_a_missed_deadline_is_told_once(late: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer() as server:
        monkeypatch.setenv("ASSURANCE_NOTIFY_EMAIL", "lead@example.org")
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.uri)
        asyncio.run(tell(context={"deadline": {}}))
        (mail,) = server.mails
        assert "The run has not finished by its deadline" in str(mail["Subject"])
        # `assurance_watch` and another deadline find nothing left to send.
        assert notify(late, utc_now()) == []
        asyncio.run(tell(context={"deadline": {}}))
        assert len(server.mails) == 1
