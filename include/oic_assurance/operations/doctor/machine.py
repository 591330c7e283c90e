"""Checks of this machine: its packages and programs, clock, disks, keys, archive and back-ups."""

import os
import re
import shutil
import stat
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from oic_assurance.batches.archive_key import ARCHIVE_KEY, archive_key
from oic_assurance.batches.archive_reader import UnreadableError, archived_batches, open_unpacked
from oic_assurance.batches.archive_store import archived_file
from oic_assurance.builds.host_secrets import marks_here, marks_of_hosts
from oic_assurance.builds.policy_check import NOTICE, Ending, check_policy, ending_soon
from oic_assurance.builds.seeds import SeedsError
from oic_assurance.builds.version import seed_folders
from oic_assurance.clock import london_day, london_text, start_of_day, utc_now
from oic_assurance.errors import AssuranceError, ServerError, UsageError
from oic_assurance.landing.pseudonyms import SECRET
from oic_assurance.operations.backup.record import recorded_backups
from oic_assurance.operations.doctor.checks import Finding, State
from oic_assurance.settings import BACKUPS, NO_BACKUPS, Settings
from oic_assurance.storage.urls import is_local, local_path, shown
from oic_assurance.warehouse.account import host_name
from oic_assurance.warehouse.clocks import LITTLE, read_clocks
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.programs import OLDEST_MAJOR, major_version
from oic_assurance.warehouse.secrets import KEY_BITS, estimated_bits, find_secret, variable_name

# ---------------------------------------------------------------- packages and programs

OLDEST, NEWEST = (3, 11), (3, 13)
#: The locks of the environments in which the pipeline runs. The first that exists says what must be
#: there. A version is right if any of them has it.
LOCKS = tuple(
    f"requirements{of}.lock" for of in ("", "-production", "-connectors", "-dev", "-test-all")
)
SHOWN = 3
#: Packages whose versions are shown, because people ask for them.
NAMED = ("apache-airflow-core", "dbt-core", "great-expectations")
_PIN = re.compile(r"^[A-Za-z0-9][^\s\\]*==[^\\]*", re.MULTILINE)


def measure_python(settings: Settings) -> Iterator[Finding]:
    """Find whether Python is one that this project is tested with, and the packages as locked."""
    version, root = ".".join(map(str, sys.version_info[:3])), settings.project_root
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        yield Finding("Python", "ok", version)
    else:
        yield Finding("Python", "failed", f"{version} is not 3.11 to 3.13", "`make clean setup`")
    locks = [_locked(root / name) for name in LOCKS if (root / name).is_file()]
    if not locks:
        yield Finding("packages", "unknown", f"there is no lock in {root} to compare them with")
        return
    known: dict[str, set[str]] = defaultdict(set)
    for name, pinned in (one for lock in locks for one in lock.items()):
        known[name].add(pinned)
    # Each question to a distribution reads its file of metadata.
    installed = [one.metadata for one in metadata.distributions()]
    found: dict[str, str] = {canonicalize_name(one["Name"]): one["Version"] for one in installed}
    missing = sorted(locks[0].keys() - found.keys())
    wrong = [f"{name} is missing" for name in missing]
    wrong += [
        f"{name} {found[name]} (locked: {' or '.join(sorted(known[name]))})"
        for name in sorted(known.keys() & found.keys())
        if found[name] not in known[name]
    ]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        state: State = "failed" if missing else "advice"
        yield Finding("packages", state, f"{', '.join(wrong[:SHOWN])}{more}", "`make setup`")
    else:
        named = ", ".join(f"{name} {found[name]}" for name in NAMED if name in found)
        yield Finding("packages", "ok", f"all {len(locks[0])} as locked; {named}")


