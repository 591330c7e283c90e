"""Prove that a back-up can be restored: restore it to a scratch place, and try it there.

A drill does what a person would do after a loss, with the same commands, in a state folder of its
own with a server of its own. It proves three things: every file of the back-up is as it was made,
the restored archive agrees with the restored raw, and the publication that readers saw is computed
again with the same fingerprint. The scratch place is removed at the end, whatever happens.

A physical back-up has only the database, and is restored by another service (`physical.py`). The
drill connects to the restored database, and compares it with the archive in its place. A file that
was archived after the back-up belongs to no batch there, which proves nothing against the back-up.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from oic_assurance import clock
from oic_assurance.errors import AssuranceError, error_in
from oic_assurance.operations.backup.parts import (
    keys_here,
    manifest_of,
    read_manifest,
    sha256_of,
)
from oic_assurance.operations.backup.physical import (
    WANTED,
    connections_to,
    drill_place,
    restored,
    withdraw,
)
from oic_assurance.operations.backup.record import WRITER, Drill, record_drill
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.encryption import read_identities
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.locks import DRILL, try_take
from oic_assurance.warehouse.secrets import variable_name

#: The settings that the commands in the scratch place share with this installation. Connections are
#: not among them, so nothing in the drill can reach the warehouse or a source.
SHARED = (
    "ASSURANCE_ARCHIVE_KEY",
    "ASSURANCE_DECLARATIONS",
    "ASSURANCE_FORCE_CODE",
    "ASSURANCE_KIND",
)
_FOREIGN = ("AIRFLOW_", "ASSURANCE_", "DBT_", "PG")
FOLDER = "drill"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What a drill needs besides the back-up."""

    #: The file with the private key. None if the back-up is not encrypted.
    key: Path | None = None
    #: The file of `assurance backup secrets`. Without it, the drill takes this machine's secrets
    #: and does not prove that they were backed up.
    secrets: Path | None = None


def drill(settings: Settings, folder: Path, options: Options, tell: Tell) -> Drill:
    """Restore a back-up to a scratch place, try it there, and record what was proven.

    `tell` gets the name of each step when the step begins.

    Raises:
        UsageError: The folder is not a back-up, or a key cannot be read. Nothing is recorded.
        AssuranceError: Another drill is under way.
    """
    identities = read_identities(options.key, "--key") if options.key else ()
    manifest = read_manifest(folder, identities)
    sha256 = sha256_of(manifest_of(folder))

    def prepare(scratch: "_Scratch") -> None:
        restore = ["backup", "restore", str(folder.resolve()), "--sha256", sha256]
        if options.key is not None:
            restore += ["--key", str(options.key.resolve())]
        if options.secrets is not None:
            restore += ["--secrets", str(options.secrets.resolve())]
        else:
            scratch.take_secrets()
        tell("Restore the back-up")
        scratch.run(*restore)

    with _alone(settings):
        made_at = datetime.fromisoformat(manifest.made_at)
        return _prove(settings, _Scratch(settings), prepare, sha256, made_at, tell)


