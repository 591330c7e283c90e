"""Open places on other machines by URL, and show their URLs in messages without credentials.

fsspec reads logins and keys from `FSSPEC_…` variables, its own configuration files, or the cloud
provider's settings. docs/how-to/connect-sources.md lists the settings that are needed. For SFTP,
this module itself sets the timeouts and requires known host keys. A deployment need not do this.
"""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fsspec
from fsspec.config import conf
from fsspec.core import split_protocol

from oic_assurance.errors import UsageError

SFTP = ("sftp", "ssh")
#: The seconds after which a silent server counts as lost, while connecting and during the login.
#: After the login, a silent server is sent a message every `ALIVE_SECONDS` seconds. If it does not
#: answer `ALIVE_TIMES` messages, it counts as lost.
CONNECT_SECONDS = 10
LOGIN_SECONDS = 20
ALIVE_SECONDS, ALIVE_TIMES = 15, 3
_LOCAL = ("", "file", "local")
_MODIFIED_KEYS = ("mtime", "LastModified", "last_modified", "modified", "created")


def open_url(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of a URL, and the path in it.

    Raises:
        UsageError: The package for SFTP is not installed.
        Exception: Any error of the file system. Each file system has its own error classes.
    """
    system, root = fsspec.core.url_to_fs(url, **_options(url))
    return system, str(root)


def protocol_of(url: str) -> str:
    """Return what stands before `://`, such as `s3`. It is empty if the URL is only a path."""
    return split_protocol(url)[0] or ""


def is_local(url: str) -> bool:
    """Tell whether a URL means a folder of this machine, or one that is mounted on it."""
    return protocol_of(url) in _LOCAL


def local_path(url: str) -> Path:
    """Return the folder that a local URL means."""
    return Path(open_url(url)[1])


def shown(url: str) -> str:
    """Return a place for a message: a path, or a URL without credentials."""
    return str(local_path(url)) if is_local(url) else without_credentials(url)


def modified_at(system: fsspec.AbstractFileSystem, entry: Mapping[str, Any]) -> datetime:
    """Return when a file was last modified, from its entry in a listing of the file system."""
    value = next((entry[key] for key in _MODIFIED_KEYS if entry.get(key) is not None), None)
    if value is None:
        value = system.modified(entry["name"])
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    moment: datetime = value
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _options(url: str) -> dict[str, Any]:
    """Return the options that override the configuration of fsspec.

    With these options, fsspec opens a new connection to a remote place each time. So a broken
    connection in one landing does not affect other landings. A local folder needs no options.
    """
    if is_local(url):
        return {}
    options: dict[str, Any] = {"skip_instance_cache": True}
    if protocol_of(url) not in SFTP:
        return options
    if find_spec("sshfs") is None:
        # Without sshfs, fsspec would use another SFTP package, which accepts any host key.
        raise UsageError(
            f"{without_credentials(url)} needs the package sshfs: see "
            "docs/how-to/connect-sources.md."
        )
    # At the level INFO, asyncssh logs every channel that it opens.
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    return {
        **options,
        # A server with an unknown host key is refused. The value () stands for ~/.ssh/known_hosts.
        "known_hosts": _configured("known_hosts") or (),
        "connect_timeout": CONNECT_SECONDS,
        "login_timeout": LOGIN_SECONDS,
        "keepalive_interval": ALIVE_SECONDS,
        "keepalive_count_max": ALIVE_TIMES,
    }


def _configured(option: str) -> Any:
    return next((conf[name][option] for name in SFTP if option in conf.get(name, {})), None)


def without_credentials(url: str) -> str:
    """Return a URL without login, password and query, such as `sftp://host/drop`."""
    return re.sub(r"(?<=//)[^/?#]*@", "", url).partition("?")[0]
