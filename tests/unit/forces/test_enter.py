"""A process that has entered a force sees that force's settings, secrets and connections only."""

import os
from pathlib import Path

import pytest
from fsspec.config import conf

from oic_assurance.errors import ServerError, UnknownNameError, UsageError
from oic_assurance.forces import overview
from oic_assurance.forces.declared import declared_forces
from oic_assurance.forces.enter import (
    check_alone,
    enter,
    environment_of,
    first_force,
    leave,
    settings_of,
)
from oic_assurance.operations.doctor.sources import measure_databases
from oic_assurance.settings import load_settings, of_the_deployment
from oic_assurance.state.read import run_deadline
from oic_assurance.warehouse.airflow_uri import find_connection_uri, variable_name
from oic_assurance.warehouse.connections import embedded_databases, warehouse_url
from oic_assurance.warehouse.secrets import secret
from oic_assurance.warehouse.secrets import variable_name as secret_variable
from tests.commands import python
from tests.unit.forces.test_declared import TWO

NORTH, SOUTH = "E23000022", "E23000021"


def test_each_force_has_a_state_folder_of_its_own(deployment: Path) -> None:
    for code in (NORTH, SOUTH):
        enter(code)
        settings = load_settings()
        assert settings.force_code == code
        assert settings.home == deployment / "forces" / code
        assert settings.dropzone == f"file://{settings.home}/dropzone"
    leave()
    assert load_settings().home == deployment


def test_the_process_is_afterwards_as_it_was(deployment: Path) -> None:
    before = dict(os.environ)
    enter(NORTH)
    assert dict(os.environ) != before
    leave()
    assert dict(os.environ) == before


def test_of_several_forces_one_must_be_chosen(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="has 2 forces: choose one with --force"):
        enter(None)
    with pytest.raises(UnknownNameError, match="There is no force 'E23000020'"):
        enter("E23000020")
    monkeypatch.setenv("ASSURANCE_FORCE", SOUTH)
    enter(None)
    assert load_settings().force_code == SOUTH


def test_without_a_file_only_the_force_of_the_environment_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path))
    before = dict(os.environ)
    enter(None)
    enter("E23000022")
    assert dict(os.environ) == before
    with pytest.raises(UsageError, match="this deployment has the force E23000022 only"):
        enter(SOUTH)


