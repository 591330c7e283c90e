"""A connection reaches the right database. An error about a connection says what to do."""

import pytest

from oic_assurance.errors import AssuranceError, ServerError, UsageError
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import connect_source, sqlalchemy_url, url

pytestmark = pytest.mark.usefixtures("state_folder")


def test_readers_and_stages_use_the_warehouse_given_by_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", "postgresql://owner:x@db.example/house?sslmode=require"
    )
    monkeypatch.setenv("ASSURANCE_BI_READER_PASSWORD", "p@ss-9fK2xQ7w-Lr4Tz8Vb1")
    monkeypatch.setenv("ASSURANCE_OIC_GATE_PASSWORD", "q3Zt-7VbK-x1Rw-M8Ld-2Gh6")
    settings = load_settings()
    assert url(settings, "bi") == (
        "postgresql://bi_reader:p%40ss-9fK2xQ7w-Lr4Tz8Vb1@db.example/house?sslmode=require"
    )
    assert url(settings, "gate") == (
        "postgresql://oic_gate:q3Zt-7VbK-x1Rw-M8Ld-2Gh6@db.example/house?sslmode=require"
    )
    assert sqlalchemy_url(settings, role="oic_gate").startswith(
        "postgresql+psycopg://oic_gate:q3Zt-7VbK-x1Rw-M8Ld-2Gh6@db.example/house?"
    )
    with pytest.raises(ServerError, match="'oic_landing' has no password yet"):
        url(settings, "landing")


def test_the_error_for_a_server_that_was_never_started_says_what_to_do() -> None:
    with pytest.raises(AssuranceError, match="assurance db start"):
        url(load_settings(), "warehouse")
    with pytest.raises(UsageError, match="Choose one of warehouse, rms"):
        url(load_settings(), "payroll")


def test_the_error_for_a_source_that_is_down_names_host_port_and_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgres://a:geheim@127.0.0.1:1/rms")
    with pytest.raises(AssuranceError) as caught:
        connect_source(load_settings(), "rms")
    assert str(caught.value) == (
        "rms: the source database cannot be reached (host 127.0.0.1, port 1, database rms): "
        "Connection refused."
    )


def test_the_error_for_a_missing_connection_names_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NICHE", raising=False)
    with pytest.raises(UsageError, match=r"'niche': set AIRFLOW_CONN_NICHE"):
        connect_source(load_settings(), "niche")
