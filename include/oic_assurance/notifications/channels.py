"""The two channels for notifications: e-mail through an SMTP server, and a webhook.

Environment variables configure the channels (see docs/how-to/monitor.md).
"""

import json
import os
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.notifications.message import body, payload, subject_line
from oic_assurance.notifications.notification import Change
from oic_assurance.settings import Settings
from oic_assurance.warehouse.transport import REQUIRE, post_json, tls_is_required

SMTP = "AIRFLOW_CONN_SMTP_DEFAULT"
RECIPIENTS, SENDER = "ASSURANCE_NOTIFY_EMAIL", "ASSURANCE_NOTIFY_FROM"
WEBHOOK = "ASSURANCE_NOTIFY_WEBHOOK"
SECONDS = 20
_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
_SMTPS_PORT, _SMTP_PORT = 465, 25


class NotDelivered(AssuranceError):  # noqa: N818 - named for what happened
    """A channel did not accept a message. The next call of `notify` sends it again."""


class Channel(Protocol):
    """A way to send notifications."""

    @property
    def name(self) -> str:
        """The name of the channel in `audit.notification`."""

    @property
    def to_whom(self) -> str:
        """The recipients as text that contains no secret, for `audit.notification`."""

    def send(self, settings: Settings, news: Sequence[Change]) -> None:
        """Send one message that reports all changes in `news`.

        Raises:
            NotDelivered: The channel did not accept the message.
        """