def test_a_key_of_one_force_means_nothing_in_another(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", "a" * 8 + "9f31c7" * 6)
    keys = set()
    for code in (NORTH, SOUTH):
        enter(code)
        keys.add(secret(load_settings(), "pseudonym_key"))
    assert len(keys) == 2
    assert os.environ.get("ASSURANCE_PSEUDONYM_KEY") is None


def test_a_secret_of_one_force_is_set_by_its_own_variable(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "5d0c9e71b2f84a36908d7c1e2b3f4a5968d7e0c1"
    monkeypatch.setenv(f"ASSURANCE_{NORTH}_ERASURE_KEY", given)
    enter(NORTH)
    assert secret(load_settings(), "erasure_key") == given
    assert secret_variable("erasure_key") == f"ASSURANCE_{NORTH}_ERASURE_KEY"
    enter(SOUTH)
    assert secret(load_settings(), "erasure_key") != given
    assert given not in os.environ.values()


def test_a_force_sees_its_own_connections_only(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = "postgres://a:b@{}/rms"
    for name in ("RMS", "NORTH_RMS", f"{SOUTH}_RMS"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", uri.format(name.lower()))
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://mail")
    enter(NORTH)
    assert variable_name("rms") == "AIRFLOW_CONN_NORTH_RMS"
    assert "@north_rms/" in str(find_connection_uri("rms"))
    assert variable_name("warehouse_gate") == f"AIRFLOW_CONN_{NORTH}_WAREHOUSE_GATE"
    seen = {name for name in os.environ if name.startswith("AIRFLOW_CONN_")}
    assert seen == {"AIRFLOW_CONN_NORTH_RMS", "AIRFLOW_CONN_SMTP_DEFAULT"}
    enter(SOUTH)
    assert f"@{SOUTH.lower()}_rms/" in str(find_connection_uri("rms"))
    assert find_connection_uri("warehouse") is None


def test_a_place_of_the_deployment_is_the_parent_of_the_forces_places(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_ARCHIVE_URL", "s3://bucket/archive/")
    monkeypatch.setenv("ASSURANCE_AUDIT_HEADS", "syslog")
    enter(NORTH)
    assert load_settings().archive == f"s3://bucket/archive/{NORTH}"
    assert "ASSURANCE_AUDIT_HEADS" not in os.environ


def test_a_setting_may_differ_between_forces(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_RUN_DEADLINE", "07:00")
    monkeypatch.setenv(f"ASSURANCE_{SOUTH}_APPROVE_WARNINGS", "yes")
    enter(NORTH)
    assert (run_deadline().hour, load_settings().approve_warnings) == (8, False)
    enter(SOUTH)
    assert (run_deadline().hour, load_settings().approve_warnings) == (7, True)


def test_a_setting_that_is_not_valid_names_the_force(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASSURANCE_{SOUTH}_APPROVAL_HOURS", "99")
    found = declared_forces()
    assert found is not None
    settings_of(found.get(NORTH), found)
    with pytest.raises(UsageError, match=f"The force {SOUTH}: ASSURANCE_APPROVAL_HOURS"):
        settings_of(found.get(SOUTH), found)


def test_a_program_that_a_force_starts_belongs_to_the_force(deployment: Path) -> None:
    found = declared_forces()
    assert found is not None
    environment = environment_of(found.get(NORTH), found, os.environ)
    code = (
        "from oic_assurance.forces.enter import enter\n"
        "from oic_assurance.settings import load_settings\n"
        "enter(None)\nenter('E23000022')\nprint(load_settings().home)\nenter('E23000021')"
    )
    done = python("-c", code, environment=environment)
    assert done.stdout.strip() == str(deployment / "forces" / NORTH)
    assert "This process works for the force E23000022, not for E23000021" in done.stderr


def test_a_connection_that_two_forces_have_is_refused_for_both_and_no_other(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (deployment / "forces.yml").open("a") as file:
        file.write("  - {code: E23000018, name: Nottinghamshire, accountable_body: Another}\n")
    uri = "postgres://a:b@host/rms"
    monkeypatch.setenv("AIRFLOW_CONN_NORTH_RMS", uri)
    monkeypatch.setenv(f"AIRFLOW_CONN_{SOUTH}_RMS", uri)
    for code, other in ((NORTH, SOUTH), (SOUTH, NORTH)):
        said = f"The connection rms of the force {code} is the connection rms of the force {other}"
        with pytest.raises(UsageError, match=said):
            enter(code)
    enter("E23000018")
    monkeypatch.setenv(f"AIRFLOW_CONN_{SOUTH}_RMS", "postgres://another:b@host/rms")
    leave()
    monkeypatch.setenv(f"AIRFLOW_CONN_{SOUTH}_RMS", "postgres://another:b@host/rms")
    enter(NORTH)


def test_a_state_folder_that_is_another_force_s_default_is_refused(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TWO.replace("    owner:", f"    home: forces/{NORTH}\n    owner:")
    (deployment / "forces.yml").write_text(text)
    with pytest.raises(UsageError, match=f"The state folder of the force {SOUTH} is the state"):
        enter(SOUTH)


def test_a_dropzone_inside_the_default_of_another_force_is_refused_for_both_and_no_other(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (deployment / "forces.yml").open("a") as file:
        file.write("  - {code: E23000018, name: Nottinghamshire, accountable_body: Another}\n")
    inside = deployment / "forces" / NORTH / "dropzone" / "south"
    monkeypatch.setenv(f"ASSURANCE_{SOUTH}_DROPZONE", str(inside))
    for code in (NORTH, SOUTH):
        said = f"The dropzone of the force {SOUTH} is inside the dropzone of the force {NORTH}"
        with pytest.raises(UsageError, match=said):
            enter(code)
    enter("E23000018")


def test_a_declared_connection_that_is_missing_is_an_error(deployment: Path) -> None:
    enter(NORTH)
    with pytest.raises(UsageError, match=r"gives 'rms' the connection 'north_rms', but there is"):
        find_connection_uri("rms")
    assert find_connection_uri("warehouse") is None


@pytest.mark.parametrize(("code", "used"), [(NORTH, "north_rms"), (SOUTH, f"{SOUTH.lower()}_rms")])
def test_a_missing_connection_names_its_force_and_where_it_belongs(
    deployment: Path, monkeypatch: pytest.MonkeyPatch, code: str, used: str
) -> None:
    """The warehouse is on a server, so an embedded server with an empty source is none."""
    for name in ("WAREHOUSE", "INTELLIGENCE"):
        uri = f"postgresql://{name}:x@127.0.0.1:1/{code}"
        monkeypatch.setenv(f"AIRFLOW_CONN_{code}_{name}", uri)
    monkeypatch.setattr(overview, "open_problems", lambda _: [])
    monkeypatch.setattr(overview, "current_publication", lambda _: None)
    forces = declared_forces()
    assert forces is not None
    state = overview.read_state(forces.get(code))
    enter(code)
    [found] = [one for one in measure_databases(load_settings()) if "rms" in one.subject]
    assert (found.subject, found.state) == ("connection rms", "failed")
    for part in (
        f"The force {code}: ",
        f"'{used}'",
        f"set AIRFLOW_CONN_{used.upper()} ",
        "forces.env",
    ):
        assert part in found.what
    assert (state.state, state.message) == ("warning", found.what)
    assert embedded_databases() == []


def test_no_embedded_server_replaces_a_warehouse_where_tls_is_required(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(SOUTH)
    assert embedded_databases() == ["warehouse", "rms", "intelligence"]
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    assert embedded_databases() == []
    with pytest.raises(
        ServerError, match=f"The force {SOUTH}: .*set AIRFLOW_CONN_{SOUTH}_WAREHOUSE"
    ):
        warehouse_url(load_settings())


def test_the_administrator_is_known_in_some_processes_only(deployment: Path) -> None:
    text = TWO.replace("{rms: north_rms}", "{warehouse_admin: north_admin}")
    (deployment / "forces.yml").write_text(text)
    enter(NORTH)
    assert find_connection_uri("warehouse_admin") is None


def test_a_place_of_one_force_that_is_no_folder_stops_no_other(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASSURANCE_{NORTH}_ARCHIVE_URL", "~nobody-at-all/x")
    enter(SOUTH)
    assert load_settings().force_code == SOUTH


@pytest.mark.parametrize("name", ["HOME", "KIND", "CONNECTIONS", "FORCE_NAME"])
def test_what_only_the_file_can_say_is_refused_as_a_variable(
    deployment: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"ASSURANCE_{SOUTH}_{name}", "x")
    with pytest.raises(UsageError, match=f"ASSURANCE_{SOUTH}_{name} has no effect: write it as"):
        enter(SOUTH)
    enter(NORTH)


def test_each_force_has_the_credentials_of_its_own_store(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of all")
    monkeypatch.setenv(f"AWS_{NORTH}_ACCESS_KEY_ID", "of north")
    monkeypatch.setenv(f"FSSPEC_{NORTH}_S3_ENDPOINT_URL", "https://north.example")
    enter(NORTH)
    assert os.environ["AWS_ACCESS_KEY_ID"] == "of north"
    assert conf["s3"]["endpoint_url"] == "https://north.example"
    enter(SOUTH)
    assert os.environ["AWS_ACCESS_KEY_ID"] == "of all"
    assert "of north" not in os.environ.values()
    assert "endpoint_url" not in conf.get("s3", {})


def test_a_force_has_a_token_of_its_own_for_the_secrets_backend(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", '{"token": "of all"}')
    monkeypatch.setenv(f"AIRFLOW_{NORTH}__SECRETS__BACKEND_KWARGS", '{"token": "of north"}')
    enter(NORTH)
    assert os.environ["AIRFLOW__SECRETS__BACKEND_KWARGS"] == '{"token": "of north"}'
    enter(SOUTH)
    assert os.environ["AIRFLOW__SECRETS__BACKEND_KWARGS"] == '{"token": "of all"}'
    assert '{"token": "of north"}' not in os.environ.values()


@pytest.mark.parametrize(
    "held",
    [
        f"ASSURANCE_{SOUTH}_PSEUDONYM_KEY",
        f"AIRFLOW_CONN_{SOUTH}_RMS",
        "AIRFLOW_CONN_SOUTH_LIST",
        f"AWS_{SOUTH}_ACCESS_KEY_ID",
        f"AIRFLOW_{SOUTH}__SECRETS__BACKEND_KWARGS",
        "a folder of secrets",
    ],
)
def test_a_worker_of_one_force_that_holds_a_secret_of_another_is_refused(
    deployment: Path, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    text = (deployment / "forces.yml").read_text()
    file = deployment / "forces.yml"
    file.write_text(
        text.replace("server: east", "server: east\n    queue: north").replace(
            "    owner:", "    connections: {worklist: south_list}\n    owner:"
        )
    )
    for mine in (f"ASSURANCE_{NORTH}_PSEUDONYM_KEY", "AIRFLOW_CONN_NORTH_RMS"):
        monkeypatch.setenv(mine, "mine")
    monkeypatch.setenv(f"ASSURANCE_{SOUTH}_EVIDENCE", "/srv/no/secret")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://of-all")
    found = declared_forces()
    assert found is not None
    check_alone(found.get(NORTH), found, os.environ)
    named = held
    if held.startswith("A"):
        monkeypatch.setenv(held, "theirs")
    else:
        named = f"{deployment}/forces/{SOUTH}/secrets"
        Path(named).mkdir(parents=True)
    said = f"The force {NORTH} has workers of its own, and this process also holds {named}: "
    with pytest.raises(UsageError, match=said) as raised:
        check_alone(found.get(NORTH), found, os.environ)
    assert "theirs" not in raised.value.message


def test_reports_know_the_name_of_the_force(deployment: Path) -> None:
    enter(SOUTH)
    settings = load_settings()
    assert settings.force_name == "Leicestershire Police"
    assert settings.accountable_body == "The Commissioner for Leicestershire"


def test_what_belongs_to_the_deployment_is_done_in_the_process_of_the_first_force(
    deployment: Path,
) -> None:
    enter(SOUTH)
    assert first_force() == NORTH
    assert of_the_deployment(load_settings()).home == deployment


def test_the_national_view_lands_what_the_forces_export(
    deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (deployment / "forces.yml").open("a") as file:
        file.write(
            "  - {code: K04000001, name: England and Wales, kind: national,\n"
            "     accountable_body: The inspectorate}\n"
        )
    monkeypatch.setenv("ASSURANCE_NATIONAL_DROPZONE", "s3://national/drop")
    monkeypatch.setenv("ASSURANCE_REPORTING_FORCES", "e23000040, E23000014")
    with pytest.raises(UsageError, match="ASSURANCE_REPORTING_FORCES: 'E23000040' is not"):
        enter(NORTH)
    leave()
    monkeypatch.setenv("ASSURANCE_REPORTING_FORCES", "e23000014")
    enter(NORTH)
    force = load_settings()
    assert (force.kind, force.national_dropzone) == ("force", "s3://national/drop")
    enter("K04000001")
    national = load_settings()
    assert (national.kind, national.national_dropzone) == ("national", "")
    assert national.dropzone == "s3://national/drop"
    assert national.reporting_forces.split(",") == sorted(["E23000014", NORTH, SOUTH])
