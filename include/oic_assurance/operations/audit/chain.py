"""Check that no entry of the log of processing was changed, removed or inserted.

This module computes the hashes itself, from the columns. It does not call the database's functions,
because somebody who can change the log could also change these functions.

Four things are checked:

- each entry against its own hash,
- each link of the chain against the link before it,
- the time and the transaction of each entry against the moments at which entries were sealed. A
  seal covers all entries of the transactions that have ended by then. So if an entry is missing
  from a seal that should cover it, the entry was inserted later.
- the chain against the heads that were shipped out of the database (`heads.py`). Somebody who can
  write to every table can compute a whole new chain, but cannot change a head that was shipped.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Literal

import psycopg
from psycopg.rows import kwargs_row

from oic_assurance.operations.audit.heads import Head, name_of_log, read_heads
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.roles import AUDIT_KEEPER, AUDITOR
from oic_assurance.warehouse.rows import relation_exists

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: How far the server's clock may be set back before an entry counts as backdated.
TOLERANCE = timedelta(minutes=1)
FIRST_LINK = bytes(32)
#: At most this many findings are reported, because one change can break many links.
ENOUGH = 20

Kind = Literal["changed", "removed", "inserted", "rewritten"]

# Reads the entries. `content` and `seal` have the columns that the hashes cover, as texts.
_ENTRIES = """
select
    log_id, logged_at, action, xid::text as xid, origin, chain_no, sealed_at, snapshot, server,
    array[
        log_id::text, (extract(epoch from logged_at) * 1000000)::bigint::text, action, who, what,
        to_whom, run_id, because, entered_by, acting_as, claimed_by, client_addr,
        client_port::text, backend_pid::text, xid::text,
        (extract(epoch from happened_at) * 1000000)::bigint::text, origin
    ] as content,
    concerns,
    array[
        chain_no::text, (extract(epoch from sealed_at) * 1000000)::bigint::text, snapshot, server
    ] as seal,
    entry_hash, chain_hash
from audit.processing_log
where chain_no is not null = %s
order by chain_no, log_id
"""
# Finds logins other than administrators that can write to the log without using its functions.
_CAN_WRITE = """
select r.rolname::text as login
from pg_catalog.pg_roles as r
where
    r.rolcanlogin and not r.rolsuper
    and (
        pg_has_role(r.oid, %(keeper)s, 'MEMBER')
        or has_table_privilege(r.oid, 'audit.processing_log', 'insert, update, delete, truncate')
        or pg_has_role(
            r.oid, (select nspowner from pg_namespace where nspname = 'audit'), 'MEMBER'
        )
    )
order by 1
"""


#: A row of `_ENTRIES`.
Entry = Any


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the log, described in one sentence."""

    kind: Kind
    sentence: str


@dataclass
class Verification:
    """The result of a check of the log."""

    entries: int = 0
    #: The number of entries that are not yet in the chain. The next seal adds them.
    unsealed: int = 0
    #: The number of the chain's last link.
    head_no: int = 0
    head_hash: str = FIRST_LINK.hex()
    #: How many shipped heads the chain was compared with, and when the last one was shipped.
    heads: int = 0
    last_shipped_at: datetime | None = None
    findings: list[Finding] = field(default_factory=list)
    #: Sentences about what weakens the check without being a finding.
    notes: list[str] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(settings: Settings, heads_files: Sequence[str] = ()) -> Verification:
    """Check the whole log, and compare it with the heads that were shipped to files.

    `heads_files` are the paths of further files with shipped heads. For example, such a file holds
    the lines that a syslog server has received.

    Raises:
        AssuranceError: A file of heads cannot be read.
    """
    done = Verification()
    with connect(settings, role=AUDITOR) as connection:
        if not relation_exists(connection, "audit.processing_log"):
            done.findings.append(Finding("removed", "The table audit.processing_log was removed."))
            return done
        shipped = read_heads(settings, connection.info.dbname, heads_files)
        _Check(connection, done, shipped.heads, name_of_log(connection)).run()
        done.notes += shipped.notes + _weaknesses(connection)
    return done


