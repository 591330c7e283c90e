"""Certificates are renewed and secrets changed in a running deployment, as the page says."""

import re
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.fernet import Fernet, InvalidToken

from oic_assurance.operations.doctor.certificates import served
from tests.deployment.deployment import Deployment, new_secret
from tests.deployment.description import ROOT
from tests.deployment.host import PATIENCE, Host, wait_for
from tests.deployment.images import own
from tests.deployment.test_description import table

pytestmark = pytest.mark.slow

#: The passwords that PostgreSQL knows, by their login.
PASSWORDS = {
    "postgres": "POSTGRES_PASSWORD",
    "airflow": "AIRFLOW_DB_PASSWORD",
    "warehouse_owner": "WAREHOUSE_DB_PASSWORD",
    "bi_reader": "ASSURANCE_BI_READER_PASSWORD",
}
PAGE = ROOT / "docs" / "how-to" / "protect.md"


@pytest.fixture(scope="module")
def host(deployment: Deployment) -> Host:
    """A host with the database, its back-ups and Airflow's API server, and no task."""
    host = deployment.add_host("first", "one-host", {})
    host.up("api-server", "pgbackrest")
    host.wait_until_healthy()
    deployment.add_people(host)
    return host


# ------------------------------------------------------------ certificates


def shown(deployment: Deployment) -> dict[str, x509.Certificate | None]:
    """Return the certificates that the two servers show."""
    where = deployment.network.address
    return {
        "postgres": served("postgresql", where, 5432),
        "api-server": served("https", where, 8080),
    }


def is_shown(deployment: Deployment) -> bool:
    """Tell whether the API server accepts connections."""
    try:
        return shown(deployment)["api-server"] is not None
    except OSError:
        return False


def doctor(host: Host) -> str:
    """Return what the doctor says. It also says that the scheduler does not run."""
    return host.run("assurance", "doctor")[1]


def renew(host: Host) -> None:
    """Follow the table of the page, for the servers that run here."""
    for of, how in table("how-to/protect.md", "certificate of"):
        line = re.search(r"`(docker compose [^`]*)`", how)
        if line and (of.strip("`") in host.containers or "all" in of):
            host.compose(line[1])


