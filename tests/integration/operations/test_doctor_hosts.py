"""Each host records which keys it has, never a key. The doctor finds a host with another one."""

import socket
from secrets import token_hex

import pytest

from oic_assurance.builds.host_secrets import marks_of_hosts
from oic_assurance.builds.stages import on_record
from oic_assurance.landing.erased_keys import SECRET as ERASURE_KEY
from oic_assurance.operations.doctor.machine import look_at_hosts
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding
from oic_assurance.warehouse.processing_log import SECRET as LOG_KEY
from oic_assurance.warehouse.secrets import variable_name
from tests.integration.asking import ask

KEYS = {ERASURE_KEY: token_hex(32), LOG_KEY: token_hex(32)}


@pytest.fixture
def first(fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A host with the two keys, which has done a stage."""
    for name, key in KEYS.items():
        monkeypatch.setenv(variable_name(name), key)
    stage_on("first", fresh_warehouse, monkeypatch)
    return fresh_warehouse


def stage_on(host: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    with on_record(settings, "a run", "publish"):
        pass


def looked(settings: Settings) -> Finding:
    [found] = look_at_hosts(settings)
    return found


def test_hosts_with_the_same_keys_are_well(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (looked(first).state, looked(first).what) == ("ok", "1 host compared")
    stage_on("second", first, monkeypatch)
    assert (looked(first).state, looked(first).what) == ("ok", "2 hosts compared")


def test_a_host_with_another_key_is_named_on_every_host(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(variable_name(ERASURE_KEY), token_hex(32))
        stage_on("second", first, patch)
        there = looked(first)
    for host in ("first", "third"):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        here = looked(first)
        assert (here.state, here.subject) == ("failed", "keys of hosts")
        assert here.what.startswith("erasure_key differs: first")
        assert " / second" in here.what
    assert there.what == "erasure_key differs: first / second"
    # The host has the right key again.
    stage_on("second", first, monkeypatch)
    assert looked(first).state == "ok"


def test_a_key_of_a_later_layer_is_compared_too(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("first", "second"):
        monkeypatch.setenv(variable_name(f"{ERASURE_KEY}_2"), token_hex(32))
        stage_on(host, first, monkeypatch)
    assert looked(first).what == "erasure_key_2 differs: first / second"


def test_no_key_is_stored_and_a_host_that_is_gone_is_forgotten(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = marks_of_hosts(first)
    assert {one.secret for one in marks} == set(KEYS)
    for key in KEYS.values():
        assert all(one.mark not in key for one in marks)
    ask(first, "update audit.host_secret set seen_at = now() - interval '49 hours'")
    assert marks_of_hosts(first) == []
    stage_on("second", first, monkeypatch)
    assert {one.host for one in marks_of_hosts(first)} == {"second"}
    rows = ask(first, "select distinct host from audit.host_secret")
    assert rows == [("second",)]
