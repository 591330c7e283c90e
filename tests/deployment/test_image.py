"""The image: the Dockerfile's steps work, and what they make runs without rights of its own."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from oic_assurance.settings import BACKUPS, load_settings
from tests.deployment.image_root import Image, base_root

pytestmark = pytest.mark.slow

PROJECT = load_settings().project_root
COMMIT = "0123456789abcdef0123456789abcdef01234567"
USER = 50000
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}")
LARGEST_KEY = 20_000
#: A key or certificate in a package's folder of tests.
OF_TESTS = re.compile(r"/(test|tests|_tests)/.*\.(key|pem|crt|cer|der|p12|pfx|jks)$")
#: Programs that make programs. Nothing in the image needs one after the build.
COMPILERS = ("cc", "gcc", "g++", "c++", "clang", "ld", "as", "make", "cmake", "rustc", "cargo")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="assurance-image-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def image(folder: Path) -> Image:
    """The image, built from the committed files as a checkout with `umask 077` has them."""
    context = folder / "context"
    files = subprocess.run(
        ["git", "-C", PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, files.split("\0")):
        if (PROJECT / name).is_file():
            target = context / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(PROJECT / name, target)
    for path in context.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    base_root(folder / "root")
    image = Image(folder / "root", context, {"ASSURANCE_COMMIT": COMMIT})
    image.build(PROJECT / "Dockerfile")
    return image


def files(image: Image) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the path and the status of everything in the image but symbolic links."""
    for path in image.root.rglob("*"):
        status = path.lstat()
        if not stat.S_ISLNK(status.st_mode):
            yield path.relative_to(image.root).as_posix(), status


@pytest.fixture
def volume(folder: Path) -> Iterator[Path]:
    """An empty volume, as an engine makes it: with the owner and the mode of the image's folder."""
    made = folder / "volume"
    made.mkdir(mode=0o700)
    os.chown(made, USER, USER)
    yield made
    shutil.rmtree(made)


def test_airflow_and_the_command_run_as_50000_in_a_read_only_root(
    image: Image, volume: Path
) -> None:
    done = image.run(*image.entrypoint, *image.command, read_only=True, state=volume)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"3\.\d+\.\d+\n", done.stdout)
    for command in (["airflow", "version"], ["sh", "-c", "exec airflow version"]):
        done = image.run("/entrypoint", *command, read_only=True, state=volume)
        assert re.fullmatch(r"3\.\d+\.\d+\n", done.stdout), done.stderr
    done = image.run("assurance", "--version", read_only=True, state=volume)
    assert done.returncode == 0, done.stderr
    assert f"(code {COMMIT[:12]}+dbt." in done.stdout
    done = image.run("id", "--user", read_only=True)
    assert done.stdout.strip() == str(USER)


def test_the_build_stops_without_a_commit(image: Image) -> None:
    (step,) = re.findall(r"^RUN (test .*)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    done = image.run("/bin/sh", "-c", step, extra={"ASSURANCE_COMMIT": ""})
    assert done.returncode == 1
    assert "git rev-parse HEAD" in done.stderr


def test_dags_and_people_s_accounts_work_in_a_read_only_root(image: Image, volume: Path) -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    given = compose["services"]["api-server"]["environment"]
    names = "AIRFLOW__CORE__AUTH_MANAGER", "AIRFLOW__FAB__CONFIG_FILE"
    environment = {
        **{name: given[name] for name in names},
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db",
        "AIRFLOW_SIGN_ON": "database",
        # Without a place for them, there are no DAGs of back-ups and drills.
        BACKUPS: "/mnt/backups",
    }
    script = "airflow db migrate; airflow sync-perm; airflow roles list; airflow dags list --local"
    done = image.run("/bin/sh", "-euc", script, read_only=True, state=volume, extra=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Assurance approver" in done.stdout
    for dag in PROJECT.glob("dags/assurance_*.py"):
        assert dag.stem in done.stdout


def test_the_client_programs_are_those_of_the_server(image: Image) -> None:
    server = (PROJECT / "deploy" / "pgbackrest" / "Dockerfile").read_text(encoding="utf-8")
    (version,) = re.findall(r"^FROM postgres:(\d+)-", server, re.MULTILINE)
    for program in ("pg_dump", "pg_dumpall", "pg_restore", "psql"):
        place = f"{image.environment['ASSURANCE_PG_BIN']}/{program}"
        done = image.run(place, "--version")
        assert f"(PostgreSQL) {version}." in done.stdout, done.stderr


def test_nothing_in_the_image_compiles(image: Image) -> None:
    script = "; ".join(f"command -v {name}" for name in COMPILERS) + "; true"
    assert image.run("/bin/sh", "-c", script).stdout == ""


def test_nobody_but_root_may_change_the_image(image: Image) -> None:
    """Folders that user 50000 owns are where volumes are mounted. The rest belongs to root."""
    found = {
        inside
        for inside, status in files(image)
        if (status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX)
        or (status.st_uid == USER and not stat.S_ISDIR(status.st_mode))
    }
    # useradd copies three files into the home folder, over which the volume is mounted.
    assert {one for one in found if not one.startswith("var/lib/assurance/.")} == set()


def test_no_program_gets_the_rights_of_another_user(image: Image) -> None:
    rights = stat.S_ISUID | stat.S_ISGID
    found = {
        inside
        for inside, status in files(image)
        if stat.S_ISREG(status.st_mode) and status.st_mode & rights
    }
    assert found == set()


def test_the_image_has_no_private_key_and_no_certificate_of_tests(image: Image) -> None:
    found = {
        inside
        for inside, status in files(image)
        if stat.S_ISREG(status.st_mode)
        and (
            (
                status.st_size < LARGEST_KEY
                and PRIVATE_KEY.search((image.root / inside).read_bytes())
            )
            or OF_TESTS.search(inside)
        )
    }
    assert found == set()


def test_user_50000_reads_all_files_of_the_project(image: Image) -> None:
    done = image.run("find", "/opt", "!", "-readable", read_only=True)
    assert (done.returncode, done.stdout) == (0, "")
