"""A warehouse is restored from a back-up with all figures, and further runs work."""

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from oic_assurance.warehouse.encryption import MAGIC
from oic_assurance.warehouse.fingerprint import TableFingerprint, fingerprint_tables
from tests.end_to_end.page_commands import commands
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow
PAGE = "how-to/restore.md"

SCHEMAS = (
    *("raw_general", "raw_law_enforcement", "audit", "identity", "intermediate", "compared_with"),
    *("marts", "public_release", "generation"),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="assurance-backup-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def old(folder: Path) -> Iterator[Terminal]:
    """A state folder with one publication and an encrypted archive."""
    terminal = Terminal(folder / "old", extra=settings(folder))
    terminal.does("backup", "new-key", "--to", str(folder / "archive-key"))
    for arguments in (
        ("simulate", "--seed", "5", "--from", "2026-04-01", "--to", "2026-04-20"),
        ("run", "--as-at", "2026-04-21T05:30"),
    ):
        terminal.does(*arguments)
    yield terminal
    terminal.assurance("db", "stop")


@pytest.fixture
def new(folder: Path) -> Iterator[Terminal]:
    """An empty state folder with the same dropzone."""
    shared = {"ASSURANCE_DROPZONE": f"file://{folder}/old/dropzone"}
    terminal = Terminal(folder / "new", extra={**settings(folder), **shared})
    yield terminal
    terminal.assurance("db", "stop")


def settings(folder: Path) -> dict[str, str]:
    return {"ASSURANCE_ARCHIVE_KEY": str(folder / "archive-key")}


def tables_of(terminal: Terminal) -> dict[str, dict[str, TableFingerprint]]:
    """Return the fingerprints of all tables but one, read by the superuser.

    When a command ends, it records in `audit.observation` what it sees of its machine.
    """
    password = (terminal.home / "secrets/postgres_password").read_text().strip()
    port = (terminal.home / "postgres/port").read_text().strip()
    address = f"host=127.0.0.1 port={port} user=postgres dbname=warehouse password={password}"
    with psycopg.connect(address) as connection:
        found = {schema: fingerprint_tables(connection, schema, ()) for schema in SCHEMAS}
    del found["audit"]["observation"]
    return found


def test_a_restored_warehouse_has_every_figure(old: Terminal, new: Terminal, folder: Path) -> None:
    """The page is followed to the letter, from the first key to a run on an empty machine."""
    before = tables_of(old)
    assert before["marts"]["assurance_measure"].rows > 0
    new_key, recipients = commands(PAGE, "Set it up once")
    public = follow(old, folder, new_key).stdout.strip()
    name, _, value = recipients.partition("=")
    backing_up = Terminal(old.home, extra={**old.extra, name: value.replace("age1…", public)})
    make, secrets, _ = commands(PAGE, "Back up")
    made = follow(backing_up, folder, make)
    sha256 = next(line for line in made.stdout.splitlines() if line.startswith("SHA-256")).split()[
        1
    ]
    (folder / "elsewhere").mkdir()
    follow(backing_up, folder, secrets)
    [backup] = (folder / "backups").iterdir()
    files = [*backup.iterdir(), folder / "elsewhere" / "secrets.json.age"]
    assert all(path.read_bytes().startswith(MAGIC) for path in files)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}

    restore, verify, check_log, run = commands(PAGE, "Restore")
    restore = restore.replace("oic-assurance-20260430T053000Z", backup.name).replace("…", sha256)
    words = restore.split(" --key ")[0]
    key, archive_key = (str(folder / name) for name in ("backup-key", "archive-key"))
    for given, message in (
        ((), "encrypted to another key"),
        (("--key", archive_key), "encrypted to another key"),
        (("--key", key), "another pseudonym_key"),
    ):
        refused = new.assurance(*arguments(folder, words), *given)
        assert (refused.returncode, message in refused.stderr) == (2, True), refused.stderr
    follow(new, folder, restore)
    assert tables_of(new) == before
    follow(new, folder, verify)
    follow(new, folder, check_log)
    sources = {f"AIRFLOW_CONN_{one.upper()}": old.url(one) for one in ("rms", "intelligence")}
    follow(Terminal(new.home, extra={**new.extra, **sources}), folder, run)
    listed = new.document("publication", "list")["publications"]
    assert [one["publication_id"] > 1 for one in listed if one["is_current"]] == [True]


