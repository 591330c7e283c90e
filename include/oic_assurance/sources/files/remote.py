"""Dropzones on other machines: how they are reached, and how they are named in messages.

Logins and keys are fsspec's affair (`FSSPEC_…` variables and files, or the cloud's own); what
must not be left to chance stands here. docs/how-to/connect-sources.md tells what to set.
"""

import logging
import re
from importlib.util import find_spec
from typing import Any

import fsspec
from fsspec.config import conf
from fsspec.core import split_protocol

from oic_assurance.errors import UsageError

SFTP = ("sftp", "ssh")
#: Seconds until a server that does not answer is given up: at first, and in the middle of a file.
CONNECT_SECONDS = 10
LOGIN_SECONDS = 20
ALIVE_SECONDS, ALIVE_TIMES = 15, 3


def open_dropzone(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system that a dropzone's URL leads to, and the dropzone's path in it.

    Raises `UsageError` when its package is not installed, and whatever the file system raises.
    """
    system, root = fsspec.core.url_to_fs(url, **_options(url))
    return system, str(root)


def _options(url: str) -> dict[str, Any]:
    """Return what a file system is opened with, whatever is configured beside it.

    Nothing is shared between two landings: a connection that broke in one is no other's trouble.
    """
    protocol, _ = split_protocol(url)
    if protocol in (None, "file", "local"):
        return {}
    options: dict[str, Any] = {"skip_instance_cache": True}
    if protocol not in SFTP:
        return options
    if find_spec("sshfs") is None:
        # fsspec would make do with another one, which trusts any server.
        raise UsageError(
            "A dropzone over SFTP needs the package sshfs: see docs/how-to/connect-sources.md."
        )
    # It tells of every channel it opens, under any logging that shows more than warnings.
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    return {
        **options,
        # A server whose key is not known is not talked to; () stands for ~/.ssh/known_hosts.
        "known_hosts": _configured("known_hosts") or (),
        "connect_timeout": CONNECT_SECONDS,
        "login_timeout": LOGIN_SECONDS,
        "keepalive_interval": ALIVE_SECONDS,
        "keepalive_count_max": ALIVE_TIMES,
    }


def _configured(option: str) -> Any:
    return next((conf[name][option] for name in SFTP if option in conf.get(name, {})), None)


def without_credentials(url: str) -> str:
    """Return a URL without login, password and query: `sftp://host/drop`."""
    return re.sub(r"(?<=//)[^/?#]*@", "", url).partition("?")[0]
