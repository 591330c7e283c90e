"""What the form about records past their retention shows, and what its answers record.

Airflow shows the form (`platform/airflow/review.py`).
"""

from datetime import date

from oic_assurance.clock import london_day
from oic_assurance.errors import UsageError
from oic_assurance.operations.review.decisions import (
    Decision,
    Wish,
    confirm,
    decide,
    last_day,
    list_decisions,
)
from oic_assurance.operations.review.due import list_due
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.warehouse.processing_log import seal_own


def show_undecided(settings: Settings, dataset: str) -> list[str]:
    """Return lines that say how many records of a dataset wait for a decision, without keys.

    The list is empty if none waits.
    """
    waiting = [one for one in list_due(settings) if one.dataset == dataset and one.undecided]
    lines = [
        f"{one.table_name}: {one.undecided} records past their retention, the oldest waits since "
        f"{london_day(one.undecided_since)}"
        for one in waiting
        if one.undecided_since is not None
    ]
    return [*lines, f"to keep: until {last_day(dataset)} at the latest"] if lines else []


def decide_all(
    settings: Settings, dataset: str, *, is_kept: bool, account: str, reason: str, until: str
) -> None:
    """Record a person's decision about all records of a dataset that wait for one.

    `until` is a day such as 2028-06-30, or empty for the next review. It is used only to keep.

    Raises:
        UsageError: The reason is missing, the day is none or is too late, or nothing waits.
    """
    try:
        day = date.fromisoformat(until) if is_kept and until else None
    except ValueError as error:
        raise UsageError(f"'{until}' is not a day such as 2028-06-30.") from error
    wish = Wish("keep" if is_kept else "erase", reason, account, day)
    decide(settings, find_dataset(dataset), [], wish)
    seal_own(settings)


def show_unconfirmed(settings: Settings, dataset: str) -> list[str]:
    """Return the decisions about a dataset that wait for a second person, one line each."""
    return [
        f"decision {one.decision_id} by {one.account}: {one.decision} {one.records} records"
        f"{f' until {one.keep_until}' if one.keep_until else ''}: {one.reason}"
        for one in _unconfirmed(settings, dataset)
    ]


def confirm_all(settings: Settings, dataset: str, account: str) -> None:
    """Confirm the decisions about a dataset that wait for a second person.

    Raises:
        UsageError: The account made one of the decisions.
    """
    for one in _unconfirmed(settings, dataset):
        confirm(settings, one.decision_id, account)
    seal_own(settings)


def _unconfirmed(settings: Settings, dataset: str) -> list[Decision]:
    return [
        one
        for one in list_decisions(settings)
        if one.dataset == dataset and one.waits and one.carried_out_at is None
    ]
