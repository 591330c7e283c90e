"""Checks of sources and connections: drift, the dropzone, certificates."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from oic_assurance import clock
from oic_assurance.operations.doctor import sources
from oic_assurance.operations.doctor.checks import Finding
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import warehouse_url
from oic_assurance.warehouse.embedded import server_port
from oic_assurance.warehouse.transport import METADATA
from tests.integration.landing.support import COMPLETIONS, PERSONNEL, World, person
from tests.integration.operations.test_doctor import states, the
from tests.tls import TlsServer, make_certificates

REFERRAL = "rms/nccu_referral"


@pytest.fixture
def changed(world: World, empty_sources: None) -> Iterator[World]:
    """Sources whose tables are as they were after the test."""
    yield world
    world.rms("alter table rms.nccu_referral drop column if exists victim_name")
    world.rms("alter table rms.nccu_referral drop column if exists shoe_size")
    world.rms("alter table rms.nccu_referral add column if not exists outcome text")
    world.rms("alter table rms.nccu_referral alter column persons_count type integer")


# ------------------------------------------------------------ databases


@pytest.mark.parametrize(
    ("change", "state", "what"),
    [
        ("add column if not exists outcome text", "ok", ""),
        ("drop column outcome", "failed", "has no column outcome"),
        ("alter column persons_count type double precision", "failed", "is double precision"),
        ("add column shoe_size text", "advice", "new columns: shoe_size"),
        ("add column victim_name text", "attention", "must not be extracted: victim_name"),
    ],
)
def test_a_changed_table_is_found(changed: World, change: str, state: str, what: str) -> None:
    changed.rms(f"alter table rms.nccu_referral {change}")
    found = list(sources.measure_databases(changed.settings))
    assert the(found, REFERRAL).state == state
    assert what in the(found, REFERRAL).what
    assert {one.state for one in found if one.subject != REFERRAL} == {"ok"}


def test_a_source_that_does_not_answer_is_found(
    changed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgresql://nobody:secret@127.0.0.1:1/rms")
    found = [one for one in sources.measure_databases(changed.settings) if one.state == "failed"]
    # One connection that is down is one finding, and not one for each of its tables.
    assert [(one.subject, one.code) for one in found] == [("connection rms", "source")]
    assert "secret" not in found[0].what


# ------------------------------------------------------------ dropzone


def test_a_file_is_compared_with_its_declaration(world: World) -> None:
    world.personnel("20260101", "000001")
    world.completions("20260101", "000001,C,M,1,COMPLETED,2026-01-01 10:00,")
    found = list(sources.measure_dropzone(world.settings))
    assert the(found, "hr/personnel").state == "ok"
    assert the(found, "lms/completions").state == "ok"
    assert the(found, "hr/org_unit").state == "advice"
    world.drop(
        "hr/personnel/personnel_20260102.csv", f"{PERSONNEL},surname\n{person('000001')},X\n"
    )
    world.drop("lms/completions/completions_20260102.csv", COMPLETIONS.replace("score", "x") + "\n")
    found = list(sources.measure_dropzone(world.settings))
    assert the(found, "hr/personnel").state == "attention"
    assert "must not be extracted: surname" in the(found, "hr/personnel").what
    assert the(found, "lms/completions").state == "failed"
    assert "missing column score" in the(found, "lms/completions").what


def test_a_dropzone_that_is_missing_is_found(world: World) -> None:
    shutil.rmtree(world.dropzone)
    found = the(sources.measure_dropzone(world.settings), "the dropzone")
    assert (found.state, found.todo) == ("failed", "mount it, or tell whoever runs it")


# ------------------------------------------------------------ connections


def looked_at(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> Finding:
    """Look at a connection to the warehouse with TLS, and the certificates in a folder."""
    server = TlsServer(folder / "localhost", server_port(settings))
    given = {key: str(value) for key, value in conninfo_to_dict(warehouse_url(settings)).items()}
    root = str(folder / "authority" / "ca.crt")
    place = {"host": "localhost", "port": str(server.port), "sslmode": mode, "sslrootcert": root}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", libpq_uri({**given, **place}))
    try:
        return the(sources.measure_links(settings), "AIRFLOW_CONN_WAREHOUSE")
    finally:
        server.close()


def test_a_task_does_not_end_a_problem_with_what_airflow_hides(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(METADATA, "airflow-db-not-allowed:///")
    assert the(sources.measure_links(settings), METADATA).state == "unknown"


def test_on_this_machine_no_encryption_is_needed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(sources.measure_links(settings))["embedded server"] == "ok"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", warehouse_url(settings))
    found = the(sources.measure_links(settings), "AIRFLOW_CONN_WAREHOUSE")
    assert (found.state, found.what) == ("ok", "not encrypted (this machine only)")


@pytest.mark.parametrize(
    ("mode", "days", "state", "what"),
    [
        ("verify-full", 400, "ok", "encrypted and verified, until "),
        ("require", 400, "advice", "not checked (require)"),
        ("verify-full", -1, "failed", "the server's certificate expired on"),
        ("verify-full", 29, "attention", "the server's certificate expires on"),
    ],
)
def test_the_certificate_of_a_connection_is_looked_at(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    days: int,
    state: str,
    what: str,
) -> None:
    folder = make_certificates(tmp_path, "localhost", days=400)
    now = clock.utc_now() + timedelta(days=400 - days)
    monkeypatch.setattr(clock, "utc_now", lambda: now)
    found = looked_at(settings, folder, monkeypatch, mode)
    assert found.state == state
    assert what in found.what
