"""Ask for the last physical back-up to be restored, and connect to what was restored.

Physical back-ups are in pgBackRest's repository. This machine has neither the repository nor its
passphrase, and should not get them. So another service restores (`deploy/pgbackrest/drill.sh`): it
shares one folder with this machine, in which it is asked, answers, and puts the socket of a server
with the restored database. The logins of the warehouse work there with their usual passwords.
"""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.settings import DRILL_PLACE, Settings
from oic_assurance.warehouse.airflow_uri import variable_name
from oic_assurance.warehouse.connections import connection_name, login_url, warehouse_url
from oic_assurance.warehouse.roles import LOGIN_ROLES

WANTED, ANSWER = "wanted", "answer"
#: How long the service may take to begin. It looks every two seconds.
BEGIN_SECONDS = 120.0
#: How long a restore may take. The DAG ends half an hour later.
RESTORE_SECONDS = 90 * 60.0


@dataclass(frozen=True)
class PhysicalBackup:
    """A physical back-up that the service has tried to restore."""

    #: SHA-256 of pgBackRest's manifest, which has the SHA-1 of every file.
    sha256: str
    made_at: datetime
    #: Why it could not be restored. None if the server with the restored database answers.
    failure: str | None


def drill_place() -> Path | None:
    """Return the folder that is shared with the service, or None if there is no such service."""
    text = os.environ.get(DRILL_PLACE, "").strip()
    return Path(text) if text else None


@contextmanager
def restored(place: Path) -> Iterator[PhysicalBackup]:
    """Let the service restore the last physical back-up. At the end of the block it is erased.

    Raises:
        AssuranceError: The service does not answer, or no back-up can be read.
    """
    word, draft = secrets.token_hex(16), place / f"{WANTED}.new"
    try:
        try:
            draft.write_text(f"{word}\n", encoding="ascii")
            # The service is another user. Nobody else can look into the folder.
            draft.chmod(0o644)
            draft.replace(place / WANTED)
        except OSError as error:
            raise AssuranceError(
                f"A restore cannot be asked for in {place}: {error.strerror or error}. The service "
                "`drill` of docker-compose.yml shares this folder."
            ) from error
        _wait(place, word, BEGIN_SECONDS)
        answer = _wait(place, word, RESTORE_SECONDS, has_ended=True)
        _, state, sha256, label, known, *why = answer
        failure = None if state == "restored" else " ".join(why).strip() or "nothing says why"
        ends = [
            datetime.fromtimestamp(one["timestamp"]["stop"], UTC)
            for stanza in json.loads(known or "[]")
            for one in stanza["backup"]
            if one["label"] == label
        ]
        if not sha256 or not ends:
            raise AssuranceError(f"No physical back-up can be read: {failure}")
        yield PhysicalBackup(sha256, ends[0], failure)
    finally:
        withdraw(place)


def _wait(place: Path, word: str, limit: float, *, has_ended: bool = False) -> list[str]:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            answer = (place / ANSWER).read_text(encoding="utf-8").splitlines()
            if answer[:1] == [word] and not (has_ended and answer[1] == "begun"):
                return answer
        time.sleep(0.5)
    raise AssuranceError(
        f"The service `drill` has not restored the last physical back-up within {limit / 60:.0f} "
        f"minutes: `docker compose logs drill` says what it did. It is asked in {place}."
    )


def withdraw(place: Path) -> None:
    """Tell the service to erase what it has restored."""
    (place / WANTED).unlink(missing_ok=True)


def connections_to(settings: Settings, place: Path) -> dict[str, str]:
    """Return the variables with which a command reaches the restored database, and only that."""
    urls = {"warehouse": warehouse_url(settings)}
    for role in LOGIN_ROLES:
        # Not every login has a password on every machine. A drill needs those of the stages.
        with suppress(ServerError):
            urls[connection_name(role)] = login_url(settings, role)
    found = {}
    for name, url in urls.items():
        parts = conninfo_to_dict(url)
        found[variable_name(name)] = json.dumps(
            {
                "conn_type": "postgres",
                "login": parts.get("user"),
                "password": parts.get("password"),
                "host": str(place),
                "port": 5432,
                "schema": parts.get("dbname"),
            }
        )
    return found
