"""Notifications are sent by mail and by webhook to real servers on this machine."""

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.notifications.channels import Email, NotDelivered, Webhook, configured
from oic_assurance.notifications.notification import changes
from tests.unit.notifications.problems import BLOCKED, FORCE
from tests.unit.notifications.servers import HttpServer, MailServer

NEWS = changes([BLOCKED], [])
VARIABLES = (
    "ASSURANCE_NOTIFY_EMAIL",
    "ASSURANCE_NOTIFY_FROM",
    "ASSURANCE_NOTIFY_WEBHOOK",
    "AIRFLOW_CONN_SMTP_DEFAULT",
)


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def mail_through(
    monkeypatch: pytest.MonkeyPatch, uri: str, to: str = "lead@opcc.example, de@force.example"
) -> Email:
    monkeypatch.setenv("ASSURANCE_NOTIFY_EMAIL", to)
    monkeypatch.setenv("ASSURANCE_NOTIFY_FROM", "warehouse@force.example")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", uri)
    (channel,) = configured()
    assert isinstance(channel, Email)
    return channel


def test_without_settings_there_is_no_channel() -> None:
    assert configured() == []


def test_a_mail_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer() as server:
        mail_through(monkeypatch, server.uri).send(FORCE, NEWS)
    (mail,) = server.mails
    assert mail["Subject"] == "OIC assurance, Northamptonshire: No publication was made"
    assert mail["From"] == "warehouse@force.example"
    assert mail["To"] == "lead@opcc.example, de@force.example"
    assert "Readers see   publication 41" in mail.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert server.recipients == [["lead@opcc.example", "de@force.example"]]


def test_a_password_is_sent_without_tls_only_if_the_connection_disables_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with MailServer(login=("assurance", "p@ss/word")) as server:
        uri = server.uri.replace("smtp://", "smtp://assurance:p%40ss%2Fword@")
        with pytest.raises(NotDelivered, match="no TLS, and the password is not sent without"):
            mail_through(monkeypatch, uri).send(FORCE, NEWS)
        assert server.mails == []
        mail_through(monkeypatch, f"{uri}/?disable_tls=true").send(FORCE, NEWS)
    assert len(server.mails) == 1


def test_the_error_for_a_wrong_password_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer(login=("assurance", "right")) as server:
        uri = server.uri.replace("smtp://", "smtp://assurance:wrong-secret@")
        with pytest.raises(NotDelivered, match="it answered 535") as refused:
            mail_through(monkeypatch, f"{uri}/?disable_tls=true").send(FORCE, NEWS)
    assert "wrong-secret" not in refused.value.message


def test_airflow_s_json_form_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer() as server:
        given = f'{{"conn_type": "smtp", "host": "127.0.0.1", "port": {server.port}}}'
        mail_through(monkeypatch, given).send(FORCE, NEWS)
    assert len(server.mails) == 1


def test_a_recipient_who_is_refused_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        MailServer(refuses="de@force.example") as server,
        pytest.raises(NotDelivered, match=r"does not accept mail for de@force\.example"),
    ):
        mail_through(monkeypatch, server.uri).send(FORCE, NEWS)


def test_a_server_that_is_down_gives_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer() as server:
        uri = server.uri
    with pytest.raises(NotDelivered, match=r"e-mail through 127\.0\.0\.1:\d+: .*refused"):
        mail_through(monkeypatch, uri).send(FORCE, NEWS)


def test_a_webhook_gets_json() -> None:
    with HttpServer() as server:
        Webhook(f"{server.address}/hooks/secret-token").send(FORCE, NEWS)
    ((path, message),) = server.posts
    assert path == "/hooks/secret-token"
    assert message["subject"] == "OIC assurance, Northamptonshire: No publication was made"
    assert message["changes"][0]["command"] == "assurance status"


@pytest.mark.parametrize("status", [404, 500, 503])
def test_the_error_of_a_webhook_does_not_show_its_address(status: int) -> None:
    with (
        HttpServer(status) as server,
        pytest.raises(NotDelivered, match=f"it answered {status}") as refused,
    ):
        Webhook(f"{server.address}/hooks/secret-token").send(FORCE, NEWS)
    assert "secret-token" not in refused.value.message
    assert "secret-token" not in repr(Webhook(f"{server.address}/hooks/secret-token"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_webhook_follows_no_redirect(status: int) -> None:
    with (
        HttpServer() as elsewhere,
        HttpServer(status, location=f"{elsewhere.address}/taken") as server,
        pytest.raises(NotDelivered, match=f"answered {status}, and redirects are not followed"),
    ):
        Webhook(f"{server.address}/hooks/secret-token").send(FORCE, NEWS)
    assert elsewhere.posts == []


def test_a_webhook_uses_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with HttpServer() as server:
        Webhook(f"{server.address}/hook").send(FORCE, NEWS)
    assert len(server.posts) == 1


def test_a_webhook_with_a_certificate_of_an_unknown_authority_gets_nothing() -> None:
    with (
        HttpServer(trusted=False) as server,
        pytest.raises(NotDelivered, match="certificate verify failed"),
    ):
        Webhook(f"{server.address}/hook").send(FORCE, NEWS)
    assert server.posts == []


def test_a_webhook_with_a_certificate_for_another_host_gets_nothing() -> None:
    with HttpServer() as server, pytest.raises(NotDelivered, match="Hostname mismatch"):
        Webhook(server.address.replace("127.0.0.1", "localhost")).send(FORCE, NEWS)
    assert server.posts == []


def test_no_mail_is_sent_without_tls_if_tls_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    with MailServer() as server:
        with pytest.raises(NotDelivered, match="the server offers no TLS"):
            mail_through(monkeypatch, server.uri).send(FORCE, NEWS)
        with pytest.raises(UsageError, match="has disable_tls, but ASSURANCE_REQUIRE_TLS"):
            mail_through(monkeypatch, f"{server.uri}/?disable_tls=true")
    assert server.mails == []


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("ASSURANCE_NOTIFY_WEBHOOK", "http://127.0.0.1/x", "begins with https://"),
        ("ASSURANCE_NOTIFY_WEBHOOK", "http://hooks.example/x", "begins with https://"),
        ("ASSURANCE_NOTIFY_WEBHOOK", "https://hooks.example:port/x", "begins with https://"),
        ("ASSURANCE_NOTIFY_WEBHOOK", "https://a:b@hooks.example/x", "has a login"),
        ("ASSURANCE_NOTIFY_WEBHOOK", "https://hooks.example/x y", "has a blank"),
        ("ASSURANCE_NOTIFY_EMAIL", "somebody", "'somebody' is not an e-mail address"),
        ("ASSURANCE_NOTIFY_EMAIL", "a@b.example", "no mail server"),
        ("ASSURANCE_NOTIFY_WEBHOOK", "file:///etc/passwd", "is not an address that begins with"),
        ("ASSURANCE_NOTIFY_WEBHOOK", "hooks.example", "is not an address that begins with"),
    ],
)
def test_a_setting_that_cannot_work_is_an_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=message):
        configured()


@pytest.mark.parametrize("given", ["http://mail", "smtp://", "{not json", "smtp://h:port"])
def test_a_connection_that_is_not_smtp_is_an_error(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("ASSURANCE_NOTIFY_EMAIL", "a@b.example")
    monkeypatch.setenv("ASSURANCE_NOTIFY_FROM", "a@b.example")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", given)
    with pytest.raises(UsageError, match="is neither smtp"):
        configured()
