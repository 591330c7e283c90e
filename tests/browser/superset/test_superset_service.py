"""Superset as a service of a deployment shows the dashboards to readers, over TLS only.

The tests run in this order: Superset starts before the first publication, as in a new deployment.
"""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from oic_assurance.platform.superset.rest import Superset
from oic_assurance.platform.superset.server import READER, RECORDS_READER
from oic_assurance.reporting.dashboards.description import dashboards
from tests.browser.superset.service import PROJECT, Service, create_database, shown
from tests.end_to_end.terminal import Terminal, force, publish

pytestmark = pytest.mark.slow

ADMIN = "assurance"
DASHBOARDS = {one.name for one in dashboards(PROJECT)}


@pytest.fixture(scope="module")
def new() -> Iterator[Terminal]:
    """A force whose warehouse has no publication yet, as when a deployment starts first."""
    with force("2026-01-01") as terminal:
        terminal.does("db", "start")
        yield terminal


@pytest.fixture(scope="module")
def published(new: Terminal) -> Terminal:
    """The same force, after its first publication."""
    publish(new)
    return new


@pytest.fixture(scope="module")
def given(new: Terminal) -> dict[str, str]:
    """The secrets in the deployment's file `.env`."""
    made = {name: secrets.token_hex(32) for name in ("SUPERSET_SECRET_KEY", "SUPERSET_DB_PASSWORD")}
    made["SUPERSET_ADMIN_PASSWORD"] = secrets.token_hex(16)
    made["SUPERSET_ADMIN"] = ADMIN
    made["ASSURANCE_BI_READER_PASSWORD"] = str(httpx.URL(new.url("bi")).password)
    return made


@pytest.fixture(scope="module")
def service(
    new: Terminal, given: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Service:
    create_database(new.url("admin"), given["SUPERSET_DB_PASSWORD"])
    service = Service(new, tmp_path_factory.mktemp("superset"), given)
    # The key is another one than at the first start, so no stored password can be decrypted.
    key, given["SUPERSET_SECRET_KEY"] = given["SUPERSET_SECRET_KEY"], secrets.token_hex(32)
    service.prepare()
    given["SUPERSET_SECRET_KEY"] = key
    service.prepare()
    return service


@pytest.fixture(scope="module")
def client(service: Service, given: dict[str, str]) -> Iterator[httpx.Client]:
    """A client that has logged in as the administrator."""
    with service.running() as client:
        _log_in(client, ADMIN, given["SUPERSET_ADMIN_PASSWORD"])
        yield client


def _log_in(client: httpx.Client, name: str, password: str) -> None:
    superset = Superset(str(client.base_url))
    superset.session = client
    superset.log_in(name, password)


def _dashboards(client: httpx.Client) -> dict[str, int]:
    listed = shown(client, "/api/v1/dashboard/?q=(page_size:100)")
    return {one["slug"]: one["id"] for one in listed}


def test_before_the_first_publication_a_chart_names_the_table_that_is_missing(
    client: httpx.Client,
) -> None:
    assert {*_dashboards(client)} == DASHBOARDS
    for chart in shown(client, "/api/v1/dashboard/position/charts"):
        answer = client.get(f"/api/v1/chart/{chart['id']}/data/")
        assert answer.status_code == httpx.codes.BAD_REQUEST
        assert re.search(r'relation \\?"marts\.\w+\\?" does not exist', answer.text)


@pytest.mark.usefixtures("published")
def test_a_reader_sees_the_dashboards_and_their_figures(
    service: Service, client: httpx.Client
) -> None:
    roles = {
        one["name"]: one["id"] for one in shown(client, "/api/v1/security/roles/?q=(page_size:100)")
    }
    password = secrets.token_hex(16)
    seen = {}
    for name, role in (("figures", READER), ("records", RECORDS_READER)):
        person = {
            "username": name, "first_name": name, "last_name": "reader", "active": True,
            "email": f"{name}@example.org", "roles": [roles[role]], "password": password,
        }  # fmt: skip
        client.post("/api/v1/security/users/", json=person).raise_for_status()
        with service.client() as reader:
            _log_in(reader, name, password)
            seen[name] = {*_dashboards(reader)}
            if name == "figures":
                charts = shown(reader, "/api/v1/dashboard/position/charts")
                data = [
                    reader.get(f"/api/v1/chart/{chart['id']}/data/").raise_for_status()
                    for chart in charts
                ]
    assert seen == {"figures": DASHBOARDS - {"records"}, "records": DASHBOARDS}
    assert len(data) > 5
    rows = [query["data"] for answer in data for query in answer.json()["result"]]
    assert all(rows), "a chart of the first dashboard is empty"
    encrypted, refused = service.links
    assert encrypted > 2
    assert refused == 0


@pytest.mark.usefixtures("client")
def test_superset_speaks_https_only(service: Service) -> None:
    with service.client() as stranger:
        cookies = stranger.get("/login/").headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
    with socket.create_connection(("127.0.0.1", httpx.URL(service.address).port or 0)) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plain.settimeout(30)
        assert b"OK" not in plain.recv(100)


def test_pages_load_nothing_from_other_servers(client: httpx.Client) -> None:
    page = client.get("/login/")
    assert "scarf" not in page.text
    policy = page.headers["content-security-policy"]
    assert "scarf" not in policy
    assert "img-src 'self' blob: data:;" in policy


def test_the_dashboards_can_be_imported_again(service: Service, client: httpx.Client) -> None:
    before = _dashboards(client)
    service.prepare()
    after = _dashboards(client)
    assert after == before
    assert {*after} == DASHBOARDS


def test_superset_s_own_login_reads_nothing_of_the_warehouse(
    published: Terminal, given: dict[str, str]
) -> None:
    url = httpx.URL(published.url("bi"))
    address = f"postgresql://superset:{given['SUPERSET_DB_PASSWORD']}@{url.host}:{url.port}"
    with psycopg.connect(f"{address}/superset") as own:
        assert own.execute("select count(*) > 50 from pg_class").fetchone() == (True,)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(f"{address}/warehouse")
