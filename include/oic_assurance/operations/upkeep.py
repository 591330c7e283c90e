"""The upkeep: parts that run while nobody works, each with what it did on record.

Upkeep gives way to the daily run: while a run is under way, a part is skipped, and it is tried
again the next night. A part that fails does not stop the others. `platform/upkeep.py` adds the part
that trims Airflow's own database.
"""

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from oic_assurance import clock
from oic_assurance.batches.archive_store import archive_store
from oic_assurance.batches.archive_writer import archived_files
from oic_assurance.builds.development import PREFIX as DEVELOPMENT
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.record import ROLE as TRANSFORM
from oic_assurance.builds.record import schema_prefix
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.backup.drill import remove_left_scratch
from oic_assurance.operations.backup.set_aside import remove_set_aside
from oic_assurance.operations.doctor.checks import measure, record
from oic_assurance.operations.doctor.registry import NIGHTLY
from oic_assurance.operations.erase.erase import ROLE as ERASURE
from oic_assurance.operations.review import erase_decided, refresh
from oic_assurance.operations.verify.verify import verify
from oic_assurance.publishing.maintenance import tidy
from oic_assurance.publishing.publication import ROLE as PUBLISH
from oic_assurance.publishing.retention import planned
from oic_assurance.settings import FIRST, Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.storage.store import UNFINISHED
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import (
    CANDIDATE,
    RECOMPUTE,
    UPKEEP,
    dataset_lock,
    release,
    try_take,
)
from oic_assurance.warehouse.rows import all_records, find_value, one_value

READER = "oic_gate"
LONGEST_MESSAGE = 600
#: A run takes at most this long, without the time that it waits for an approval. An open run that
#: is older was killed.
LONGEST_RUN = timedelta(hours=3)
Outcome = Literal["running", "done", "skipped", "failed", "dry run"]
_DAY = 86_400

_LATEST = """
select latest.part, latest.started_at, latest.ended_at, latest.outcome, latest.did,
    latest.bytes_before, latest.bytes_after, latest.message,
    (
        select max(good.ended_at) from audit.upkeep as good
        where good.part = latest.part and good.outcome = 'done'
    ) as done_at
from (
    select distinct on (part) * from audit.upkeep order by part, upkeep_id desc
) as latest
order by latest.started_at, latest.part
"""


@dataclass(frozen=True)
class Work:
    """What a part did, or in a dry run, what it would do.

    `counts` are numbers by name. `note` says what was left for the next run, if anything was.
    """

    counts: dict[str, int] = field(default_factory=dict)
    #: The size in bytes of what the part looks after. None if it has no size.
    bytes_before: int | None = None
    bytes_after: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class Part:
    """One part of the upkeep.

    `run` gets the settings and whether this is a dry run, which changes nothing.
    """

    name: str
    does: str
    run: Callable[[Settings, bool], Work]


@dataclass(frozen=True)
class Upkeep:
    """One run of one part. A dry run is not on record."""

    part: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome
    did: dict[str, Any] = field(default_factory=dict)
    bytes_before: int | None = None
    bytes_after: int | None = None
    message: str | None = None
    #: When the part last did its work.
    done_at: datetime | None = None


def latest(settings: Settings) -> list[Upkeep]:
    """Return the latest run of each part that ever ran."""
    with connect(settings, role=READER) as connection:
        return all_records(connection, Upkeep, _LATEST)