def _locked(lock: Path) -> dict[str, str]:
    """Return the version of each package that a lock requires on this machine."""
    found: dict[str, str] = {}
    for text in _PIN.findall(lock.read_text(encoding="utf-8")):
        try:
            pin = Requirement(text.strip())
        except InvalidRequirement:
            continue
        if pin.marker is None or pin.marker.evaluate():
            found[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    return found


def measure_postgres(settings: Settings) -> Iterator[Finding]:
    """Compare the versions of the server, of libpq and of PostgreSQL's programs."""
    with connect(settings) as warehouse:
        server = warehouse.info.server_version // 10_000
    if server < OLDEST_MAJOR:
        todo = f"upgrade it to {OLDEST_MAJOR}"
        yield Finding("PostgreSQL", "failed", f"the server is {server}", todo)
    try:
        programs = major_version(settings)
    except ServerError as error:
        yield Finding("programs", "unknown", error.message)
        return
    libpq = psycopg.pq.version() // 10_000
    what = f"server {server}, libpq {libpq}, programs for back-ups {programs}"
    if programs == server:
        yield Finding("PostgreSQL", "ok", what)
    else:
        state: State = "failed" if programs < server else "advice"
        what = f"{what}: a back-up needs programs of the server's version"
        todo = f"set ASSURANCE_PG_BIN to the programs of PostgreSQL {server}"
        yield Finding("PostgreSQL", state, what, todo)


# ---------------------------------------------------------------- the clock and the policy

SET_THE_CLOCK = "`timedatectl status` shows whether the clock is set by a time server"


def measure_clock(settings: Settings) -> Iterator[Finding]:
    """Compare this machine's clock with the server's, and with the newest moment on record."""
    try:
        ZoneInfo("Europe/London")
    except KeyError:
        yield Finding("zones", "failed", "Europe/London is not known here", "install tzdata")
    with connect(settings, role="oic_gate") as warehouse:
        clocks = read_clocks(warehouse)
    what = f"{clocks.apart.total_seconds():.1f} s from the server's; in {time.strftime('%Z')}"
    if clocks.fault is not None:
        yield Finding("this machine", "failed", clocks.fault, SET_THE_CLOCK)
    elif clocks.apart > LITTLE:
        yield Finding("this machine", "advice", what, SET_THE_CLOCK)
    else:
        yield Finding("this machine", "ok", what)


def measure_policy(settings: Settings) -> Iterator[Finding]:
    """Find whether the policy of today can be used, and which seeds end soon.

    A seed ends soon if one of its rows ends within weeks and no row follows it.
    """
    today = london_day(utc_now())
    by_seed: dict[str, list[Ending]] = defaultdict(list)
    try:
        check_policy(settings, today)
        for ending in ending_soon(settings, today):
            by_seed[ending.seed].append(ending)
    except SeedsError as error:
        folders = seed_folders(settings.project_root)
        changed = max(path.stat().st_mtime for one in folders for path in one.rglob("*"))
        since = datetime.fromtimestamp(changed, UTC)
        yield Finding("seeds", "failed", error.message, since=since)
        return
    for seed, endings in by_seed.items():
        since = start_of_day(min(one.day for one in endings) - NOTICE)
        yield Finding(seed, "attention", "; ".join(one.what for one in endings), since=since)
    if not by_seed:
        yield Finding("seeds", "ok", "can be used today, and none ends soon")


# ---------------------------------------------------------------- disks

MB = 1_000_000
#: A run writes at least this much: the candidate, a new generation and the write-ahead log, which
#: alone may take 1 GB.
LEAST = 1_500 * MB
#: With less than this share of what is needed, the next run probably fails.
HARDLY = 0.3


def measure_disk(settings: Settings) -> Iterator[Finding]:
    """Compare the free space with what a run and a back-up need.

    A run may write the whole warehouse anew. A back-up takes no more than the warehouse and the
    archive, because it is compressed. The size of an archive on another machine is not known here.
    """
    warehouse = size_of(settings.server_dir)
    url = settings.archive_url
    archive = size_of(local_path(url)) if is_local(url) else 0
    places = [("state folder", settings.home, max(LEAST, warehouse), "the next run")]
    if backups := os.environ.get(BACKUPS, "").strip():
        places.append(("back-ups", Path(backups), warehouse + archive, "the next back-up"))
    for subject, folder, needed, for_what in places:
        if not folder.is_dir():
            yield Finding(subject, "failed", f"{folder} is not there", f"`mkdir -p {folder}`")
            continue
        if not os.access(folder, os.W_OK):
            what = f"{folder} cannot be written to"
            yield Finding(subject, "failed", what, f"`ls -ld {folder}`")
            continue
        free = shutil.disk_usage(folder).free
        what = f"{folder}: {_size(free)} free, {for_what} may need {_size(needed)}"
        if free >= needed:
            yield Finding(subject, "ok", what, amount=free)
        else:
            state: State = "failed" if free < HARDLY * needed else "attention"
            yield Finding(subject, state, what, f"make room: `df -h {folder}`", free)


def size_of(folder: Path) -> int:
    """Return the size in bytes of the files in a folder that this account may list."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += Path(place, name).lstat().st_size
            except OSError:
                # The server removes files all the time.
                continue
    return total


def _size(number: float) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / MB:,.0f} MB"


# ---------------------------------------------------------------- keys

SUBJECT = "keys of hosts"
GIVE = "give every host the keys of the first one: docs/how-to/run-it.md#many-hosts"


def measure_secrets(settings: Settings) -> Iterator[Finding]:
    """Find folders and secrets that other accounts can reach, and how strong the key is."""
    kept = [folder for folder in (settings.home, settings.secrets_dir) if folder.exists()]
    files = sorted(settings.secrets_dir.iterdir()) if settings.secrets_dir.is_dir() else []
    is_well = True
    for path in (*kept, *files):
        found, mode = path.lstat(), "700" if path in kept else "600"
        what = todo = ""
        if stat.S_ISLNK(found.st_mode):
            what, todo = f"{path} is a link", "put the file itself there"
        elif found.st_uid != os.geteuid():
            what = f"{path} belongs to another account (uid {found.st_uid})"
            todo = f"`chown {os.geteuid()} {path}` as root"
        elif stat.S_IMODE(found.st_mode) & 0o077:
            what = f"{path} is open to other accounts (mode {stat.S_IMODE(found.st_mode):04o})"
            todo = f"`chmod {mode} {path}`"
        if what:
            is_well = False
            yield Finding(path.name, "failed", what, todo)
    if is_well:
        yield Finding("secrets", "ok", f"{len(files)} in {settings.secrets_dir}, for one account")
    name = "key of pseudonyms"
    try:
        key = find_secret(settings, SECRET)
    except AssuranceError as error:
        yield Finding(name, "failed", error.message, "`assurance access rekey`")
        return
    place = variable_name(SECRET) if os.environ.get(variable_name(SECRET)) else "state folder"
    bits = f"at least {min(estimated_bits(key), 256):.0f} bits" if key else ""
    what = f"{bits}, {KEY_BITS:.0f} are needed ({place})" if key else "is made by the first run"
    yield Finding(name, "ok", what)


def measure_hosts(settings: Settings) -> Iterator[Finding]:
    """Compare the keys of the hosts that did a stage in the last two days, and of this host.

    Only keys that differ are found. A host that lacks a key says so itself, where it needs it.
    """
    here = host_name(settings)
    marks: dict[str, dict[str, str]] = defaultdict(dict)
    known = marks_of_hosts(settings)
    for one in known:
        marks[one.secret][one.host] = one.mark
    for name, mark in marks_here(settings).items():
        if marks[name].get(here, mark) != mark:
            what = "the last stage on this host had another key"
            yield Finding(name, "advice", what, "restart what still has it, or wait for a run")
        marks[name][here] = mark
    is_well = True
    for name, found in sorted(marks.items()):
        values = dict.fromkeys(found.values())
        if len(values) > 1:
            is_well = False
            groups = (
                ", ".join(sorted(host for host in found if found[host] == value))
                for value in values
            )
            what = f"{name} differs: {' / '.join(groups)}"
            yield Finding(SUBJECT, "failed", what, GIVE, is_of_deployment=True)
    if is_well:
        hosts = len({here, *(one.host for one in known)})
        what = f"{hosts} host{'s' * (hosts > 1)} compared"
        yield Finding(SUBJECT, "ok", what, is_of_deployment=True)


# ---------------------------------------------------------------- the archive and back-ups

SET_KEY = f"set {ARCHIVE_KEY}"
NEW_KEY = "`assurance backup new-key --to FILE`, and set ASSURANCE_ARCHIVE_KEY"
#: A back-up is made each day. The rest is for one that is late by a day.
BACKUP_LASTS, OLD = timedelta(days=2), "the newest is old: "
#: What is accepted needs a reason, and a word such as `yes` is none.
WORDS = 3
MAKE = "`assurance backup make --to FOLDER`"


def measure_archive(settings: Settings) -> Iterator[Finding]:
    """Find whether the archive's folder can be written to, and whether there is a key.

    An archive on another machine is checked by reading its newest batch.
    """
    if not is_local(settings.archive_url):
        yield Finding("archive", "ok", f"{shown(settings.archive_url)}, see *newest batch*")
    else:
        folder = local_path(settings.archive_url)
        usable = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
        if usable:
            yield Finding("archive", "ok", f"{folder} can be written to")
        elif folder.exists():
            yield Finding("archive", "failed", f"{folder} cannot be used", f"`ls -ld {folder}`")
        elif settings.archive:
            what = f"{folder} is not there: is the share mounted?"
            yield Finding("archive", "failed", what, f"`ls -ld {folder}`")
        else:
            yield Finding("archive", "ok", "nothing has been landed yet")
    try:
        key = archive_key(settings)
    except UsageError as error:
        yield Finding("key of the archive", "failed", error.message, f"correct {ARCHIVE_KEY}")
        return
    if key is None:
        yield Finding("key of the archive", "advice", "deliveries are not encrypted", NEW_KEY)
    else:
        yield Finding("key of the archive", "ok", "new deliveries are encrypted")


def measure_newest_batch(settings: Settings) -> Iterator[Finding]:
    """Find whether the newest archived batch is there and can be read."""
    with connect(settings, role="oic_landing") as warehouse:
        batches = archived_batches(warehouse, settings.force_code)
    kept = [batch for batch in batches if batch.archived_as is not None]
    if not kept:
        nothing = "nothing has been landed yet"
        yield Finding("newest batch", "ok", nothing, is_of_deployment=True)
        return
    newest = max(kept, key=lambda batch: batch.batch_id)
    what, todo = f"batch {newest.batch_id} of {newest.dataset}", ""
    state: State = "ok"
    try:
        with open_unpacked(archived_file(settings, str(newest.archived_as))) as stream:
            stream.read(1)
    except UsageError as error:
        # Another host may have the key.
        yield Finding("key of the archive", "failed", f"{what}: {error.message}", SET_KEY)
        what, state = f"{what} cannot be read without the key", "unknown"
    except UnreadableError as error:
        what, state, todo = f"{what}: {error.message}", "failed", "`assurance batch verify`"
    else:
        what = f"{what} can be read"
    yield Finding("newest batch", state, what, todo, is_of_deployment=True)


def measure_backups(settings: Settings) -> Iterator[Finding]:
    """Find whether the newest back-up is where it was made.

    A container without the folder of the back-ups cannot know, so what the last process found that
    sees the folder counts. The record says whether a back-up was ever restored. Physical back-ups
    are not on record, and hold no archive. If nobody makes back-ups here on purpose,
    `ASSURANCE_NO_BACKUPS` says why.
    """
    subject = "newest back-up"
    newest = next(iter(recorded_backups(settings)), None)
    accepted = os.environ.get(NO_BACKUPS, "").strip()
    if newest is None and len(accepted.split()) >= WORDS:
        yield Finding(subject, "ok", f"none is made here, and that is accepted: {accepted}")
        return
    if newest is None:
        what = "none was made here"
        if accepted:
            what = f"{what}, and {NO_BACKUPS} must say why, in at least {WORDS} words"
        todo = f"{MAKE}, or accept it with a reason: {NO_BACKUPS} (docs/how-to/restore.md)"
        yield Finding(subject, "attention", what, todo)
        return
    what, folder = f"{newest.made_at:%d %b %Y %H:%M} UTC, {newest.folder}", Path(newest.folder)
    declared = os.environ.get(BACKUPS, "").strip()
    is_declared = bool(declared) and Path(declared).resolve() == folder.parent
    if not newest.is_there and (is_declared or folder.parent.is_dir()):
        yield Finding(subject, "failed", f"{what} is not there", MAKE, code="restore")
        return
    is_old = utc_now() - newest.made_at > BACKUP_LASTS
    if not newest.is_there:
        yield _seen_elsewhere(settings, subject, what, newest.made_at, is_old=is_old)
    elif is_old:
        yield Finding(subject, "attention", f"{OLD}{what}", MAKE)
    elif not newest.is_encrypted:
        what = f"{what} is not encrypted"
        yield Finding(subject, "advice", what, "docs/how-to/restore.md")
    else:
        yield Finding(subject, "ok", what)


def _seen_elsewhere(
    settings: Settings, subject: str, what: str, made_at: datetime, *, is_old: bool
) -> Finding:
    """Return what was last found about a back-up where it is seen, or that it is too old."""
    with connect(settings, role="oic_gate") as warehouse:
        seen = warehouse.execute(
            """
            select state, what, todo, observed_at, observed_by
            from audit.observation
            where subject = %s and problem_code in ('backup', 'restore') and observed_at >= %s
            order by observed_at desc
            limit 1
            """,
            (subject, made_at),
        ).fetchone()
    if seen is None:
        what = f"{what} is not seen from here, and nobody who sees it has looked"
    else:
        state, found, todo, moment, who = seen
        if state not in ("ok", "advice"):
            return Finding(subject, state, found, todo, is_on_record=True)
        what = f"{found} (not seen from here; seen on {london_text(moment)} by {who})"
    if is_old:
        return Finding(subject, "attention", f"{OLD}{what}", MAKE)
    if seen is None:
        return Finding(subject, "unknown", what, "`assurance backup verify` where the folder is")
    return Finding(subject, state, what, todo, is_on_record=True)