def test_expired_certificates_are_told_of_and_renewed_while_sessions_go_on(
    deployment: Deployment, host: Host
) -> None:
    with deployment.connect(host, "bi_reader", "warehouse", autocommit=True) as reader:
        for volume, name in (("postgres_tls", "postgres"), ("api_tls", "api-server")):
            (host.volume(volume) / name / "server.crt").unlink()
        script = host.services["certificates"]["command"][0].replace("$$", "$")
        expired = script.replace("--authority", "--days 0 --authority")
        code, log = host.run("certificates", expired)
        assert code == 0, log
        # It is not healthy with such a certificate, so nobody waits for that.
        host.containers["api-server"].stop()
        host.containers["api-server"].start()
        wait_for("the api-server shows its certificate", lambda: is_shown(deployment), 300)
        host.compose("docker compose kill --signal HUP postgres")
        told = doctor(host)
        for name in ("AIRFLOW_CONN_WAREHOUSE", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"):
            assert re.search(rf"failed +{name}.* certificate expired on", told), told
        renew(host)
        host.containers["api-server"].wait_until_healthy(PATIENCE)
        assert reader.execute("select 1").fetchone() == (1,)
    for certificate in shown(deployment).values():
        assert certificate is not None
        assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days > 300
    told = doctor(host)
    assert not re.search(r"certificate (expires|expired) on", told), told


# ------------------------------------------------------------ secrets


def log_in(deployment: Deployment, host: Host, login: str, password: str) -> psycopg.Connection:
    """Log in to the server with a password, through its published port."""
    return psycopg.connect(
        host="postgres", hostaddr=deployment.network.address, user=login, password=password,
        dbname={"postgres": "postgres", "airflow": "airflow"}.get(login, "warehouse"),
        sslmode="verify-full", sslrootcert=str(host.volume("clients") / "ca.crt"),
    )  # fmt: skip


def stage_password(host: Host) -> Path:
    """Return the file of a password that the first start has generated."""
    return host.volume("state") / "secrets" / "oic_gate_password"


@pytest.fixture(scope="module")
def changed(deployment: Deployment, host: Host) -> dict[str, str]:
    """The earlier passwords by their login, after all were changed at once and by the page."""
    before = {login: deployment.settings[name] for login, name in PASSWORDS.items()}
    before["oic_gate"] = stage_password(host).read_text("ascii")
    stage_password(host).unlink()
    names = (*PASSWORDS.values(), "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY")
    with deployment.as_person(host, "operator") as airflow:
        assert airflow.client.get("/dags").is_success
        deployment.change(host, "one-host", {name: new_secret() for name in names})
        assert airflow.client.get("/dags").status_code == 403
    return before


def test_an_earlier_password_is_refused_and_the_new_one_works(
    deployment: Deployment, host: Host, changed: dict[str, str]
) -> None:
    now = {login: deployment.settings[name] for login, name in PASSWORDS.items()}
    now["oic_gate"] = stage_password(host).read_text("ascii")
    for login, password in changed.items():
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            log_in(deployment, host, login, password)
        log_in(deployment, host, login, now[login]).close()


@pytest.mark.usefixtures("changed")
def test_airflow_and_the_commands_work_with_the_new_secrets(
    deployment: Deployment, host: Host
) -> None:
    with deployment.as_person(host, "operator") as airflow:
        assert airflow.client.get("/dags").is_success
    told = doctor(host)
    for name in ("AIRFLOW_CONN_WAREHOUSE", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "logins"):
        assert re.search(rf"ok +{name}", told), told


def test_no_process_holds_an_earlier_secret(host: Host, changed: dict[str, str]) -> None:
    for name, container in host.containers.items():
        if container.is_running:
            text = container.run("sh", "-c", "cat /proc/[0-9]*/environ").stdout
            assert text
            assert not [login for login, old in changed.items() if old in text], name


@pytest.mark.usefixtures("changed")
def test_a_start_that_was_interrupted_is_put_right_by_the_next(
    deployment: Deployment, host: Host
) -> None:
    """The file has a new password, and the server has it not."""
    earlier = deployment.settings["WAREHOUSE_DB_PASSWORD"]
    deployment.settings["WAREHOUSE_DB_PASSWORD"] = new_secret()
    with log_in(deployment, host, "postgres", deployment.settings["POSTGRES_PASSWORD"]) as server:
        server.execute("alter role airflow password 'of nobody'")
    deployment.change(host, "one-host", {})
    for login in ("airflow", "warehouse_owner"):
        log_in(deployment, host, login, deployment.settings[PASSWORDS[login]]).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        log_in(deployment, host, "warehouse_owner", earlier)


@pytest.mark.usefixtures("changed")
def test_what_airflow_has_encrypted_is_read_with_the_new_key_alone(
    deployment: Deployment, host: Host
) -> None:
    old, new = deployment.settings["AIRFLOW_FERNET_KEY"], Fernet.generate_key().decode()
    host.compose(
        "docker compose exec api-server airflow connections add of-the-test"
        " --conn-uri http://user:a-word@example.org"
    )
    rotate = re.search(
        r"`(docker compose exec \S+ airflow rotate-fernet-key)`", PAGE.read_text("utf-8")
    )
    assert rotate is not None
    for key in (f"{new},{old}", new):
        deployment.change(host, "one-host", {"AIRFLOW_FERNET_KEY": key})
        if key != new:
            host.compose(rotate[1])
    password = deployment.settings["AIRFLOW_DB_PASSWORD"]
    with log_in(deployment, host, "airflow", password) as database:
        query = "select password from connection where conn_id = 'of-the-test'"
        (stored,) = database.execute(query).fetchone() or ("",)
    assert Fernet(new).decrypt(stored) == b"a-word"
    with pytest.raises(InvalidToken):
        Fernet(old).decrypt(stored)
    shown = "docker compose exec api-server airflow connections get of-the-test --output json"
    assert "a-word" in host.compose(shown)


def test_a_new_passphrase_of_back_ups_begins_a_new_repository(
    deployment: Deployment, host: Host
) -> None:
    key, repository = deployment.folder / "another_key", deployment.folder / "repository"
    key.write_text(f"[global]\nrepo1-cipher-pass={new_secret()}\n", "ascii")
    own(key, (999, 999, 0o400))
    repository.mkdir()
    own(repository, (999, 999, 0o700))
    before = Path(deployment.settings["PGBACKREST_KEY_FILE"]).read_text("ascii").split("=")[1]
    given = {"PGBACKREST_KEY_FILE": str(key), "PGBACKREST_REPOSITORY": str(repository)}
    # The service is healthy as soon as it has made a back-up.
    deployment.change(host, "one-host", given)
    info = "docker compose exec pgbackrest pgbackrest --stanza=oic"
    assert "status: ok" in host.compose(f"{info} info")
    # With the earlier passphrase, nothing in the new repository can be read.
    look = 'PGBACKREST_REPO1_CIPHER_PASS="$1" pgbackrest --stanza=oic info 2>&1 | grep -c "$2"'
    earlier = host.containers["pgbackrest"].run(
        "sh", "-c", look, "sh", before.strip(), "status: ok"
    )
    assert earlier.stdout.strip() == "0"
