"""Where records that are to be erased stand: raw, quarantine, replays and the kept batches."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.sql import SQL

from oic_assurance.batches.archived import archived_batches
from oic_assurance.landing.raw_tables import raw_name
from oic_assurance.operations.erase.archived_copies import KeptCopies, Rewriting
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset, Table

#: A shorter key is a part of too many texts to be looked for in them.
SHORTEST_SOUGHT = 4


@dataclass(frozen=True)
class Request:
    """Which records of which table are to go, and why."""

    dataset: Dataset
    table: Table
    keys: tuple[str, ...]
    reason: str
    kind: Literal["request", "retention"] = "request"
    #: Rejected rows without a readable key go too when their delivery was for an earlier moment.
    unkeyed_before: datetime | None = None


@dataclass
class Found:
    """What there is of the records, by place."""

    raw: Counter[int] = field(default_factory=Counter)
    #: Of them, what late deliveries made necessary to say again.
    said_again: Counter[int] = field(default_factory=Counter)
    rejected: Counter[int] = field(default_factory=Counter)
    rewritings: list[Rewriting] = field(default_factory=list)
    pseudonyms: int = 0
    #: What quarantine holds of them has these places: row numbers by batch.
    rejected_places: dict[int, list[int]] = field(default_factory=dict)
    rejected_ids: list[int] = field(default_factory=list)
    #: Rejected rows that came as another record's, which the delivery has named by them.
    unnamed_ids: list[int] = field(default_factory=list)
    #: Rejected rows that came as theirs and were landed as another record's.
    blanked_ids: list[int] = field(default_factory=list)
    blanked_places: dict[int, list[int]] = field(default_factory=dict)
    #: Replays in which others' rejected rows broke under the keys: the rows' places by replay.
    attempts: dict[int, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.raw or self.rejected or self.rewritings)

    @property
    def kept_rows(self) -> int:
        """How many rows of kept batches are theirs."""
        return sum(len(rewriting.places) for rewriting in self.rewritings)

    @property
    def batches(self) -> set[int]:
        """The batches that hold something of them."""
        return {*self.raw, *self.rejected, *(one.batch_id for one in self.rewritings)}


class Search:
    """The search for one request, on a connection that is alone on the dataset."""

    def __init__(
        self, settings: Settings, connection: psycopg.Connection, request: Request
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dataset = request.dataset
        self._table = request.table
        self._keys = list(request.keys)
        self._unkeyed_before = request.unkeyed_before
        self._force = settings.force_code
        self._raw = raw_name(request.dataset, request.table)

    def run(self, *, write: bool) -> Found:
        """Return what there is; with `write` the kept batches' drafts without it are there, too."""
        found = Found()
        self._find_raw(found)
        self._find_rejected(found)
        self._find_attempts(found)
        self._find_kept(found, write=write)
        return found

    def _find_raw(self, found: Found) -> None:
        rows = self._connection.execute(
            SQL(
                """
                select k.batch_id, count(*), count(*) filter (
                    where k.row_number is null and k.version_at <> b.delivered_for
                )
                from {} as k left join audit.batch as b using (batch_id)
                where k.force_code = %s and k.row_key = any(%s)
                group by k.batch_id
                """
            ).format(self._raw),
            (self._force, self._keys),
        ).fetchall()
        found.raw = Counter({batch_id: rows for batch_id, rows, _ in rows})
        found.said_again = Counter({batch_id: again for batch_id, _, again in rows})

    def _find_rejected(self, found: Found) -> None:
        """Find rejected rows with the keys, and those without a readable key that name one."""
        sought = [re.escape(key) for key in self._keys if len(key) >= SHORTEST_SOUGHT]
        rows = self._connection.execute(
            """
            select
                r.rejected_id, r.batch_id, r.row_number,
                coalesce(r.replayed_key <> all(%(keys)s), false) as is_another_s,
                coalesce(r.row_key <> all(%(keys)s), false) as came_as_another
            from audit.rejected_row as r inner join audit.batch as b using (batch_id)
            where
                b.force_code = %(force)s and r.dataset = %(dataset)s and r.table_name = %(table)s
                and (
                    r.row_key = any(%(keys)s) or r.replayed_key = any(%(keys)s)
                    or (
                        r.row_key is null and (
                            b.delivered_for < %(before)s::timestamptz
                            or exists (
                                select from unnest(%(sought)s::text[]) as one
                                where r.content::text
                                    ~ ('(^|[^[:alnum:]])' || one || '([^[:alnum:]]|$)')
                            )
                        )
                    )
                )
            """,
            {
                "force": self._force, "dataset": self._dataset.name, "table": self._table.name,
                "keys": self._keys, "sought": sought, "before": self._unkeyed_before,
            },
        ).fetchall()  # fmt: skip
        for rejected_id, batch_id, place, is_another_s, came_as_another in rows:
            places = found.blanked_places if is_another_s else found.rejected_places
            if place is not None:
                places.setdefault(batch_id, []).append(place)
            if is_another_s:
                found.blanked_ids.append(rejected_id)
                continue
            if came_as_another:
                found.unnamed_ids.append(rejected_id)
                continue
            found.rejected_ids.append(rejected_id)
            found.rejected[batch_id] += 1

    def _find_attempts(self, found: Found) -> None:
        """Find attempts to land others' rejected rows under the keys, which broke.

        The rows stay, by the keys that they came with; what was tried of them goes.
        """
        rows = self._connection.execute(
            """
            select a.batch_id, r.row_number
            from audit.replayed_row as a
            inner join audit.rejected_row as r using (rejected_id)
            inner join audit.batch as b on a.batch_id = b.batch_id
            where
                b.force_code = %s and r.dataset = %s and r.table_name = %s
                and a.row_key = any(%s) and r.rejected_id <> all(%s)
            """,
            (
                self._force, self._dataset.name, self._table.name, self._keys, found.rejected_ids,
            ),
        ).fetchall()  # fmt: skip
        for batch_id, place in rows:
            found.attempts.setdefault(batch_id, []).append(place)

    def _find_kept(self, found: Found, *, write: bool) -> None:
        copies = KeptCopies(self._settings, self._connection, self._dataset, self._table)
        for batch in archived_batches(self._connection, self._force, self._dataset.name):
            if batch.replay_of is None:
                places = list(found.rejected_places.get(batch.batch_id, []))
                places += found.blanked_places.get(batch.batch_id, [])
            elif (batch.notes or {}).get("table") != self._table.name:
                continue
            else:
                # Its rows keep the places that they had in the delivery that it mends.
                places = list(found.rejected_places.get(batch.replay_of, []))
                places += found.attempts.get(batch.batch_id, [])
            rewriting = copies.without(batch, self._keys, places, write=write)
            if rewriting is not None:
                found.rewritings.append(rewriting)
