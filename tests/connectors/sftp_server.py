"""An OpenSSH server for the tests, on a local port. It accepts one key and no password."""

import getpass
import os
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.connectors.mariadb_server import program
from tests.ports import free_port

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""


class SftpServer:
    """An SFTP server that serves all files of this machine to the user who runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("host_key", "other_key", "key"):
            subprocess.run(
                [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
                check=True,
            )
        (folder / "config").write_text(_CONFIG.format(port=self.port, folder=folder))
        for known, key in (("known_hosts", "host_key"), ("other_hosts", "other_key")):
            (folder / known).write_text(f"* {(folder / f'{key}.pub').read_text()}")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        if os.geteuid() == 0:
            # If sshd is run by root, it needs this empty folder.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("sshd"), "-D", "-e", "-f", self.folder / "config"], stdout=log, stderr=log
            )
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.folder / "server.log").read_text())

    def stop(self) -> None:
        """Stop the server."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def options(self, **other: Any) -> dict[str, Any]:
        """Return fsspec's options for this server. `other` adds or replaces options."""
        return {
            "username": getpass.getuser(),
            "client_keys": [str(self.folder / "key")],
            "known_hosts": str(self.folder / "known_hosts"),
        } | other


class Wire:
    """A proxy to a local port, which counts the bytes that the server sends.

    If `cut_after` is given, the proxy breaks the connection after that many bytes.
    """

    def __init__(self, port: int, cut_after: int | None = None) -> None:
        self._to = port
        self._cut_after = cut_after
        self.received = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            for one, other, counts in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pass_on, args=(one, other, counts)).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if counts:
                    self.received += len(data)
                    if self._cut_after is not None and self.received > self._cut_after:
                        break
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
