"""A back-up restores everything, is unreadable without its key, and reveals any change to it."""

import dataclasses
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from pyrage.x25519 import Identity

from oic_assurance.builds.recompute import open_recompute
from oic_assurance.builds.record import Build, open_build
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.backup import make
from oic_assurance.operations.backup.make import (
    Backup,
    make_backup,
    make_secrets,
    recipients_of,
)
from oic_assurance.operations.backup.parts import read_manifest
from oic_assurance.operations.backup.record import (
    Drill,
    newest_backup,
    record_drill,
    recorded_backups,
    verify_backup,
)
from oic_assurance.operations.backup.restore import Options, restore_backup
from oic_assurance.operations.backup.set_aside import set_aside
from oic_assurance.operations.doctor import machine
from oic_assurance.operations.doctor.checks import measure, record
from oic_assurance.operations.doctor.registry import BACKUP
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.settings import NO_BACKUPS, Settings, load_settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import admin_url, connect, url
from oic_assurance.warehouse.encryption import MAGIC, new_identity
from oic_assurance.warehouse.fingerprint import TableFingerprint, fingerprint_tables
from oic_assurance.warehouse.locks import KNOWN_BATCHES, take_in_transaction
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.secrets import secret
from tests.commands import shown
from tests.integration.asking import ask
from tests.integration.landing.support import World, person
from tests.integration.operations.support import assert_agrees

PEOPLE = "hr/personnel"
SCHEMAS = ("raw_general", "raw_law_enforcement", "audit", "identity", "marts", "public_release")
NEEDLE = "T8QZXW"


@dataclasses.dataclass(frozen=True)
class Made:
    """A state folder, its back-up, and the tables' fingerprints when the back-up was made."""

    settings: Settings
    backup: Backup
    secrets: Path
    identity: Identity
    tables: dict[str, dict[str, TableFingerprint]]

    def options(self, **changes: Any) -> Options:
        given = Options((self.identity,), self.secrets)
        return dataclasses.replace(given, **changes)


def tables_of(settings: Settings) -> dict[str, dict[str, TableFingerprint]]:
    with psycopg.connect(admin_url(settings, "warehouse")) as connection:
        return {schema: fingerprint_tables(connection, schema, ()) for schema in SCHEMAS}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A warehouse with deliveries, an erasure, a supervisor's login and a large object."""
    folder = tmp_path_factory.mktemp("made")
    settings = dataclasses.replace(load_settings(), home=folder / "home")
    embedded.start(settings)
    migrate(settings)
    world = World(settings, folder)
    world.personnel("20260101", "000001", person("000002", NEEDLE), "000009")
    world.land(PEOPLE)
    world.personnel("20260105", "000001", person("000002", "T9"), "000009")
    world.land(PEOPLE)
    declared = dataset(PEOPLE)
    erase(settings, Request(declared, declared.tables[0], ("000009",), "asked for"), dry_run=False)
    # A re-keying makes a further key of erasures.
    secret(settings, "erasure_key_2")
    with psycopg.connect(admin_url(settings, "warehouse")) as administrator:
        administrator.execute("create role supervisor_of_tests login in role supervisor_reader")
        administrator.execute(f"select lo_from_bytea(0, '{NEEDLE}'::bytea)")
    release = settings.home / "releases" / "release-1"
    release.mkdir(parents=True)
    release.joinpath("figures.csv").write_text("a figure\n", encoding="ascii")
    tables = tables_of(settings)
    identity = new_identity()
    recipients = [identity.to_public()]
    backup = make_backup(settings, folder / "backups", recipients)
    make_secrets(settings, folder / "keys.json", recipients)
    yield Made(settings, backup, folder / "keys.json.age", identity, tables)
    world.close()
    embedded.stop(settings)


@pytest.fixture
def empty(made: Made, tmp_path: Path) -> Iterator[Settings]:
    """Settings with another state folder, which does not exist yet."""
    settings = dataclasses.replace(made.settings, home=tmp_path / "restored")
    yield settings
    embedded.stop(settings)


