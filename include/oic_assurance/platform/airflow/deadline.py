"""Airflow's deadline alert for the daily run: the promise that readers see today's figures in time.

The scheduler notices that a run has not ended by its deadline, and the triggerer calls `tell`. This
is earlier than the next look of `assurance_watch`, which is up to a quarter of an hour later.
`assurance_watch` stays, because a deadline alert belongs to a run: if the scheduler makes no run,
Airflow has no deadline that could be missed.
"""

import asyncio
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from oic_assurance import pipeline
from oic_assurance.clock import DAILY_RUN
from oic_assurance.errors import AssuranceError
from oic_assurance.platform.airflow.secrets_backend import use_secrets_backend
from oic_assurance.settings import load_settings


def promise(
    deadline: time, starts_after: timedelta = timedelta(0), force: str | None = None
) -> DeadlineAlert:
    """Return the alert of a run that has not ended by the time of day `deadline`, in London.

    The logical date of a scheduled run is 05:30, or `starts_after` later. A run that a person has
    triggered without a logical date has no deadline. `force` is the code of the force, if the
    deployment has several.
    """
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=_after_start(deadline) - starts_after,
        callback=AsyncCallback(tell, kwargs={"force": force} if force else {}),
        name=f"published by {deadline:%H:%M}",
    )


async def tell(context: Any = None, force: str | None = None) -> None:
    """Send the notifications that are due, among them that the run has not ended by its deadline.

    What was sent is on record, so nobody gets the same message again from `assurance_watch`. If the
    run of the day has published in the meantime, or waits for an approval, nothing is sent.

    The triggerer is one process for all forces, so it cannot enter one of them. A process of its
    own sends the notifications of a force.

    Raises:
        AssuranceError: The process could not send them. Its output is in the message.
    """
    if force is not None:
        await asyncio.to_thread(_tell_apart, force)
        return
    settings = load_settings()
    use_secrets_backend(settings)
    # Many callbacks and triggers share the thread of the triggerer's event loop.
    await asyncio.to_thread(pipeline.send_notifications, settings)


def _tell_apart(force: str) -> None:
    command = [sys.executable, "-m", "oic_assurance.cli", "notify", "--force", force]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssuranceError(f"The force {force}: {done.stderr or done.stdout}")


def _after_start(deadline: time) -> timedelta:
    day = date(2000, 1, 1)
    return datetime.combine(day, deadline) - datetime.combine(day, DAILY_RUN)
