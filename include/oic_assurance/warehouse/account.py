"""The operating-system account that this process runs under, and the host that it runs on."""

import os
import pwd
import socket
from contextlib import suppress

from oic_assurance.settings import HOST_NAME, Settings

#: The file in the state folder with the name of the host.
HOST_FILE = "host"


def account() -> str:
    """Return the name of the account, or "uid" and its number if it has no name.

    `getpass` is not used, because it reads environment variables that anybody can set. The database
    server receives the name from this machine and cannot verify it.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container can run as a user id without a name
        return f"uid {os.getuid()}"


def account_at_host() -> str:
    """Return the account and this machine's name, such as "etl@warehouse-1"."""
    return f"{account()}@{socket.gethostname()}"


def host_name(settings: Settings) -> str:
    """Return the name of this host, which stays if its containers are made anew.

    The containers of a host share its state folder. Its file `host` has the name: that of the
    machine or container that asked first, until a person writes a better one. Where no state folder
    stays, ASSURANCE_HOST_NAME gives the name.
    """
    if given := os.environ.get(HOST_NAME, "").strip():
        return given
    file = settings.home / HOST_FILE
    # A disk can be full or not writable, which is then what is measured.
    with suppress(OSError):
        if not file.exists():
            settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Of two processes, the first one decides.
            with suppress(FileExistsError), file.open("x", encoding="utf-8") as made:
                made.write(socket.gethostname())
        if kept := file.read_text("utf-8").strip():
            return kept
    return socket.gethostname()
