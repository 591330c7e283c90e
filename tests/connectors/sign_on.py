"""An OpenID Connect provider for the tests, and Airflow's api-server, each as a process."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.end_to_end.accounts import Deployment
from tests.ports import free_port

SECONDS = 600.0
NAME = "sso"


@contextmanager
def running(
    command: list[str], address: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the end of the block. The block starts when the server answers."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                httpx.get(address, timeout=5).raise_for_status()
                break
            except httpx.HTTPError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(log.read_text(encoding="utf-8")[-4000:]) from error
                time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


class Provider:
    """A provider with people, each with claims. The key `sub` identifies the person."""

    def __init__(self, folder: Path, people: Mapping[str, Mapping[str, Any]]) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        self.metadata = f"{self.address}/.well-known/openid-configuration"
        self._folder = folder
        self._people = people

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the provider. It accepts only registered clients, and requires a nonce."""
        command = [
            sys.executable, "-m", "oidc_provider_mock", "--port", self.address.rpartition(":")[2],
            "--require-registration", "true", "--require-nonce", "true",
        ]  # fmt: skip
        for sub, claims in self._people.items():
            command += ["--user-claims", json.dumps({"sub": sub, **claims})]
        with running(command, self.metadata, self._folder / "provider.log"):
            yield

    def register(self, redirect: str) -> tuple[str, str]:
        """Register a client. Return its ID and its secret."""
        made = httpx.post(f"{self.address}/oauth2/clients", json={"redirect_uris": [redirect]})
        made.raise_for_status()
        return made.json()["client_id"], made.json()["client_secret"]

    def change(self, sub: str, claims: Mapping[str, Any]) -> None:
        """Give a person other claims."""
        httpx.put(f"{self.address}/users/{sub}", json=dict(claims)).raise_for_status()


@contextmanager
def api_server(deployment: Deployment, address: str, log: Path) -> Iterator[None]:
    """Run Airflow's api-server with the settings of a deployment."""
    port = address.rpartition(":")[2]
    environment = {
        **deployment.environment,
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__SECRET_KEY": "made-up-for-this-test-and-long-enough",
        "AIRFLOW__API_AUTH__JWT_SECRET": "made-up-for-this-test-and-long-enough-too",
    }
    command = [sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", port]
    with running(command, f"{address}/api/v2/version", log, environment):
        yield


@contextmanager
def browser(airflow: str, provider: Provider, sub: str) -> Iterator[httpx.Client]:
    """Follow the way of a browser from Airflow's login page to the provider and back, as a person.

    Whether the login succeeded is seen from what the client gets afterwards.
    """
    with httpx.Client(base_url=airflow, follow_redirects=True, timeout=300) as client:
        asked = client.get(f"/auth/login/{NAME}")
        assert str(asked.url).startswith(f"{provider.address}/oauth2/authorize"), asked.url
        client.post(str(asked.url), data={"sub": sub})
        yield client