def run_part(settings: Settings, part: Part, *, dry_run: bool = False) -> Upkeep:
    """Run a part, and return what it did. A failure is in the result and is not raised.

    A row of the part that is still open belongs to a process that was killed, and is closed as
    failed.

    Raises:
        AssuranceError: Another process does upkeep.
        ServerError: The warehouse cannot be reached.
    """
    started, upkeep_id = clock.utc_now(), None
    outcome: Outcome = "failed"
    with connect(settings, role=ERASURE, autocommit=True) as connection:
        if not try_take(connection, UPKEEP):
            raise AssuranceError("Another upkeep is under way: wait until it has ended.")
        busy = _run_under_way(settings, connection)
        if not dry_run:
            upkeep_id = one_value(connection, "select audit.begin_upkeep(%s)", (part.name,))
        try:
            if busy and not dry_run:
                outcome, did = "skipped", Work(note=busy)
            else:
                did = part.run(settings, dry_run)
                outcome = "dry run" if dry_run else "done"
        except AssuranceError as error:
            did = Work(note=error.message)
        except psycopg.Error as error:
            did = Work(note=f"the database failed: {reason(error)}")
        except OSError as error:
            did = Work(note=f"{error.filename or 'a file'}: {error.strerror or error}")
        except Exception as error:
            did = Work(note=f"unexpected {type(error).__name__}")
        did = replace(did, note=did.note or busy)
        sizes = (did.bytes_before, did.bytes_after)
        if upkeep_id is not None:
            message = " ".join((did.note or "").split())[:LONGEST_MESSAGE]
            connection.execute(
                "select audit.end_upkeep(%s, %s, %s, %s, %s, %s)",
                (upkeep_id, outcome, Jsonb(did.counts), *sizes, message),
            )
    return Upkeep(part.name, started, clock.utc_now(), outcome, did.counts, *sizes, did.note)


def _run_under_way(settings: Settings, connection: psycopg.Connection) -> str | None:
    """Return a phrase if a daily run is under way, so that upkeep must wait. Otherwise None."""
    since = clock.utc_now() - LONGEST_RUN - timedelta(hours=settings.approval_hours)
    run_id = find_value(
        connection,
        """
        select run_id from audit.run
        where finished_at is null and started_at > %s
        order by started_at desc
        limit 1
        """,
        (since,),
    )
    return None if run_id is None else f"the run {run_id} is under way"


# ---------------------------------------------------------------- records past their retention


def _list_due(settings: Settings, dry_run: bool) -> Work:
    changed = Counter(added=0, removed=0)
    for dataset in datasets().values():
        changed.update(refresh(settings, dataset, dry_run=dry_run))
    return Work(dict(changed))


def _erase_decided(settings: Settings, dry_run: bool) -> Work:
    def stop() -> str | None:
        with connect(settings, role=ERASURE) as connection:
            return _run_under_way(settings, connection)

    done = erase_decided(settings, dry_run=dry_run, stop=stop)
    left = [f"in use: {', '.join(done.in_use)}"] if done.in_use else []
    left += [done.stopped] if done.stopped else []
    return Work({"records": done.records, "rows": done.rows}, note="; ".join(left) or None)


# ---------------------------------------------------------------- generations


def _keep_generations(settings: Settings, dry_run: bool) -> Work:
    """Detach and drop old generations, as the daily run does after its publication.

    The daily run puts a step off if readers are using a table. At night, nobody is.
    """

    def size() -> int:
        with connect(settings, role=PUBLISH) as connection:
            return int(
                one_value(
                    connection,
                    """
                    select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
                    from pg_catalog.pg_class as c
                    where c.relnamespace = to_regnamespace('generation') and c.relkind = 'r'
                    """,
                )
            )

    before = size()
    done = planned(settings) if dry_run else tidy(settings)
    counts = {"detached": len(done.detached), "dropped": len(done.erased)}
    return Work(counts, before, before if dry_run else size(), done.put_off)


# ---------------------------------------------------------------- scratch places

#: The prefixes of schemas, and the lock that the user of such a schema holds for the whole time:
#: of recomputations, which `explain`, `preview` and `publication reproduce` use, of `assurance
#: dbt`, and of the deadlines and earlier publications that a run computes beside its candidate.
PREFIXES = (
    (schema_prefix("reproduce"), RECOMPUTE),
    (DEVELOPMENT, RECOMPUTE),
    (schema_prefix("deadline"), CANDIDATE),
    (schema_prefix("restate"), CANDIDATE),
)


