"""A client for Superset's REST API: log in, import the dashboards, and read a chart's data."""

import json
from pathlib import Path
from typing import Any

import httpx

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.bundle import DATABASE, bundle_file
from oic_assurance.settings import deployment_kind

SECONDS = 120.0


class Superset:
    """A session with a Superset server.

    `session` is the HTTP client that holds the login.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = httpx.Client(base_url=address, timeout=SECONDS, trust_env=False)

    def answers(self) -> bool:
        """Tell whether the server is ready."""
        try:
            return self.session.get("/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def log_in(self, name: str, password: str) -> None:
        """Log in to Superset. All later requests of this session are made as this user.

        Raises:
            AssuranceError: Superset refuses the login.
        """
        given = {"username": name, "password": password, "provider": "db", "refresh": False}
        token = self._ask("POST", "/api/v1/security/login", json=given)["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        csrf = self._ask("GET", "/api/v1/security/csrf_token/")["result"]
        self.session.headers.update({"X-CSRFToken": csrf, "Referer": self.address})

    def import_bundle(self, root: Path, warehouse: str) -> None:
        """Make the dashboards of this kind of deployment, and import them into Superset.

        `root` is the root folder of the project. `warehouse` is the libpq URI, with password, of
        the login with which the charts read the warehouse.

        Raises:
            AssuranceError: A dashboard's description is not valid, or Superset refuses the bundle.
        """
        address = httpx.URL(warehouse)
        without_password = warehouse.replace(f":{address.password}@", ":XXXXXXXXXX@", 1)
        database = without_password.replace("postgresql://", "postgresql+psycopg2://", 1)
        made = bundle_file(root, deployment_kind(), database)
        files = {"bundle": ("bundle.zip", made)}
        passwords = json.dumps({DATABASE: address.password})
        self._ask("POST", "/api/v1/assets/import/", files=files, data={"passwords": passwords})

    def charts(self, dashboard: str) -> dict[str, int]:
        """Return the numeric IDs of a dashboard's charts, keyed by the charts' UUIDs."""
        found = self._ask("GET", f"/api/v1/dashboard/{dashboard}/charts")["result"]
        ids = [chart["id"] for chart in found]
        return {self._ask("GET", f"/api/v1/chart/{one}")["result"]["uuid"]: one for one in ids}

    def data(self, chart: int) -> list[list[dict[str, Any]]]:
        """Return the rows of each of a chart's queries. A row is keyed by column name.

        `chart` is the chart's numeric ID.
        """
        return [one["data"] for one in self._ask("GET", f"/api/v1/chart/{chart}/data/")["result"]]

    def _ask(self, method: str, path: str, **given: Any) -> Any:
        answer = self.session.request(method, path, **given)
        if answer.is_error:
            raise AssuranceError(
                f"Superset: {method} {path}: {answer.status_code}: {answer.text[:500]}"
            )
        return answer.json()