@dataclass(frozen=True)
class Email:
    """E-mail through an SMTP server.

    The connection is encrypted if the server offers encryption. A password is sent only over an
    encrypted connection, unless the connection has the option `disable_tls`. If
    ASSURANCE_REQUIRE_TLS is set, nothing is sent without encryption.
    """

    recipients: tuple[str, ...]
    sender: str
    host: str
    port: int
    login: str = ""
    password: str = field(default="", repr=False)
    with_tls: bool = False
    #: The option `disable_tls`: whether STARTTLS is not used. Meant for a server on this machine or
    #: one that cannot encrypt.
    without_tls: bool = False
    name: str = "email"

    @property
    def to_whom(self) -> str:
        """The addresses of the recipients, separated by commas."""
        return ", ".join(self.recipients)

    def send(self, settings: Settings, news: Sequence[Change]) -> None:
        """Send one message that reports all changes in `news` to all recipients.

        Raises:
            NotDelivered: The server cannot be reached, or refuses the login or a recipient.
        """
        message = EmailMessage()
        message["Subject"] = subject_line(settings, news)
        message["From"], message["To"] = self.sender, self.to_whom
        message["Message-ID"] = make_msgid(domain=self.sender.partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body(news))
        try:
            with self._connected() as server:
                refused = server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(f"{self._server}: {_reason(error)}.") from error
        if refused:
            raise NotDelivered(f"{self._server}: it does not accept mail for {', '.join(refused)}.")

    @property
    def _server(self) -> str:
        return f"e-mail through {self.host}:{self.port}"

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
            if self.with_tls
            else smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        )
        try:
            if not self.with_tls and not self.without_tls:
                self._encrypt(server, context)
            if self.login:
                server.login(self.login, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _encrypt(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        """Switch the connection to TLS if the server offers TLS.

        Raises:
            SMTPNotSupportedError: The server offers no TLS, and a password must be sent or TLS is
                required.
        """
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif tls_is_required():
            raise smtplib.SMTPNotSupportedError(f"the server offers no TLS, and {REQUIRE} is set")
        elif self.password:
            raise smtplib.SMTPNotSupportedError(
                "the server offers no TLS, and the password is not sent without it"
            )


@dataclass(frozen=True)
class Webhook:
    """A web address to which each message is sent as JSON with POST.

    The address is a secret and is never shown.
    """

    address: str = field(repr=False)
    name: str = "webhook"

    @property
    def to_whom(self) -> str:
        """The host and port of the address, without path and login."""
        return urlsplit(self.address).netloc.rpartition("@")[2]

    def send(self, settings: Settings, news: Sequence[Change]) -> None:
        """Send one message that reports all changes in `news` over TLS (`post_json`).

        Raises:
            NotDelivered: The host cannot be reached, its certificate is not valid, or it answers
                with an HTTP status other than 2xx.
        """
        try:
            post_json(self.address, json.dumps(payload(settings, news)))
        except OSError as error:
            raise NotDelivered(f"webhook at {self.to_whom}: {_reason(error)}.") from error


def configured() -> list[Channel]:
    """Return the channels that environment variables configure. The list can be empty.

    Raises:
        UsageError: The address of a recipient, of the sender or of the webhook is not valid, or the
            SMTP connection is missing or not valid.
    """
    found: list[Channel] = []
    recipients = os.environ.get(RECIPIENTS, "").strip()
    if recipients:
        found.append(_email(recipients))
    address = os.environ.get(WEBHOOK, "").strip()
    if address:
        found.append(_webhook(address))
    return found


def _webhook(address: str) -> Webhook:
    # The webhook's address is a secret, so error messages do not quote it.
    try:
        split = urlsplit(address)
        fits = split.scheme == "https" and bool(split.hostname) and split.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise UsageError(
            f"{WEBHOOK} is not an address that begins with https://. A message is sent over TLS "
            "only."
        )
    if split.username or split.password:
        raise UsageError(f"{WEBHOOK} has a login, which is not sent: use a secret path instead.")
    if not address.isascii() or any(map(str.isspace, address)):
        raise UsageError(f"{WEBHOOK} has a blank or a letter that an address cannot have.")
    return Webhook(address)


def _email(recipients: str) -> Email:
    addresses = tuple(part.strip() for part in recipients.split(",") if part.strip())
    sender = os.environ.get(SENDER, "").strip() or f"oic-assurance@{socket.getfqdn()}"
    for address in (*addresses, sender):
        if not _ADDRESS.fullmatch(address):
            raise UsageError(f"{RECIPIENTS}, {SENDER}: '{address}' is not an e-mail address.")
    given = os.environ.get(SMTP, "").strip()
    if not given:
        raise UsageError(f"{RECIPIENTS} is set, but no mail server: set {SMTP}.")
    try:
        parts = _from_json(given) if given.startswith("{") else _from_uri(given)
        port = int(parts["port"] or (_SMTPS_PORT if parts["scheme"] == "smtps" else _SMTP_PORT))
        if parts["scheme"] not in ("smtp", "smtps") or not parts["host"]:
            raise ValueError("no SMTP server")
    except (ValueError, TypeError, AttributeError) as error:
        # The variable's value contains a password, so the error message does not quote it.
        raise UsageError(
            f"{SMTP} is neither smtp://user:password@host:port nor Airflow's JSON form of it."
        ) from error
    without_tls = parts["disable_tls"] in ("1", "true")
    if without_tls and tls_is_required():
        raise UsageError(f"{SMTP} has disable_tls, but {REQUIRE} asks for TLS: remove one of them.")
    return Email(
        addresses,
        sender,
        parts["host"],
        port,
        parts["login"],
        parts["password"],
        with_tls=parts["scheme"] == "smtps" or port == _SMTPS_PORT,
        without_tls=without_tls,
    )


def _from_uri(text: str) -> dict[str, str]:
    split = urlsplit(text)
    extra = dict(parse_qsl(split.query))
    return {
        "scheme": split.scheme,
        "host": split.hostname or "",
        "port": str(split.port or ""),
        "login": unquote(split.username or ""),
        "password": unquote(split.password or ""),
        "disable_tls": extra.get("disable_tls", "").lower(),
    }


def _from_json(text: str) -> dict[str, str]:
    given = json.loads(text)
    extra = given.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    return {
        "scheme": given.get("conn_type") or "smtp",
        "host": given.get("host") or "",
        "port": str(given.get("port") or ""),
        "login": given.get("login") or "",
        "password": given.get("password") or "",
        "disable_tls": str(extra.get("disable_tls", "")).lower(),
    }


def _reason(error: Exception) -> str:
    """Return, as one line without the secret address, why a message was not sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
        return f"it answered {error.smtp_code} {' '.join(text.split())}"
    return str(error) or type(error).__name__