def _clear_scratch(settings: Settings, dry_run: bool) -> Work:
    """Remove the scratch places that killed processes have left. They hold personal data.

    Each kind has a lock that its user holds, and a killed process holds no lock. So a place is
    removed only by who gets the lock. Nothing else is removed: a schema or folder that is not one
    of these kinds is somebody else's.
    """
    in_use: list[str] = []
    schemas = files = 0
    with connect(settings, role=TRANSFORM, autocommit=True) as connection:
        for prefix, lock in PREFIXES:
            if not try_take(connection, lock):
                in_use.append(f"schemas {prefix}…")
                continue
            schemas += one_value(
                connection,
                "select count(*) from pg_catalog.pg_namespace where starts_with(nspname, %s)"
                " and pg_has_role(nspowner, 'USAGE')",
                (prefix,),
            )
            if not dry_run:
                drop_schemas(connection, prefix)
            release(connection, lock)
    drill = remove_left_scratch(settings, dry_run=dry_run)
    if drill is None:
        in_use.append("a drill")
    store = archive_store(settings)
    for dataset in datasets().values():
        with connect(settings, role=ERASURE, autocommit=True) as connection:
            if not try_take(connection, dataset_lock(settings.force_code, dataset.name)):
                in_use.append(dataset.name)
                continue
            # Files that were not finished are left alone for a day: another warehouse that shares
            # the archive could be writing one, and its locks are not seen here.
            for name, modified in archived_files(store, dataset).items():
                if name.endswith(UNFINISHED) and modified < time.time() - _DAY:
                    files += 1
                    if not dry_run:
                        store.remove(name)
    counts = {"schemas": schemas, "scratch folders": int(drill or False), "files": files}
    return Work(counts, note=f"in use: {', '.join(in_use)}" if in_use else None)


# ---------------------------------------------------------------- what a restore set aside


def _remove_set_aside(settings: Settings, dry_run: bool) -> Work:
    done = remove_set_aside(settings, dry_run=dry_run)
    counts = {"removed": done.removed, "not old yet": done.waiting, "only copies": done.only_copies}
    return Work(counts, done.bytes_before, done.bytes_after, done.note)


# ---------------------------------------------------------------- logs

#: A log that is larger than `LARGEST` is cut: its last `TAIL` bytes move to a file with the suffix
#: `OLD`, which replaces an earlier one.
LARGEST, TAIL, OLD = 20_000_000, 1_000_000, ".1"
SUFFIXES = (".log", ".tsv")
AIRFLOW_LOGS = "AIRFLOW__LOGGING__BASE_LOG_FOLDER"


def rotate(settings: Settings, dry_run: bool) -> Work:
    """Delete logs last written `ASSURANCE_KEEP_LOGS_DAYS` days ago, and cut large ones.

    The programs append to their logs, so a program that has the log open goes on at the beginning
    of the file. Only files that are known as logs by their name are touched. With `dry_run`, they
    are only counted. After an interruption, the next call goes on.
    """
    before = time.time() - settings.keep_logs_days * _DAY
    given = os.environ.get(AIRFLOW_LOGS, "").strip()
    airflow = Path(given) if given else settings.home / "airflow" / "logs"
    bases = [settings.log_dir]
    # The forces of a deployment share Airflow's logs, so they are kept with the upkeep of the
    # first.
    is_first = os.environ.get(FIRST, settings.force_code) == settings.force_code
    is_apart = not airflow.resolve().is_relative_to(settings.log_dir.resolve())
    if is_apart and (is_first or not given):
        bases.append(airflow)
    deleted = cut = unknown = 0
    size_before = size_after = 0
    for path in _files(bases):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue  # Another process has deleted it since the folder was listed.
        size_before += found.st_size
        size_after += found.st_size
        # A log is called `x.log`, or if it is an earlier one, such as `x.log.1`.
        name = path.name.removesuffix(path.suffix) if path.suffix[1:].isdigit() else path.name
        if not name.endswith(SUFFIXES):
            unknown += 1
        elif found.st_mtime < before:
            deleted += 1
            size_after -= found.st_size
            if not dry_run:
                path.unlink(missing_ok=True)
                _remove_emptied(path.parent, bases)
        elif found.st_size > LARGEST and path.suffix in SUFFIXES:
            cut += 1
            size_after -= found.st_size - TAIL
            if not dry_run:
                _cut(path)
    counts = {"logs deleted": deleted, "logs cut": cut, "files left, not logs": unknown}
    return Work(counts, size_before, size_after)