@dataclass
class _Check:
    """One pass over the log."""

    _connection: psycopg.Connection
    _done: Verification
    _heads: Sequence[Head]
    _log_name: str

    def run(self) -> None:
        wanted = {head.chain_no for head in self._heads}
        links: dict[int, str] = {}
        self._seals = _Seals()
        last, link = 0, FIRST_LINK
        for entry in _entries(self._connection, sealed=True):
            number = entry.chain_no or 0
            if number != last + 1:
                self._removed(last + 1, number - 1)
            self._check_entry(entry)
            if number == last + 1 and _link(entry, link) != entry.chain_hash:
                self._find(
                    "changed",
                    f"Entry {entry.log_id} is not what was sealed as number {number} of the "
                    "chain: it was changed, or an entry was inserted or removed before it.",
                )
            self._check_time(entry)
            last, link = number, entry.chain_hash or b""
            if number in wanted:
                links[number] = link.hex()
            self._done.entries += 1
        self._done.head_no, self._done.head_hash = last, link.hex()
        for entry in _entries(self._connection, sealed=False):
            self._check_entry(entry)
            self._check_time(entry)
            self._done.entries += 1
            self._done.unsealed += 1
        self._check_head(last, link)
        self._check_shipped(last, links)

    # ------------------------------------------------------------ one entry

    def _check_entry(self, entry: Entry) -> None:
        # As `audit.hash_entry` computes it.
        content = _netstrings([*entry.content, _netstrings(entry.concerns)])
        if hashlib.sha256(content.encode()).digest() != entry.entry_hash:
            self._find(
                "changed",
                f"Entry {entry.log_id} ({entry.action}, {_moment(entry.logged_at)}) was changed: "
                "its content does not match its hash.",
            )

    def _check_time(self, entry: Entry) -> None:
        problem = self._seals.problem(entry)
        if problem:
            self._find("inserted", f"Entry {entry.log_id} was inserted: {problem}.")

    def _removed(self, first: int, last: int) -> None:
        if last < first:
            self._find("inserted", f"Number {last + 1} of the chain occurs twice.")
            return
        which = f"Entry {first}" if first == last else f"Entries {first} to {last}"
        verb = "was" if first == last else "were"
        self._find("removed", f"{which} of the chain {verb} removed.")

    # ------------------------------------------------------------ the head

    def _check_head(self, last: int, link: bytes) -> None:
        found = self._connection.execute(
            "select chain_no, chain_hash, sealed_at from audit.processing_head"
        ).fetchone()
        if found is None:
            self._find("removed", "The head of the chain (audit.processing_head) was removed.")
            return
        number, chain_hash, sealed_at = found
        if number > last:
            self._removed_last(last, number, f"the head of the chain, {_moment(sealed_at)}")
        elif number < last:
            which = "Entry" if number + 1 == last else f"Entries {number + 1} to"
            self._find(
                "inserted", f"{which} {last} of the chain came after the head that was sealed last."
            )
        elif chain_hash != link:
            self._find(
                "rewritten",
                f"The last link of the chain (number {last}) is not the one that was sealed.",
            )

    def _removed_last(self, last: int, number: int, witness: str) -> None:
        missing = number - last
        which = "entry was" if missing == 1 else f"{missing} entries were"
        self._find(
            "removed",
            f"The last {which} removed: the chain ends with number {last}, and {witness}, is "
            f"number {number}.",
        )

    def _check_shipped(self, last: int, links: Mapping[int, str]) -> None:
        matched = 0
        beyond: Head | None = None
        for head in self._heads:
            self._done.heads += 1
            self._done.last_shipped_at = head.shipped_at
            witness = f"a head that was shipped on {_moment(head.shipped_at)}"
            if head.log_name != self._log_name:
                self._find(
                    "rewritten",
                    f"The log was created anew: {witness}, with {head.chain_no} entries, is of "
                    "another log of this database.",
                )
                return
            if head.chain_no > last:
                beyond = head
                continue
            if head.chain_no and links.get(head.chain_no) != head.chain_hash:
                self._find(
                    "rewritten",
                    f"The chain was replaced after number {matched}: its number "
                    f"{head.chain_no} is not that of {witness}.",
                )
                return
            matched = max(matched, head.chain_no)
        if beyond is not None:
            witness = f"a head that was shipped on {_moment(beyond.shipped_at)}"
            self._removed_last(last, beyond.chain_no, witness)

    def _find(self, kind: Kind, sentence: str) -> None:
        known = {finding.sentence for finding in self._done.findings}
        if len(known) < ENOUGH and sentence not in known:
            self._done.findings.append(Finding(kind, sentence))