def follow(terminal: Terminal, folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the page, which must succeed."""
    return terminal.does(*arguments(folder, command))


def arguments(folder: Path, command: str) -> list[str]:
    """Return the arguments of a command of the page, with this test's folder instead of its paths.

    The page restores with the secrets in the folder in which somebody is, and the test is in none.
    """
    program, *words = shlex.split(command)
    assert program == "assurance"
    places = {"backup-key": "backup-key", "secrets.json.age": "elsewhere/secrets.json.age"}
    return [
        str(folder / places[word]) if word in places else word.replace("/mnt/", f"{folder}/")
        for word in words
    ]


def test_a_drill_proves_that_the_back_up_can_be_restored(old: Terminal, folder: Path) -> None:
    readers_saw = tables_of(old)["marts"]
    drill, *_ = commands(PAGE, "Prove that it can be restored")
    done = follow(old, folder, drill)
    assert "restore proven yes" in " ".join(done.stdout.split())
    assert done.stderr.splitlines() == [
        "Restore the back-up",
        "Compare raw with the archive",
        "Compute publication 1 again",
    ]
    assert old.document("status")["backup"]["proven_at"]
    assert "restore" not in old.assurance("notify", "--dry-run").stdout
    assert not (old.home / "drill").exists()
    assert tables_of(old)["marts"] == readers_saw
    [listed] = old.document("backup", "list")["backups"]
    assert (listed["is_there"], listed["proven_at"] is not None) == (True, True)


def test_a_drill_that_proves_nothing_says_why_and_is_told(old: Terminal, folder: Path) -> None:
    [backup] = (folder / "backups").iterdir()
    damaged = shutil.copytree(backup, folder / "damaged")
    dump = damaged / "warehouse.dump.age"
    dump.write_bytes(dump.read_bytes()[:-1])
    key = ("--key", str(folder / "backup-key"))
    old.does("backup", "verify", str(backup))
    verified = old.assurance("backup", "verify", str(damaged))
    assert (verified.returncode, "has another size" in verified.stderr) == (1, True)
    done = old.assurance("backup", "drill", str(damaged), *key)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "restore proven no" in " ".join(done.stdout.split())
    assert "warehouse.dump.age is missing or has another size" in " ".join(done.stdout.split())
    assert not (old.home / "drill").exists()
    assert "It is not proven that a back-up" in old.assurance("status").stdout
    told = " ".join(old.assurance("notify", "--dry-run").stdout.split())
    assert "It is not proven that a back-up can be restored" in told
    # Nothing is on record about a drill that could not begin.
    refused = old.assurance("backup", "drill", "--key", str(folder / "archive-key"))
    assert (refused.returncode, "encrypted to another key" in refused.stderr) == (2, True)


def test_a_stolen_archive_has_no_record_in_plain(old: Terminal) -> None:
    files = [path for path in (old.home / "batches").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if not path.read_bytes().startswith(MAGIC)] == []


def test_everything_in_the_state_folder_is_private(old: Terminal) -> None:
    """Only the owner may read the files and list the folders."""
    home = old.home
    # If root runs the server as another user, that user's group may traverse the folders.
    assert home.stat().st_mode & 0o067 == 0
    opened = [
        f"{path.relative_to(home)} {path.stat().st_mode & 0o777:o}"
        for path in home.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & (0o067 if path.is_dir() else 0o077)
    ]
    assert opened == []
