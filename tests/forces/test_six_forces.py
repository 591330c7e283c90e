"""Six forces side by side: each has the figures of its own sources, and fails alone."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.forces.deployment import SEEDS, Deployment
from tests.oracle.runner import UNREACHABLE

pytestmark = pytest.mark.slow

WELL, DEAD, POISONED, KEYLESS, FULL, SLOW = SEEDS
FIRST, DAY_AFTER = "2026-06-20T05:30", "2026-06-21T05:30"
#: The size of the disk of the force whose disk is full. Its first run needs less.
SIZE = "1500m"
#: How long the tables of the slow source are locked. The runs of the others end earlier.
LOCKED_SECONDS = 60


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment(tmp_path / "deployment")
    disk = made.commands.state / "forces" / FULL
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "none", str(disk)]
    subprocess.run(mount, check=True)
    try:
        made.prepare()
        yield made
        made.stop()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def publications(deployment: Deployment) -> dict[str, tuple[int, str]]:
    """Return the number of the current publication of each force, and the state of the force."""
    states = json.loads(deployment.commands.call("forces", "status", "--json"))["forces"]
    return {one["code"]: (one["publication_id"], one["state"]) for one in states}


def positions(deployment: Deployment, code: str) -> dict[str, str]:
    """Return the status of each point in the current publication of a force."""
    with psycopg.connect(deployment.forces[code].url("bi")) as reader:
        return dict(
            reader.execute("select point_code, status from marts.assurance_position").fetchall()
        )


@contextmanager
def locked(uri: str) -> Iterator[None]:
    """Lock the occurrences of a records system for some time, so that its extract waits."""
    source = psycopg.connect(uri)
    source.execute("lock table rms.occurrence in access exclusive mode")
    release = threading.Timer(LOCKED_SECONDS, source.close)
    release.start()
    try:
        yield
    finally:
        release.join()


def poison(deployment: Deployment) -> None:
    """Change landed rows to a code that no rule knows, which only the gate can notice."""
    with psycopg.connect(deployment.forces[POISONED].url("admin"), autocommit=True) as warehouse:
        warehouse.execute(
            "update raw_law_enforcement.nccu_referral set referral_type = 'SOMETHING ELSE'"
        )


def fill_the_disk(deployment: Deployment) -> None:
    place = deployment.commands.state / "forces" / FULL
    fill = f"head -c $(($(df --output=avail -B1 {place} | tail -1) - 1000000)) /dev/zero"
    subprocess.run(["sh", "-c", f"{fill} > {place}/ballast"], check=True)


def test_each_force_has_its_own_figures_and_fails_alone(deployment: Deployment) -> None:
    state = deployment.commands.state
    deployment.fill_to(0)
    assert deployment.run(list(SEEDS), FIRST) == {}
    for code in SEEDS:
        assert deployment.differences(code, FIRST) == [], code
    before = publications(deployment)

    deployment.fill_to(1)
    poison(deployment)
    key = state / "forces" / KEYLESS / "secrets" / "pseudonym_key"
    key.rename(key.with_name("away"))
    fill_the_disk(deployment)
    dead = {f"AIRFLOW_CONN_{DEAD}_INTELLIGENCE": UNREACHABLE}
    started = time.monotonic()
    with locked(deployment.forces[SLOW].url("rms")):
        failed = deployment.run(list(SEEDS), DAY_AFTER, dead)
    assert time.monotonic() - started > LOCKED_SECONDS

    for code in (WELL, SLOW):
        assert deployment.differences(code, DAY_AFTER) == [], code
    # What rests on the dead source is unknown, and what does not is as it is.
    statuses = positions(deployment, DEAD)
    assert statuses.pop("NCCU_INTEL") == "unknown"
    assert "unknown" not in statuses.values()

    (state / "forces" / FULL / "ballast").unlink()
    deployment.forces[FULL].call("db", "start")
    after = publications(deployment)
    for code in (POISONED, KEYLESS, FULL):
        assert after[code] == (before[code][0], "critical"), code
    for code in (WELL, SLOW, DEAD):
        assert after[code][0] > before[code][0], code
    reasons = {
        POISONED: f"--force {POISONED}",
        KEYLESS: f"ASSURANCE_{KEYLESS}_PSEUDONYM_KEY",
        FULL: "No space left on device",
    }
    assert failed.keys() == reasons.keys()
    for code, reason in reasons.items():
        assert reason in failed[code]

    # What failed is mended, and the next run of these forces publishes.
    key.with_name("away").rename(key)
    assert deployment.run([KEYLESS, FULL], DAY_AFTER) == {}
    for code in (KEYLESS, FULL):
        assert deployment.differences(code, DAY_AFTER) == [], code


def test_a_reader_and_a_key_of_one_force_mean_nothing_in_another(deployment: Deployment) -> None:
    deployment.fill_to(0)
    assert deployment.run([WELL, SLOW], FIRST) == {}
    uris = {code: deployment.forces[code].url("bi") for code in (WELL, SLOW)}
    passwords = {psycopg.conninfo.conninfo_to_dict(uri)["password"] for uri in uris.values()}
    assert len(passwords) == 2
    theirs = psycopg.conninfo.conninfo_to_dict(uris[SLOW])
    mixed = psycopg.conninfo.make_conninfo(
        uris[WELL], host=str(theirs["host"]), port=str(theirs["port"])
    )
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(mixed)
    seen: set[tuple[str, ...]] = set()
    for uri in uris.values():
        with psycopg.connect(uri) as reader:
            rows = reader.execute("select distinct force_code from marts.dim_officer").fetchall()
            keys = reader.execute("select officer_key from marts.dim_officer").fetchall()
        assert len(rows) == 1
        assert not seen & set(keys)
        seen |= set(keys)