def drill_physical(settings: Settings, place: Path, tell: Tell) -> Drill:
    """Let the last physical back-up be restored, try it, and record what was proven.

    `place` is the folder that this machine shares with the service that restores.

    Raises:
        AssuranceError: Another drill is under way, the service does not answer, or no physical
            back-up can be read. Nothing is recorded.
    """
    with _alone(settings):
        tell("Restore the physical back-up")
        with restored(place) as backup:
            given = connections_to(settings, place)
            given["ASSURANCE_ARCHIVE_URL"] = settings.archive_url

            def prepare(scratch: "_Scratch") -> None:
                if backup.failure is not None:
                    raise AssuranceError(f"pgBackRest failed: {backup.failure}")
                scratch.take_secrets()

            scratch = _Scratch(settings, given)
            return _prove(settings, scratch, prepare, backup.sha256, backup.made_at, tell)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the lock under which one drill at a time uses the scratch place."""
    with connect(settings, role=WRITER, autocommit=True) as warehouse:
        if not try_take(warehouse, DRILL):
            raise AssuranceError("Another drill is under way: wait until it has ended.")
        yield


def _prove(
    settings: Settings,
    scratch: "_Scratch",
    prepare: Callable[["_Scratch"], None],
    sha256: str,
    made_at: datetime,
    tell: Tell,
) -> Drill:
    """Try what `prepare` restores, and record what was proven, whether it was all or not."""
    began, proven, failure = clock.utc_now(), dict[str, Any](), None
    try:
        prepare(scratch)
        _try(scratch, proven, tell)
    except AssuranceError as error:
        failure = error.message
    finally:
        scratch.remove()
    done = Drill(sha256, made_at, began, clock.utc_now(), failure=failure, **proven)
    record_drill(settings, done)
    return done


def _try(scratch: "_Scratch", proven: dict[str, Any], tell: Tell) -> None:
    """Check what was restored. `proven` gets each thing as soon as it is proven."""
    tell("Compare raw with the archive")
    verified = scratch.ask("batch", "verify", compares=True)
    differ = [
        one
        for proof in verified["datasets"]
        for one in proof["disagreements"]
        if one["file"] is None or not scratch.archive_goes_on
    ]
    if differ:
        raise AssuranceError(
            f"`assurance batch verify` found {len(differ)} differences, the first in "
            f"{differ[0]['dataset']}: {differ[0]['message']}."
        )
    proven["batches"] = sum(int(one["batches"]) for one in verified["datasets"])
    publications = scratch.ask("publication", "list")["publications"]
    current = [one for one in publications if one["is_current"]]
    if not current:
        raise AssuranceError(
            "The back-up has no publication, so no figure could be computed again."
        )
    (shown,) = current
    proven["publication_id"] = shown["publication_id"]
    proven["publication_as_at"] = datetime.fromisoformat(shown["as_at"])
    tell(f"Compute publication {shown['publication_id']} again")
    number = str(shown["publication_id"])
    again = scratch.ask("publication", "reproduce", number, compares=True)
    if not again["reproduction"]["is_equal"]:
        tables = [one["place"] for one in again["tables"] if not one["is_equal"]]
        raise AssuranceError(
            f"`assurance publication reproduce {number}` computed other rows of "
            f"{', '.join(tables) or '?'}."
        )
    proven["content_fingerprint"] = again["reproduction"]["content_fingerprint"]


class _Scratch:
    """A state folder that exists for one drill, and the commands that run in it."""

    def __init__(self, settings: Settings, given: Mapping[str, str] | None = None) -> None:
        """Make the folder. If an interrupted drill has left one, remove it first.

        `given` has the variables that lead to a restored database and to the installation's
        archive. Without it, the scratch place has a server and an archive of its own.
        """
        #: Whether the archive is the installation's own one, to which files may be added meanwhile.
        self.archive_goes_on = given is not None
        self._settings = settings
        self._home = settings.home / FOLDER
        kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
        shared = {name: os.environ[name] for name in SHARED if name in os.environ}
        for name in keys_here(settings):
            # Of several forces, each has variables of its own. The scratch place has one force.
            if key := os.environ.get(variable_name(name)):
                shared[f"ASSURANCE_{name.upper()}"] = key
        self._environment = {**kept, **shared, **(given or {}), "ASSURANCE_HOME": str(self._home)}
        self.remove()
        private_folder(settings, self._home)

    def take_secrets(self) -> None:
        """Copy the secrets that the restore needs, if no file of secrets is given."""
        target = self._home / self._settings.secrets_dir.name
        target.mkdir(mode=0o700)
        for name in keys_here(self._settings):
            source = self._settings.secrets_dir / name
            if source.is_file():
                shutil.copy(source, target / name)

    def run(self, *arguments: str, compares: bool = False) -> str:
        """Run a command to its end, and return its output.

        A command that `compares` may also have found differences.

        Raises:
            AssuranceError: The command fails. The message is the command's error.
        """
        done = subprocess.run(
            [sys.executable, "-m", "oic_assurance.cli", *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        # A command that found differences has an answer. One that failed has only a message.
        has_compared = compares and done.returncode == 1 and done.stdout.strip()
        if done.returncode != 0 and not has_compared:
            said = error_in(done.stderr) or error_in(done.stdout) or "it said nothing"
            raise AssuranceError(f"`assurance {' '.join(arguments[:2])}` failed: {said}")
        return done.stdout

    def ask(self, *arguments: str, compares: bool = False) -> Any:
        """Run a command that answers in JSON, and return the answer."""
        return json.loads(self.run(*arguments, "--json", compares=compares))

    def remove(self) -> None:
        """Stop the server, and remove the folder."""
        if self._home.exists():
            # If the server does not stop, the next drill tries again.
            with suppress(AssuranceError):
                self.run("db", "stop")
            shutil.rmtree(self._home, ignore_errors=True)


def remove_left_scratch(settings: Settings, *, dry_run: bool = False) -> bool | None:
    """Remove the scratch place that a killed drill has left, with its server.

    Returns whether there was one. None means that a drill is under way, so nothing was removed.
    """
    place = drill_place()
    with connect(settings, role=WRITER, autocommit=True) as warehouse:
        if not try_take(warehouse, DRILL):
            return None
        was_there = (settings.home / FOLDER).exists()
        is_wanted = place is not None and (place / WANTED).exists()
        if was_there and not dry_run:
            _Scratch(settings).remove()
        if place is not None and not dry_run:
            withdraw(place)
        return was_there or is_wanted
