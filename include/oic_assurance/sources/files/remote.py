"""Open dropzones on other machines, and show their URLs in messages without credentials.

fsspec reads logins and keys from `FSSPEC_…` variables, its own configuration files, or the cloud
provider's settings. docs/how-to/connect-sources.md lists the settings that are needed. For SFTP,
this module itself sets the timeouts and requires known host keys. A deployment need not do this.
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
#: The seconds after which a silent server counts as lost, while connecting and during the login.
#: After the login, a silent server is sent a message every `ALIVE_SECONDS` seconds. If it does not
#: answer `ALIVE_TIMES` messages, it counts as lost.
CONNECT_SECONDS = 10
LOGIN_SECONDS = 20
ALIVE_SECONDS, ALIVE_TIMES = 15, 3


def open_dropzone(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of a dropzone's URL, and the path of the dropzone in it.

    Raises:
        UsageError: The package for SFTP is not installed.
        Exception: Any error of the file system. Each file system has its own error classes.
    """
    system, root = fsspec.core.url_to_fs(url, **_options(url))
    return system, str(root)


def _options(url: str) -> dict[str, Any]:
    """Return the options that override the configuration of fsspec.

    With these options, fsspec opens a new connection to a remote dropzone each time. So a broken
    connection in one landing does not affect other landings. A local dropzone needs no options.
    """
    protocol, _ = split_protocol(url)
    if protocol in (None, "file", "local"):
        return {}
    options: dict[str, Any] = {"skip_instance_cache": True}
    if protocol not in SFTP:
        return options
    if find_spec("sshfs") is None:
        # Without sshfs, fsspec would use another SFTP package, which accepts any host key.
        raise UsageError(
            "A dropzone over SFTP needs the package sshfs: see docs/how-to/connect-sources.md."
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