class _Seals:
    """The seals up to the entry that is being checked, on the server that made the last of them."""

    def __init__(self) -> None:
        self._server: str | None = None
        self._at: list[datetime] = []
        self._next_xid: list[int] = []
        self._seen: list[_Snapshot] = []
        self._current: tuple[datetime | None, str | None] | None = None
        self._is_first = True

    def problem(self, entry: Entry) -> str | None:
        """Return why an entry cannot be from the time that it states, or None if it can."""
        if entry.chain_no is not None and (entry.sealed_at, entry.snapshot) != self._current:
            self._next(entry)
        if entry.xid is None:
            old = entry.origin == "before the chain" and entry.chain_no is not None
            return None if old and self._is_first else "it names no transaction"
        before = self._before(entry)
        if not before:
            return None
        xid = int(entry.xid)
        if self._seen[before - 1].has_ended(xid):
            return (
                f"its transaction had ended when entries were sealed on "
                f"{_moment(self._at[before - 1])}, and it was not there"
            )
        since = bisect_right(self._next_xid, xid, hi=before)
        if since and entry.logged_at < self._at[since - 1] - TOLERANCE:
            return (
                f"it is dated {_moment(entry.logged_at)}, and its transaction began after "
                f"{_moment(self._at[since - 1])}"
            )
        return None

    def _before(self, entry: Entry) -> int:
        """Return how many of the seals were made before the entry was sealed.

        If the entry is not sealed yet, that is all of them.
        """
        return len(self._seen) if entry.chain_no is None else len(self._seen) - 1

    def _next(self, entry: Entry) -> None:
        self._is_first = self._current is None
        self._current = (entry.sealed_at, entry.snapshot)
        if entry.server != self._server:
            # The warehouse was restored to another server, which numbers its transactions from the
            # start.
            self._server = entry.server
            self._at, self._next_xid, self._seen = [], [], []
        seen = _Snapshot.parse(entry.snapshot or "")
        self._at.append(entry.sealed_at or EPOCH)
        self._next_xid.append(seen.xmax)
        self._seen.append(seen)


@dataclass(frozen=True)
class _Snapshot:
    """A value of the type pg_snapshot: which transactions had ended at the moment of a seal."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> "_Snapshot":
        try:
            xmin, xmax, running = text.split(":")
            return cls(int(xmin), int(xmax), frozenset(map(int, filter(None, running.split(",")))))
        except ValueError:
            return cls(0, 0, frozenset())

    def has_ended(self, xid: int) -> bool:
        return xid < self.xmax and xid not in self.running


def _entries(connection: psycopg.Connection, *, sealed: bool) -> Iterator[Entry]:
    with connection.cursor("entries", row_factory=kwargs_row(SimpleNamespace)) as cursor:
        cursor.itersize = 5_000
        cursor.execute(_ENTRIES, (sealed,))
        yield from cursor


def _weaknesses(connection: psycopg.Connection) -> list[str]:
    logins = [login for (login,) in connection.execute(_CAN_WRITE, {"keeper": AUDIT_KEEPER})]
    if not logins:
        return []
    return [
        f"Logins that could remove the log or change it, beside administrators: "
        f"{', '.join(logins)} (docs/how-to/verify.md)."
    ]


def _link(entry: Entry, before: bytes) -> bytes:
    """Return the hash of an entry's link in the chain, which follows the link `before`."""
    return hashlib.sha256(before + entry.entry_hash + _netstrings(entry.seal).encode()).digest()


def _netstrings(values: Sequence[str | None]) -> str:
    return "".join("-" if one is None else f"{len(one.encode())}:{one}" for one in values)


def _moment(value: datetime | None) -> str:
    return "an unknown day" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"