def test_a_restored_warehouse_has_the_same_rows_and_agrees_with_its_archive(
    made: Made, empty: Settings, tmp_path: Path
) -> None:
    restore_backup(empty, made.backup.folder, made.options(sha256=made.backup.sha256))
    assert tables_of(empty) == made.tables
    world = World.__new__(World)
    world.settings = empty
    assert_agrees(world, PEOPLE)
    with connect(empty, role="oic_landing") as connection:
        keys = connection.execute("select distinct row_key from raw_general.personnel order by 1")
        assert [key for (key,) in keys] == ["000001", "000002"]
    psycopg.connect(url(empty, "bi")).close()
    with psycopg.connect(admin_url(empty, "warehouse")) as administrator:
        member = "select pg_has_role('supervisor_of_tests', 'supervisor_reader', 'member')"
        assert administrator.execute(member).fetchone() == (True,)
        assert administrator.execute("select count(*) from pg_largeobject").fetchone() == (0,)
    for path in (empty.home / "batches").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert (empty.home / "releases/release-1/figures.csv").read_text() == "a figure\n"
    # A second restore does not overwrite the first one.
    with pytest.raises(UsageError, match="restore into an empty state folder"):
        restore_backup(empty, made.backup.folder, made.options())


def test_a_server_of_ones_own_is_restored_by_its_superuser(
    made: Made, empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = dataclasses.replace(made.settings, home=tmp_path / "server")
    embedded.start(server)
    for name in ("warehouse", "rms", "intelligence"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", url(server, name))
    try:
        with pytest.raises(UsageError, match="needs a superuser of the server"):
            restore_backup(empty, made.backup.folder, made.options())
        monkeypatch.setenv("AIRFLOW_CONN_BACKUP", admin_url(server, "warehouse"))
        restore_backup(empty, made.backup.folder, made.options())
        with pytest.raises(UsageError, match="has files: restore into an empty state folder"):
            restore_backup(empty, made.backup.folder, made.options())
        assert tables_of(server) == made.tables
        # A stage logs in with the password in the new state folder.
        connect(empty, role="oic_gate").close()
        other = dataclasses.replace(empty, home=tmp_path / "other")
        with pytest.raises(UsageError, match="The database of the warehouse is not empty"):
            restore_backup(other, made.backup.folder, made.options())
    finally:
        embedded.stop(server)


def test_a_stolen_back_up_gives_nothing_without_the_key(made: Made) -> None:
    files = [*made.backup.folder.iterdir(), made.secrets]
    assert len(files) == 5
    key = made.settings.secrets_dir.joinpath("erasure_key").read_bytes()
    for path in files:
        content = path.read_bytes()
        assert content.startswith(MAGIC)
        assert path.stat().st_mode & 0o777 == 0o600
        for text in (NEEDLE.encode(), b"personnel", b"audit", key):
            assert text not in content, path.name
    assert made.backup.folder.stat().st_mode & 0o777 == 0o700
    for identities in ((), (new_identity(),)):
        with pytest.raises(UsageError, match="encrypted to another key"):
            read_manifest(made.backup.folder, identities)


@pytest.mark.parametrize("part", ["warehouse.dump", "roles.sql", "archive.tar", "manifest.json"])
@pytest.mark.parametrize("change", ["one bit", "cut off", "replaced"])
def test_a_changed_back_up_is_refused_before_anything_is_written(
    made: Made, empty: Settings, tmp_path: Path, part: str, change: str
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in made.backup.folder.iterdir():
        content = path.read_bytes()
        if path.name == f"{part}.age":
            content = {
                "one bit": content[:-1] + bytes([content[-1] ^ 1]),
                "cut off": content[:-20],
                # Anybody can encrypt to a public key, so this replacement can be decrypted.
                "replaced": made.backup.folder.joinpath("roles.sql.age").read_bytes() + b"",
            }[change]
            if change == "replaced" and part == "roles.sql":
                content = made.backup.folder.joinpath("archive.tar.age").read_bytes()
        (folder / path.name).write_bytes(content)
    with pytest.raises(AssuranceError, match=r"changed|another size|not the manifest"):
        restore_backup(empty, folder, made.options())
    assert not empty.home.exists()


def test_another_back_up_or_one_without_its_secrets_is_not_restored(
    made: Made, empty: Settings
) -> None:
    with pytest.raises(AssuranceError, match=f"its SHA-256 is {made.backup.sha256}"):
        restore_backup(empty, made.backup.folder, made.options(sha256="0" * 64))
    with pytest.raises(UsageError, match=r"another erasure_key and erasure_key_2: give --secrets"):
        restore_backup(empty, made.backup.folder, made.options(secrets=None))
    assert not (empty.home / "postgres").exists()


def test_without_recipients_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSURANCE_BACKUP_RECIPIENTS", raising=False)
    with pytest.raises(UsageError, match="ASSURANCE_BACKUP_RECIPIENTS is not set"):
        recipients_of([], unencrypted=False)
    assert recipients_of([], unencrypted=True) == []
    first, second = (str(new_identity().to_public()) for _ in range(2))
    monkeypatch.setenv("ASSURANCE_BACKUP_RECIPIENTS", first)
    assert [str(key) for key in recipients_of([second], unencrypted=False)] == [first, second]
    private = str(new_identity())
    with pytest.raises(UsageError, match="a private key is not a public key") as refusal:
        recipients_of([private], unencrypted=False)
    assert private not in refusal.value.message


def test_no_password_is_an_argument_of_a_program(made: Made, tmp_path: Path) -> None:
    with patch.object(subprocess, "Popen", wraps=subprocess.Popen) as started:
        make_backup(made.settings, tmp_path, [])
    commands = [call.args[0] for call in started.call_args_list]
    password = made.settings.secrets_dir.joinpath("postgres_password").read_text().strip()
    assert {Path(command[0]).name for command in commands} == {"pg_dump", "pg_dumpall"}
    assert not any(password in argument for command in commands for argument in command)
    # This back-up was requested without encryption, so it can be read without a key.
    [folder] = tmp_path.iterdir()
    assert read_manifest(folder, ()).batches == 2


def test_a_back_up_that_an_erasure_has_overtaken_is_removed(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter((1, 2))
    monkeypatch.setattr(make, "_erasures", lambda _: next(counts))
    with pytest.raises(AssuranceError, match="An erasure ended while the back-up was made"):
        make_backup(made.settings, tmp_path, [made.identity.to_public()])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_archived_file_is_named(made: Made, tmp_path: Path) -> None:
    path = min(path for path in (made.settings.home / "batches").rglob("*.gz"))
    path.rename(tmp_path / "aside")
    try:
        backup = make_backup(made.settings, tmp_path / "backups", [])
    finally:
        (tmp_path / "aside").rename(path)
    assert backup.manifest.missing == [str(path.relative_to(made.settings.home))]
    assert backup.manifest.batches == 1


def test_nothing_is_put_beside_what_it_protects(made: Made) -> None:
    recipients = [made.identity.to_public()]
    with pytest.raises(UsageError, match="is in the state folder"):
        make_backup(made.settings, made.settings.home / "backups", recipients)
    for folder in (made.settings.home, made.backup.folder):
        with pytest.raises(UsageError, match="next to what it protects"):
            make_secrets(made.settings, folder / "keys", recipients)


def test_a_back_up_ends_the_problem_that_there_is_none(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NO_BACKUPS, raising=False)
    found = "select state from audit.observation where problem_code = 'backup'"
    with patch.object(machine, "recorded_backups", return_value=[]):
        record(made.settings, measure(made.settings, [BACKUP]))
    assert ask(made.settings, found) == [("attention",)]
    recipient = str(made.identity.to_public())
    shown(made.settings, "backup", "make", "--to", str(tmp_path), "--recipient", recipient)
    assert ask(made.settings, found) == [("ok",)]
    # Whoever verifies it has seen it too.
    shown(made.settings, "backup", "verify")
    [(seen_by,)] = ask(made.settings, found.replace("state", "observed_by"))
    assert seen_by.endswith("backup verify`")


def test_the_newest_back_up_that_is_there_is_known(made: Made, tmp_path: Path) -> None:
    newer = make_backup(made.settings, tmp_path / "newer", [made.identity.to_public()])
    assert newest_backup(made.settings).sha256 == newer.sha256
    shutil.rmtree(newer.folder)
    recorded = recorded_backups(made.settings)
    assert [recorded[0].sha256, recorded[0].is_there] == [newer.sha256, False]
    found = newest_backup(made.settings)
    assert found.folder != str(newer.folder)
    assert found.is_there
    first = next(one for one in recorded if one.sha256 == made.backup.sha256)
    assert (first.batches, first.missing, first.is_encrypted) == (2, 0, True)
    assert first.size_bytes == sum(part.size_bytes for part in made.backup.manifest.parts)


@pytest.mark.parametrize("part", ["warehouse.dump", "roles.sql", "archive.tar", "manifest.json"])
def test_without_a_key_a_changed_file_is_found(made: Made, tmp_path: Path, part: str) -> None:
    assert verify_backup(made.settings, made.backup.folder).sha256 == made.backup.sha256
    folder = shutil.copytree(made.backup.folder, tmp_path / "copy")
    changed = folder / f"{part}.age"
    content = changed.read_bytes()
    changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    message = "was not made here" if part == "manifest.json" else f"{part}.age was changed"
    with pytest.raises(AssuranceError, match=message):
        verify_backup(made.settings, folder)


def test_a_drill_proves_a_restore_only_if_everything_was_shown(made: Made) -> None:
    ends = utc_now()
    shown: dict[str, Any] = {
        "batches": 2,
        "publication_id": 1,
        "publication_as_at": ends,
        "content_fingerprint": "f" * 64,
    }
    drill = Drill(made.backup.sha256, ends, ends - timedelta(seconds=64), ends)
    for failure, known in (("it broke", shown), (None, {})):
        record_drill(made.settings, dataclasses.replace(drill, failure=failure, **known))
        assert not any(one.proven_at for one in recorded_backups(made.settings))
    last = dataclasses.replace(drill, **shown)
    record_drill(made.settings, last)
    proven = [one for one in recorded_backups(made.settings) if one.proven_at]
    assert [one.sha256 for one in proven] == [made.backup.sha256]
    assert (last.seconds, last.is_proven) == (64.0, True)


def test_each_back_up_is_a_disclosure_in_the_log(made: Made) -> None:
    with psycopg.connect(admin_url(made.settings, "warehouse")) as administrator:
        entries = administrator.execute(
            "select what, to_whom from audit.processing_log where action = 'disclosure'"
        ).fetchall()
    assert (
        f"a back-up of the warehouse and of 2 archived batches, SHA-256 {made.backup.sha256}",
        f"the holders of {made.identity.to_public()}",
    ) in entries


def test_what_the_archive_has_beyond_a_restored_database_is_set_aside(
    made: Made, empty: Settings
) -> None:
    """After a restore to a moment, later deliveries are in the archive, and no batch names them."""
    restore_backup(empty, made.backup.folder, made.options())
    folder = empty.home / "batches" / PEOPLE
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    later = folder / "00000003-personnel_20260106.csv.gz"
    later.write_bytes(b"a later delivery")
    rewritten = folder / "00000001-personnel_20260101.csv.gz.erased"
    rewritten.write_bytes(b"of an erasure")
    [moved] = set_aside(empty)
    assert moved.read_bytes() == b"a later delivery"
    assert moved.is_relative_to(empty.home / "set-aside")
    assert moved.name == later.name
    for path in (moved.parent, moved.parent.parent, empty.home / "set-aside"):
        assert path.stat().st_mode & 0o777 == 0o700
    rewritten.unlink()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == held
    assert set_aside(empty) == []


def test_a_build_knows_the_drills_that_were_on_record_and_no_others(made: Made) -> None:
    """Also if a drill that is recorded later says that it ended earlier."""
    moment = utc_now()
    drill = Drill(made.backup.sha256, moment, moment - timedelta(seconds=64), moment)

    def known(build: Build) -> object:
        with psycopg.connect(admin_url(made.settings, "warehouse")) as administrator:
            query = "select known_drill_id from audit.build where build_id = %s"
            return administrator.execute(query, (build.build_id,)).fetchone()

    record_drill(made.settings, drill)
    before = open_build(made.settings, "tests", moment)
    earlier = moment - timedelta(days=30)
    record_drill(made.settings, dataclasses.replace(drill, started_at=earlier, finished_at=earlier))
    after = open_build(made.settings, "tests", moment)
    again = open_recompute(made.settings, before)
    assert known(before) == known(again) != known(after)


def test_a_drill_is_recorded_before_a_build_is_opened_or_after_it(made: Made) -> None:
    """While a build is opened, the record of a drill waits."""
    moment = utc_now()
    drill = Drill(made.backup.sha256, moment, moment, moment)
    with connect(made.settings, role="oic_transform") as opening:
        take_in_transaction(opening, KNOWN_BATCHES)
        with ThreadPoolExecutor(1) as other:
            recording = other.submit(record_drill, made.settings, drill)
            with pytest.raises(TimeoutError):
                recording.result(timeout=1)
            opening.rollback()
            recording.result(timeout=60)
