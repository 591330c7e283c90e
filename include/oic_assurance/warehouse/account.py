"""The operating-system account that this process runs under."""

import os
import pwd
import socket


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
