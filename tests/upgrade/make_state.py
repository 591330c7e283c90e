"""Make the state of a release, which the tests of this folder restore and bring up to date.

`python -m tests.upgrade.make_state`, run in a clean checkout of the release, makes the file
`states/VERSION/state.tar.xz`. Only commands of the release make the data: a small synthetic force
is run on three days, with a roll-back and a supervisor, and is backed up. The data of a fourth day
is in the sources and has not been landed, so a test can run that day with later code.

README.md says what is in the file.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

from psycopg.conninfo import conninfo_to_dict

from oic_assurance.settings import load_settings
from oic_assurance.warehouse.programs import client_program

STATES = Path(__file__).resolve().parent / "states"
STATE, FACTS = "state.tar.xz", "facts.json"
SEED = 20260430
BEGIN, LAST_DAYS = "2026-04-14", ("2026-04-27", "2026-04-28", "2026-04-29")
#: The moments of the three runs, and the moment of the run that a test does with later code.
AS_AT = ("2026-04-28T05:30", "2026-04-29T05:30", "2026-04-30T05:30")
NEXT_DAY, NEXT_AS_AT = "2026-04-30", "2026-05-01T05:30"
SOURCES = ("rms", "intelligence")


def keys_of_a_state() -> dict[str, str]:
    """Return the settings with the keys of every state, which anybody can compute.

    They guard nothing. They are hashes of a sentence, so that no file of the repository holds
    anything that looks like a secret.
    """
    return {
        f"ASSURANCE_{name.upper()}": hashlib.sha256(
            f"the {name} of a state that tests restore".encode()
        ).hexdigest()
        for name in ("pseudonym_key", "erasure_key")
    }


def environment_of(home: Path) -> dict[str, str]:
    """Return the environment of the commands in a state folder, without this machine's settings."""
    foreign = ("ASSURANCE_", "AIRFLOW_", "OPENLINEAGE_", "DBT_", "PG")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    pg_bin = {name: os.environ[name] for name in ("ASSURANCE_PG_BIN",) if name in os.environ}
    return {
        **kept,
        **pg_bin,
        **keys_of_a_state(),
        "ASSURANCE_HOME": str(home),
        "ASSURANCE_RETRY_SECONDS": "1",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


class Maker:
    """Runs the commands of the release in an empty state folder."""

    def __init__(self, scratch: Path) -> None:
        self._home = scratch / "home"
        self._environment = environment_of(self._home)
        self.place = scratch / "state"
        self.place.mkdir()

    def assurance(self, *arguments: str) -> str:
        """Run a command of the release, and return what it wrote to standard output."""
        sys.stderr.write(f"assurance {' '.join(arguments)}\n")
        command = [str(Path(sys.executable).parent / "assurance"), *arguments]
        return subprocess.run(
            command, env=self._environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def run_days(self) -> None:
        """Run three days. The second publication is rolled back, and a supervisor gets access."""
        begin = BEGIN
        for day, as_at in zip(LAST_DAYS, AS_AT, strict=True):
            self.assurance("simulate", "--seed", str(SEED), "--from", begin, "--to", day)
            self.assurance("run", "--as-at", as_at)
            begin = NEXT_DAY if day == LAST_DAYS[-1] else LAST_DAYS[LAST_DAYS.index(day) + 1]
            if as_at == AS_AT[1]:
                self.assurance("publication", "rollback", "1", "--reason", "a state of a release")
        self.assurance("publication", "release", "--reason", "a state of a release")
        self.assurance("simulate", "--seed", str(SEED), "--from", begin, "--to", NEXT_DAY)

    def save(self) -> None:
        """Save the warehouse and the archive with the release's own back-up, and the sources."""
        self.assurance("backup", "make", "--unencrypted", "--to", str(self.place / "backup"))
        (made,) = (self.place / "backup").iterdir()
        made.rename(self.place / "made")
        (self.place / "backup").rmdir()
        (self.place / "made").rename(self.place / "backup")
        self._dump_without_compression()
        for name in SOURCES:
            with (self.place / f"{name}.sql").open("wb") as file:
                self._dump(name, file, "--no-owner", "--no-privileges")
        shutil.copytree(self._home / "dropzone", self.place / "dropzone")

    def _dump_without_compression(self) -> None:
        """Dump the warehouse again. Not compressed table by table, it takes a quarter of the space.

        The dump is what `backup make` wrote, in another form, so the manifest gets its new hash.
        """
        backup = self.place / "backup"
        with (backup / "warehouse.dump").open("wb") as file:
            self._dump("admin", file, "--format=custom", "--compress=0", "--no-large-objects")
        manifest = json.loads((backup / "manifest.json").read_text(encoding="utf-8"))
        for part in manifest["parts"]:
            content = (backup / part["name"]).read_bytes()
            part["size_bytes"], part["sha256"] = len(content), hashlib.sha256(content).hexdigest()
        (backup / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    def _dump(self, name: str, file: BinaryIO, *options: str) -> None:
        parts = conninfo_to_dict(self.assurance("db", "url", name).strip())
        password = {"PGPASSWORD": str(parts.pop("password"))}
        place = " ".join(f"{name}={value}" for name, value in parts.items())
        program = str(client_program(load_settings(), "pg_dump"))
        command = [program, *options, "--dbname", place]
        environment = {**self._environment, **password}
        subprocess.run(command, env=environment, stdout=file, check=True)

    def facts(self) -> Mapping[str, object]:
        """Return what the tests compare a restored state with."""
        manifest = json.loads((self.place / "backup" / "manifest.json").read_text())
        return {
            "version": metadata.version("oic-assurance"),
            "code": manifest["code"],
            "as_at": AS_AT,
            "next_as_at": NEXT_AS_AT,
            "publications": json.loads(self.assurance("publication", "list", "--json")),
        }

    def stop(self) -> None:
        """Stop the state folder's server."""
        self.assurance("db", "stop")


def main() -> None:
    """Make the state of the release that is checked out and installed."""
    target = STATES / metadata.version("oic-assurance")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="state-") as scratch:
        maker = Maker(Path(scratch))
        try:
            maker.run_days()
            maker.save()
            facts = maker.facts()
        finally:
            maker.stop()
        (target / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        with tarfile.open(target / STATE, "w:xz", preset=9) as archive:
            archive.add(maker.place, arcname=".", filter=_without_names)
    sys.stdout.write(f"{target / STATE}: {(target / STATE).stat().st_size / 1e6:.1f} MB\n")


def _without_names(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Remove the account of who made the state."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
