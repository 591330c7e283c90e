"""docker-compose.yml and deploy/ set up encrypted connections as documented."""

import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from oic_assurance.warehouse.roles import LOGIN_ROLES
from oic_assurance.warehouse.secrets import variable_name
from oic_assurance.warehouse.transport import check_links
from tests.tls import SCRIPT, make_certificates

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return found


def test_every_airflow_process_gets_only_checked_connections(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
    services = [one for one in compose["services"].values() if api in _values(one)]
    assert len(services) == 9
    for service in services:
        given = _values(service)
        if "AIRFLOW_CONN_RMS" in given:
            assert given["ASSURANCE_REQUIRE_TLS"] == "${ASSURANCE_REQUIRE_TLS:-verify-full}"
        assert given[api].startswith("https://")
        for name, value in given.items():
            if str(value).startswith(("postgresql", "postgres")):
                monkeypatch.setenv(name, re.sub(r"\$\{[^}]*\}", "word", str(value)))
        monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
        check_links()
        if "AIRFLOW__CELERY__BROKER_URL" in given:
            assert given["AIRFLOW__CELERY__BROKER_URL"].startswith("rediss://")
            assert "ssl_cert_reqs=required" in given["AIRFLOW__CELERY__BROKER_URL"]
            assert given["AIRFLOW__CELERY__RESULT_BACKEND"].startswith("rediss://")
            assert "ssl_cert_reqs=required" in given["AIRFLOW__CELERY__RESULT_BACKEND"]


def _values(service: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = service.get("environment", {})
    return values


def test_a_worker_has_none_of_airflows_own_secrets(compose: dict[str, Any]) -> None:
    for name in ("worker", "remote-worker"):
        given = "\n".join(map(str, _values(compose["services"][name]).values()))
        for secret in (
            "POSTGRES_PASSWORD", "AIRFLOW_DB_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_SECRET_KEY",
            "AIRFLOW_JWT_SECRET", "AIRFLOW_OAUTH_CLIENT_SECRET",
        ):  # fmt: skip
            assert f"${{{secret}" not in given


def test_a_worker_has_the_password_of_each_login(compose: dict[str, Any]) -> None:
    """The task that opens a run may run on any host, and sets them all."""
    needed = {variable_name(f"{role}_password") for role in LOGIN_ROLES}
    example = (ROOT / ".env.example").read_text("utf-8")
    page = (ROOT / "docs" / "how-to" / "run-it.md").read_text("utf-8")
    assert needed <= _values(compose["services"]["remote-worker"]).keys()
    for name in needed:
        assert f"\n#{name}=\n" in example
        assert re.search(rf"\b{name.removeprefix('ASSURANCE_')}\b", page)


def test_every_container_is_hardened(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["logging"]["options"]["max-size"]
        assert set(service["deploy"]["resources"]["limits"]) == {"memory", "pids"}


def test_every_service_says_in_which_size_it_runs(compose: dict[str, Any]) -> None:
    def of(profile: str) -> set[str]:
        services = compose["services"].items()
        return {name for name, service in services if profile in service["profiles"]}

    everywhere = {
        "certificates", "postgres", "init", "api-server", "dag-processor", "triggerer",
    }  # fmt: skip
    assert of("one-host") >= everywhere | {"scheduler"}
    assert of("many-hosts") >= everywhere | {"celery-scheduler", "redis", "worker"}
    assert not of("one-host") & {"celery-scheduler", "redis", "worker", "remote-worker"}
    assert "scheduler" not in of("many-hosts")
    assert of("worker") == {"remote-worker"}


def test_the_server_lets_nobody_in_without_tls(compose: dict[str, Any]) -> None:
    assert "ssl=on" in compose["services"]["postgres"]["command"]
    lines = (ROOT / "deploy" / "pg_hba.conf").read_text("utf-8").splitlines()
    kinds = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert set(kinds) == {"local", "hostssl"}


def test_an_image_is_built_only_with_the_commit_that_its_publications_name(
    compose: dict[str, Any],
) -> None:
    built = [
        service["build"]
        for service in compose["services"].values()
        if "build" in service and service["image"].startswith("oic-assurance:")
    ]
    assert len(built) == 11
    assert all(build["args"]["ASSURANCE_COMMIT"] == "${ASSURANCE_COMMIT:-}" for build in built)
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    steps = [line for line in dockerfile.splitlines() if "ASSURANCE_COMMIT" in line]
    assert steps[0] == "ARG ASSURANCE_COMMIT"
    assert steps[1].startswith('RUN test -n "$ASSURANCE_COMMIT" ||')
    assert steps[2] == "ENV ASSURANCE_COMMIT=$ASSURANCE_COMMIT"


def test_the_passphrase_of_physical_back_ups_is_kept_apart(compose: dict[str, Any]) -> None:
    """Only the server and the service that makes the back-ups get it, as a file."""
    with_key = [
        name
        for name, service in compose["services"].items()
        if "pgbackrest_key" in str(service.get("secrets", ()))
    ]
    assert with_key == ["postgres", "pgbackrest", "drill"]
    for path in (ROOT / "deploy" / "pgbackrest").iterdir():
        assert "cipher-pass=" not in path.read_text("utf-8").replace("cipher-pass=…", ""), path
    for name in with_key:
        assert "cipher" not in str(compose["services"][name].get("environment", ""))


def test_a_drill_leaves_the_repository_and_its_key_where_they_are(compose: dict[str, Any]) -> None:
    services = compose["services"]
    mounted = {
        name: [str(one) for one in service.get("volumes", ()) if "/var/lib/pgbackrest" in str(one)]
        for name, service in services.items()
    }
    assert {name for name, found in mounted.items() if found} == {"postgres", "pgbackrest", "drill"}
    drill = services["drill"]
    assert mounted["drill"][0].endswith(":/var/lib/pgbackrest:ro")
    assert drill["network_mode"] == "none"
    assert "environment" not in drill
    # What it erases is a place of its own, and never the server's data.
    assert not [one for one in drill["volumes"] if "/var/lib/postgresql/data" in str(one)]
    shared = "drill:/mnt/drill"
    for name in ("scheduler", "worker", "drill"):
        assert shared in services[name].get("volumes", compose["x-airflow"]["volumes"])
    assert _values(services["scheduler"])["ASSURANCE_DRILL_PLACE"] == "/mnt/drill"
    assert _values(services["worker"])["ASSURANCE_DRILL_PLACE"] == "/mnt/drill"
    # Only the first host's worker has the folder, and so the task is in a queue of its own.
    assert "first-host" in services["worker"]["command"][-1].split(",")
    assert "default" in services["worker"]["command"][-1].split(",")
    assert "first-host" not in str(services["remote-worker"]["command"])
    assert services["remote-worker"]["profiles"] == ["worker"]


def test_only_the_script_sees_the_key_of_the_authority(compose: dict[str, Any]) -> None:
    with_authority = [
        name
        for name, service in compose["services"].items()
        if any(str(volume).startswith("authority:") for volume in service.get("volumes", ()))
    ]
    assert with_authority == ["certificates"]


def test_certificates_stay_while_they_hold(tmp_path: Path) -> None:
    make_certificates(tmp_path, "postgres,db.example,192.0.2.7")
    first = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    make_certificates(tmp_path, "postgres,db.example,192.0.2.7")
    assert {path: path.read_bytes() for path in first} == first
    names = {str(path.relative_to(tmp_path)): path.stat().st_mode & 0o777 for path in first}
    assert names == {
        "authority/ca.key": 0o600,
        "authority/ca.crt": 0o644,
        "postgres/server.key": 0o600,
        "postgres/server.crt": 0o644,
        "postgres/ca.crt": 0o644,
    }
    certificate = x509.load_pem_x509_certificate((tmp_path / "postgres/server.crt").read_bytes())
    alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternative.get_values_for_type(x509.DNSName) == ["postgres", "db.example"]


def test_a_renewed_authority_and_the_earlier_one_trust_the_same_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_certificates(tmp_path, "postgres")
    earlier = (tmp_path / "authority/ca.crt").read_bytes()
    served = (tmp_path / "postgres/server.crt").read_bytes()
    script = runpy.run_path(str(SCRIPT))
    monkeypatch.setitem(script["_holds"].__globals__, "SPARE_DAYS", 365 * 11)
    script["make_authority"](tmp_path / "authority")
    monkeypatch.undo()
    make_certificates(tmp_path, "postgres", "redis")
    renewed = (tmp_path / "authority/ca.crt").read_bytes()
    assert renewed != earlier
    # Nothing has to be started again: the server shows what it showed, and both trust it.
    assert (tmp_path / "postgres/server.crt").read_bytes() == served
    for issuer in map(x509.load_pem_x509_certificate, (earlier, renewed)):
        for name in ("postgres", "redis"):
            server = (tmp_path / name / "server.crt").read_bytes()
            x509.load_pem_x509_certificate(server).verify_directly_issued_by(issuer)
            assert (tmp_path / name / "ca.crt").read_bytes() == renewed


def test_another_key_of_the_authority_renews_the_certificates_of_the_servers(
    tmp_path: Path,
) -> None:
    make_certificates(tmp_path / "before", "postgres")
    make_certificates(tmp_path / "now", "redis")
    shutil.copytree(tmp_path / "now/authority", tmp_path / "before/authority", dirs_exist_ok=True)
    make_certificates(tmp_path / "before", "postgres")
    authority, server, shown = (
        x509.load_pem_x509_certificate((tmp_path / "before" / name).read_bytes())
        for name in ("authority/ca.crt", "postgres/server.crt", "postgres/ca.crt")
    )
    server.verify_directly_issued_by(authority)
    assert shown == authority


def test_certificates_of_another_authority_are_left_to_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_certificates(tmp_path, "postgres")
    (tmp_path / "authority/ca.key").unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    script = runpy.run_path(str(SCRIPT))
    # A month before it ends, a certificate does not hold any more.
    monkeypatch.setitem(script["_holds"].__globals__, "SPARE_DAYS", 365 * 11)
    script["make_authority"](tmp_path / "authority")
    script["make_server"](tmp_path / "authority", tmp_path / "postgres", ["postgres"], group=None)
    assert {path: path.read_bytes() for path in before} == before
    assert "postgres/server.crt expires within a month: renew it." in capsys.readouterr().err
    with pytest.raises(SystemExit, match=r"redis/server.crt is missing, and .* has no ca.key"):
        script["make_server"](tmp_path / "authority", tmp_path / "redis", ["redis"], group=None)
