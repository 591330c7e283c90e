"""Look at versions: Python, the packages, PostgreSQL and its programs, and the migrations."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psycopg
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding, State
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.migrate import missing_migrations
from oic_assurance.warehouse.programs import OLDEST_MAJOR, major_version

OLDEST, NEWEST = (3, 11), (3, 13)
#: The lock of what must be there, and the locks of what may be added to the same environment.
LOCK = "requirements.lock"
ADDED = [f"requirements-{group}.lock" for group in ("production", "connectors", "dev", "test-all")]
SHOWN = 3
#: Packages whose versions are shown, because people ask for them.
NAMED = ("apache-airflow-core", "dbt-core", "great-expectations")
_PIN = re.compile(r"^[A-Za-z0-9][^\s\\]*==[^\\]*", re.MULTILINE)


def look_at_python(settings: Settings) -> Iterator[Finding]:
    """Find whether Python is one that this project is tested with."""
    here = sys.version_info[:2]
    what = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= here <= NEWEST:
        yield Finding("Python", "ok", what)
    else:
        yield Finding("Python", "failed", f"{what} is not 3.11 to 3.13", "make clean setup")
    yield from _packages(settings.project_root)


def _packages(root: Path) -> Iterator[Finding]:
    if not (root / LOCK).is_file():
        yield Finding("packages", "unknown", f"there is no {LOCK} in {root} to compare them with")
        return
    needed = locked(root / LOCK)
    known = dict(needed)
    for lock in (root / name for name in ADDED):
        known |= locked(lock) if lock.is_file() else {}
    found = {name: _installed(name) for name in known}
    missing = [name for name in needed if found[name] is None]
    other = [
        f"{name} {found[name]} (locked: {version})"
        for name, version in sorted(known.items())
        if found[name] not in (None, version)
    ]
    wrong = [*(f"{name} is missing" for name in sorted(missing)), *other]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        state: State = "failed" if missing else "advice"
        yield Finding("packages", state, f"{', '.join(wrong[:SHOWN])}{more}", "`make setup`")
        return
    named = ", ".join(f"{name} {found[name]}" for name in NAMED if found.get(name))
    yield Finding("packages", "ok", f"all {len(needed)} as locked; {named}")


def locked(lock: Path) -> dict[str, str]:
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


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def look_at_postgres(settings: Settings) -> Iterator[Finding]:
    """Compare the versions of the server, of libpq and of PostgreSQL's programs."""
    with connect(settings) as warehouse:
        server = warehouse.info.server_version // 10_000
    if server < OLDEST_MAJOR:
        yield Finding(
            "PostgreSQL", "failed", f"the server is {server}", f"upgrade it to {OLDEST_MAJOR}"
        )
    libpq = psycopg.pq.version() // 10_000
    try:
        programs = major_version(settings)
    except ServerError as error:
        yield Finding("programs", "unknown", error.message)
        return
    what = f"server {server}, libpq {libpq}, programs for back-ups {programs}"
    if programs == server:
        yield Finding("PostgreSQL", "ok", what)
    else:
        yield Finding(
            "PostgreSQL",
            "failed" if programs < server else "advice",
            f"{what}: a back-up needs programs of the server's version",
            f"set ASSURANCE_PG_BIN to the programs of PostgreSQL {server}",
        )


def look_at_migrations(settings: Settings) -> Iterator[Finding]:
    """Compare the migrations of this code with those that the warehouse has."""
    try:
        missing = missing_migrations(settings)
    except AssuranceError as error:
        yield Finding("migrations", "failed", error.message, "use the code of this warehouse")
        return
    if missing:
        names = ", ".join(one.name for one in missing[:SHOWN])
        what = f"{len(missing)} are not applied, the first are {names}"
        yield Finding("migrations", "advice", what, "`assurance db start`")
    else:
        yield Finding("migrations", "ok", "all of this code's are applied")
