"""A certificate authority for tests, and a server that adds TLS to the embedded PostgreSQL.

The embedded server comes from the package index and is built without TLS. `TlsServer` accepts a
connection as PostgreSQL does: it answers the request for TLS, and passes the decrypted bytes on. It
refuses a client that does not ask for TLS, as PostgreSQL does if `pg_hba.conf` has only `hostssl`
lines.
"""

import contextlib
import socket
import ssl
import struct
import subprocess
import sys
import threading
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "deploy" / "certificates.py"
_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_REFUSAL = b"no encryption is no entry"


def make_certificates(folder: Path, *hosts: str, days: int | None = None) -> Path:
    """Make an authority, and a certificate for each host, with the script of the deployment.

    `days` is how long the certificates of the hosts are valid, if not as long as the script says.
    """
    command = [sys.executable, SCRIPT, "--authority", folder / "authority", "--to", folder, *hosts]
    if days is not None:
        command += ["--days", days]
    subprocess.run(list(map(str, command)), check=True)
    return folder


class TlsServer:
    """Accepts TLS connections on this machine, and passes their bytes on to another port."""

    def __init__(self, certificates: Path, port: int) -> None:
        self._to = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        #: How many connections were encrypted, and how many did not ask for TLS and were refused.
        self.encrypted = self.refused = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            while True:
                length, code = struct.unpack("!ii", _exactly(client, 8))
                if code == _GSS_REQUEST:
                    client.sendall(b"N")
                    continue
                break
            if code != _SSL_REQUEST:
                self.refused += 1
                _exactly(client, length - 8)
                fields = b"SFATAL\0C28000\0M" + _REFUSAL + b"\0\0"
                client.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
                return
            client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as secure,
                socket.create_connection(("127.0.0.1", self._to)) as server,
            ):
                self.encrypted += 1
                _relay(secure, server)


def _relay(secure: ssl.SSLSocket, server: socket.socket) -> None:
    back = threading.Thread(target=_copy, args=(server, secure), daemon=True)
    back.start()
    _copy(secure, server)
    back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = source.recv(size - len(data))
        if not piece:
            raise OSError("the client is gone")
        data += piece
    return data


def debian_server_programs() -> Path | None:
    """Return the folder of Debian's newest PostgreSQL programs, or None if none are installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None