def _files(bases: Sequence[Path]) -> Iterator[Path]:
    for base in bases:
        for place, _, files in os.walk(base, topdown=True):
            # A link could lead to a file outside the folder.
            yield from (path for name in files if not (path := Path(place, name)).is_symlink())


def _cut(path: Path) -> None:
    """Move the end of a log to its `.1` file, and empty the log."""
    draft = path.with_name(path.name + OLD + OLD)
    with path.open("rb") as log:
        log.seek(-TAIL, os.SEEK_END)
        log.readline()  # the rest of a line that is not whole
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(log.read())
    draft.replace(path.with_name(path.name + OLD))
    os.truncate(path, 0)


def _remove_emptied(folder: Path, bases: Sequence[Path]) -> None:
    """Remove a folder from which the last log was deleted, and each parent that is empty then.

    The folders of logs themselves and the folders directly inside them stay, because programs that
    are running write there.
    """
    while folder not in bases and folder.parent not in bases:
        try:
            folder.rmdir()
        except OSError:
            return  # it is not empty
        folder = folder.parent


# ---------------------------------------------------------------- proofs

#: Every archived batch is compared with raw once in this many nights.
NIGHTS = 30

_NEXT = """
select batch.batch_id, proof.disagreement is not null as disagrees
from audit.batch as batch
inner join state.declared_dataset as declared using (dataset)
left join audit.archive_proof as proof using (batch_id)
where batch.status = 'landed' and batch.kept_as is not null and batch.force_code = %s
order by proof.proven_at nulls first, batch.batch_id
"""


def _prove(settings: Settings, dry_run: bool) -> Work:
    """Make the checks of the night, and compare a share of the archived batches with raw.

    The batches that were compared longest ago come first, so each is compared once in `NIGHTS`.
    As many that did not agree are compared again, so that it is seen soon that they are mended.
    """
    with connect(settings, role=READER) as warehouse:
        batches = warehouse.execute(_NEXT, (settings.force_code,)).fetchall()
    most = math.ceil(len(batches) / NIGHTS)
    again = [batch for batch, disagrees in batches[most:] if disagrees][:most]
    share = [*(batch for batch, _ in batches[:most]), *again]
    if dry_run:
        return Work({"batches": len(share)})
    record(settings, measure(settings, NIGHTLY))
    proofs = [proof for one in share for proof in verify(settings, batch_id=one)]
    differ = sum(bool(proof.disagreements) for proof in proofs)
    return Work({"batches": len(share), "disagreeing": differ})


REVIEW = Part("review", "List the records that are past their retention.", _list_due)
ERASURES = Part("erasures", "Erase the records that people decided to erase.", _erase_decided)
GENERATIONS = Part("generations", "Detach and drop old generations.", _keep_generations)
SCRATCH = Part("scratch", "Remove what killed processes left behind.", _clear_scratch)
RESTORES = Part(
    "restores",
    "Remove what a restore set aside, if it is old and the warehouse has it again.",
    _remove_set_aside,
)
LOGS = Part("logs", "Delete old logs, and cut large ones.", rotate)
PROOFS = Part(
    "proofs",
    "Compare a share of the archive with raw, and check the log and the published tables.",
    _prove,
)
#: The parts in the order in which they run.
PARTS = (REVIEW, ERASURES, GENERATIONS, SCRATCH, RESTORES, LOGS, PROOFS)
