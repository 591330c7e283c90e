"""An SMTP server and an HTTP server on this machine, which record the messages they receive."""

import atexit
import functools
import json
import os
import shutil
import ssl
import tempfile
import threading
from email import message_from_bytes, policy
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.ports import free_port
from tests.tls import make_certificates


class MailServer:
    """An SMTP server. With `login`, it accepts mail only from a client that sends this login.

    `refuses` is a recipient whom the server refuses. `mails` lists the mails received.
    """

    def __init__(self, login: tuple[str, str] | None = None, refuses: str = "") -> None:
        self.mails: list[Message] = []
        self.recipients: list[list[str]] = []
        self._login, self._refuses = login, refuses
        self.port = free_port()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            auth_required=login is not None,
            auth_require_tls=False,
            authenticator=self._check if login else None,
        )

    @property
    def uri(self) -> str:
        """The Airflow connection to this server, as a URI."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - the library calls it by this name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self._refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 accepted"

    def _check(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self._login, handled=False)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._controller.stop()


@functools.cache
def _certificates() -> Path:
    """Return a folder with a test authority and a certificate for 127.0.0.1."""
    folder = Path(tempfile.mkdtemp(prefix="assurance-tls-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_certificates(folder, "127.0.0.1")


class HttpServer:
    """An HTTPS server that answers every POST with the same status.

    `posts` lists the path and the JSON of each POST. The server's certificate is from a test
    authority. While the server runs, this process and those that it starts trust that authority,
    unless `trusted` is false. Each answer has the header `location`, as in a redirect.
    """

    def __init__(self, status: int = 200, *, trusted: bool = True, location: str = "") -> None:
        self._trusted = trusted
        self._before = os.environ.get("SSL_CERT_FILE")
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.status = status
        posts, outer = self.posts, self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                posts.append((self.path, json.loads(content)))
                self.send_response(outer.status)
                if location:
                    self.send_header("Location", location)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                """Log nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Show nothing, because a client may only look at the certificate."""

        self._server = Server(("127.0.0.1", 0), Handler)
        folder = _certificates()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "127.0.0.1/server.crt", folder / "127.0.0.1/server.key")
        self._authority = str(folder / "authority/ca.crt")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        if self._trusted:
            os.environ["SSL_CERT_FILE"] = self._authority
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.environ.pop("SSL_CERT_FILE", None)
        if self._before is not None:
            os.environ["SSL_CERT_FILE"] = self._before
        self._server.shutdown()
        self._server.server_close()
