"""Refuse a delivery by which most of the known records would vanish, until a person accepts it.

Such a delivery usually comes from a table that is being rebuilt, or from an export that was cut
off. So such a delivery does not prove that the records are gone (source contract, *Files*, about
what looks emptied).

A refusal is recorded in `audit.emptied`. A person who knows that the records are really gone
accepts the delivery with `assurance batch accept`. The acceptance is valid for the next landing of
the dataset, and for no more records than were missing when the delivery was refused. A file with
several tables can need one acceptance for each table.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.errors import DeliveryRefused, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_record

#: `MOST_VANISHING` applies only if at least this number of records are known.
FEWEST_KNOWN = 20
#: The largest share of the known records that may vanish at once.
MOST_VANISHING = 0.5

_ROLE = "oic_landing"
# The refusals that are still open. A refusal is closed when a delivery for the same moment or for a
# later moment is landed. A database that is complete again may have no changes, and then it
# delivers nothing. So for a database, the next successful landing closes the refusal. An acceptance
# ends with the next successful landing of the dataset, even if that landing did not need it. But it
# does not end if another table of a file was refused then: the person must first accept that too.
_OPEN = """
select emptied_id, table_name, known, vanishing, refused_at, accepted_at
from audit.emptied as refusal
where force_code = %(force)s and dataset = %(dataset)s and used_by_batch is null
    and not exists (
        select
        from audit.batch as batch
        where batch.force_code = refusal.force_code and batch.dataset = refusal.dataset
            and batch.status = 'landed' and batch.kind <> 'replay'
            and batch.landed_at > refusal.refused_at
            and batch.delivered_for >= refusal.delivered_for
    )
    and not exists (
        select
        from audit.extraction as attempt
        where attempt.force_code = refusal.force_code and attempt.dataset = refusal.dataset
            and attempt.outcome = 'succeeded'
            and attempt.started_at > case
                when %(is_file)s then refusal.accepted_at
                else coalesce(refusal.accepted_at, refusal.refused_at)
            end
            and not exists (
                select
                from audit.emptied as other
                where other.force_code = refusal.force_code and other.dataset = refusal.dataset
                    and other.run_id = attempt.run_id and other.table_name <> refusal.table_name
            )
    )
"""


@dataclass(frozen=True)
class Emptied:
    """A refused delivery that lacked most of the known records: one row of `audit.emptied`."""

    emptied_id: int
    table_name: str
    known: int
    vanishing: int
    refused_at: datetime
    accepted_at: datetime | None


class LooksEmptied(DeliveryRefused):
    """Most of the known records of a table would vanish, and nobody has accepted this."""

    def __init__(self, dataset: Dataset, table: str, known: int, vanishing: int) -> None:
        self.table = table
        self.known = known
        self.vanishing = vanishing
        super().__init__(
            f"{vanishing} of {known} known records would vanish from {table}. If they are really "
            f"gone: `assurance batch accept {dataset.name} --reason …`"
        )


def looks_emptied(known: int, vanishing: int, *, is_empty: bool) -> bool:
    """Tell whether a delivery must be refused because too many known records would vanish.

    This is so if the source has no records left, or if more than half of at least twenty known
    records would vanish (source contract).
    """
    if not vanishing:
        return False
    return is_empty or (known >= FEWEST_KNOWN and vanishing > MOST_VANISHING * known)


class Acceptances:
    """The acceptances that are valid for the present landing of a dataset."""

    def __init__(self, connection: psycopg.Connection, force_code: str, dataset: Dataset) -> None:
        self._connection = connection
        self._dataset = dataset
        rows = connection.execute(
            f"{_OPEN} and accepted_at is not null".encode(),
            _values(force_code, dataset),
        ).fetchall()
        self._accepted = [Emptied(*row) for row in rows]
        #: Whether somebody had accepted a refused delivery when the landing began. If so, all
        #: refused files are tried again: the first file uses the acceptance, and each later file is
        #: compared with the state after it.
        self.retries_refused = bool(rows)
        self._needed: list[int] = []

    def check(self, table: str, known: int, vanishing: int, *, is_empty: bool = False) -> None:
        """Refuse a delivery that looks emptied, unless somebody has accepted it.

        `is_empty` tells whether the source table has no rows left.

        Raises:
            LooksEmptied: Most of the known records would vanish.
        """
        if not looks_emptied(known, vanishing, is_empty=is_empty):
            return
        for accepted in self._accepted:
            if accepted.table_name == table and vanishing <= accepted.vanishing:
                self._needed.append(accepted.emptied_id)
                return
        # The delivery is refused, so its other tables do not use their acceptances.
        self._needed = []
        raise LooksEmptied(self._dataset, table, known, vanishing)

    def mark_used(self, batch_id: int) -> None:
        """Record that a registered batch was landed because of the acceptances."""
        if not self._needed:
            return
        self._connection.execute(
            "update audit.emptied set used_by_batch = %s where emptied_id = any(%s)",
            (batch_id, self._needed),
        )
        self._accepted = [one for one in self._accepted if one.emptied_id not in self._needed]
        self._needed = []


def record_refusal(
    connection: psycopg.Connection,
    force_code: str,
    dataset: Dataset,
    run_id: str,
    delivered_for: datetime,
    error: LooksEmptied,
) -> None:
    """Record a refused delivery, so that a person can accept it."""
    connection.execute(
        """
        insert into audit.emptied (
            force_code, dataset, table_name, known, vanishing, delivered_for, run_id
        ) values (%s, %s, %s, %s, %s, %s, %s)
        """,
        (
            force_code,
            dataset.name,
            error.table,
            error.known,
            error.vanishing,
            delivered_for,
            run_id,
        ),
    )


def accept(settings: Settings, dataset: Dataset, who: str, reason: str) -> Emptied:
    """Accept the latest refused delivery of a dataset, so that the next landing can land it.

    `who` is the login of the person who accepts it.

    Raises:
        UsageError: The reason is missing, or no delivery waits for an acceptance.
    """
    if not reason.strip():
        raise UsageError("An acceptance needs a reason: readers will ask for it.")
    with connect(settings, role=_ROLE) as connection:
        refused = find_record(
            connection,
            Emptied,
            f"{_OPEN} order by emptied_id desc limit 1".encode(),
            _values(settings.force_code, dataset),
        )
        if refused is None:
            raise UsageError(
                f"No delivery of {dataset.name} waits to be accepted: none was refused because its "
                "records would vanish, or a later delivery was landed."
            )
        connection.execute(
            """
            update audit.emptied
            set accepted_at = clock_timestamp(), accepted_by = %s, reason = %s
            where emptied_id = %s
            """,
            (who, reason.strip(), refused.emptied_id),
        )
    return refused


def _values(force_code: str, dataset: Dataset) -> dict[str, str | bool]:
    """Return the values for the placeholders in `_OPEN`."""
    return {"force": force_code, "dataset": dataset.name, "is_file": dataset.kind == "file"}
