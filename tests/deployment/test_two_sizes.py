"""A deployment begins on one host, from nothing, and grows to many hosts, which lose parts.

The tests run in this order, on one deployment, as the documentation describes it.
"""

import json
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from oic_assurance.commands import VARIABLE, as_typed
from oic_assurance.warehouse.encryption import new_identity
from tests.deployment.containers import Container
from tests.deployment.deployment import Deployment, new_secret, waits_for_approval
from tests.deployment.host import Host, wait_for
from tests.deployment.images import own
from tests.deployment.test_description import secrets_by_group, table
from tests.end_to_end.airflow_server import Airflow
from tests.night.page import PAGE, command_of, rows
from tests.unit.project.test_advice import advice

pytestmark = pytest.mark.slow

DAILY = "assurance_daily"
#: How long a person reads before answering (tests/end_to_end/test_sign_off_in_airflow.py).
READING_SECONDS = 10.0
PUBLISHED = "select count(*) from marts.publication where is_current"
POINTS = "select count(*) from marts.assurance_position"
#: How many statements dbt executes at the moment.
DBT_BUILDS = (
    "select count(*) from pg_stat_activity where usename = 'oic_transform' and state = 'active'"
)
#: What a worker's host must not know.
ONLY_FIRST = (
    "POSTGRES_PASSWORD", "AIRFLOW_DB_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_SECRET_KEY",
    "AIRFLOW_JWT_SECRET",
)  # fmt: skip
CHANGED = (
    "POSTGRES_PASSWORD", "AIRFLOW_DB_PASSWORD", "WAREHOUSE_DB_PASSWORD",
    "ASSURANCE_BI_READER_PASSWORD", "AIRFLOW_SECRET_KEY", "AIRFLOW_JWT_SECRET",
)  # fmt: skip
#: What docs/how-to/run-it.md says to run, to give every host the secrets that the first one made.
PRINT_SECRETS = (
    'cd /var/lib/assurance/secrets && for f in *; do echo "ASSURANCE_${f^^}=$(cat "$f")"; done'
)
#: The folders of the state folder that all hosts share, by their place in the shared one.
SHARED = {"batches": "archive", "reports": "reports", "dropzone": "dropzone"}
#: How a person on the host calls the command, and a run.
TYPED = "docker compose run --rm assurance"
TRIGGER = "docker compose exec api-server airflow dags trigger assurance_daily"
#: Find the commands that messages name in the command line of the image.
FIND = """
import json, sys, click
from oic_assurance.cli.main import cli
for command in json.loads(sys.argv[1]):
    found = cli
    for word in command.split()[1:]:
        if isinstance(found, click.Group) and not word.startswith("-"):
            found = found.get_command(click.Context(found), word)
            assert found is not None, command
"""


@pytest.fixture(scope="module")
def one(deployment: Deployment) -> Host:
    """The only host. It was started once, and every service is healthy by its own check."""
    host = deployment.add_host("first", "one-host", {})
    host.up("init")
    deployment.fill_sources(host)
    host.up()
    host.wait_until_healthy()
    deployment.add_people(host)
    return host


def test_on_one_host_the_first_day_is_published_after_an_approver_has_answered(
    deployment: Deployment, one: Host
) -> None:
    with (
        deployment.as_person(one, "operator") as operator,
        deployment.as_person(one, "approver") as approver,
    ):
        run = operator.run_of(DAILY, "")
        waits_for_approval(operator, run)
        with deployment.connect(one, "bi_reader", "warehouse") as reader:
            assert reader.execute(PUBLISHED).fetchone() == (0,)
        time.sleep(READING_SECONDS)
        approver.answer(DAILY, run, "approve_warning", "Approve", "known and harmless")
        assert operator.wait_for_end(DAILY, run) == "success"
    with deployment.connect(one, "bi_reader", "warehouse") as reader:
        assert reader.execute(PUBLISHED).fetchone() == (1,)
        (points,) = reader.execute(POINTS).fetchone() or (0,)
    assert points > 0
    with deployment.connect(one, "warehouse_owner", "warehouse") as owner:
        found = owner.execute("select login from audit.approval").fetchall()
    assert found == [("approver",)]


def test_a_drill_restores_the_last_physical_back_up_without_its_passphrase(
    deployment: Deployment, one: Host
) -> None:
    with deployment.connect(one, "postgres", "postgres") as superuser:
        superuser.autocommit = True
        (last,) = superuser.execute("select pg_walfile_name(pg_switch_wal())").fetchone() or ("",)

        def is_archived() -> bool:
            found = superuser.execute("select last_archived_wal from pg_stat_archiver").fetchone()
            return found is not None and str(found[0] or "") >= last

        wait_for("the log of changes is in the repository", is_archived)
    scheduler = one.containers["scheduler"]
    done = scheduler.run("assurance", "backup", "drill", "--physical", limit=1800)
    assert done.returncode == 0, done.stdout + done.stderr + one.containers["drill"].log[-3000:]
    assert "restore proven yes" in " ".join(done.stdout.split())
    for place in ("/var/lib/pgbackrest", "/etc/pgbackrest/conf.d", "/var/lib/postgresql"):
        assert scheduler.run("ls", place).returncode != 0
    look = ("find", "/var/lib/postgresql/scratch", "-mindepth", "1")
    wait_for("what was restored is erased", lambda: not one.containers["drill"].run(*look).stdout)


def test_every_process_has_the_account_and_the_rights_of_the_description(one: Host) -> None:
    for name, container in one.containers.items():
        if not container.is_running:
            continue
        status = container.run("cat", "/proc/1/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        account = "999" if name in {"postgres", "pgbackrest", "drill"} else "50000"
        assert set(fields["Uid"].split()) == {account}
        assert int(fields["CapBnd"], 16) == 0
        assert fields["NoNewPrivs"] == "1"
        assert "Read-only" in container.run("touch", "/x").stderr


def test_a_client_without_tls_is_refused(deployment: Deployment, one: Host) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry .*no encryption"):
        deployment.connect(one, "bi_reader", "warehouse", sslmode="disable")


def test_no_secret_is_in_the_list_of_processes(deployment: Deployment, one: Host) -> None:
    secrets = [
        value
        for name, value in deployment.settings.items()
        if name.endswith(("_PASSWORD", "_SECRET", "_KEY"))
    ]
    for container in one.containers.values():
        if container.is_running:
            shown = container.run("ps", "-eo", "args").stdout
            assert shown
            assert not [secret for secret in secrets if secret in shown]


@pytest.fixture(scope="module")
def made_secrets(one: Host) -> dict[str, str]:
    """The secrets that the first start generated, as the documented command prints them."""
    done = one.containers["scheduler"].run("bash", "-c", PRINT_SECRETS)
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_every_command_of_the_page_for_the_night_works_in_the_service_that_it_names(
    one: Host,
) -> None:
    named = re.search(r"`docker compose run --rm (\S+)`", PAGE.read_text("utf-8"))
    assert named is not None
    words = {"DATASET": "hr/personnel", "ID": "1", "PART": "logs"}
    commands = {" ".join(words.get(one, one) for one in command_of(row)) for row in rows()}
    # The page says to trigger the DAG instead.
    commands -= {"assurance run", "date", "df -h"}
    assert len(commands) > 15
    answers = {}
    for command in sorted(commands):
        program, *arguments = shlex.split(command)
        assert program == "assurance" == named[1]
        answers[" ".join(arguments)] = one.run(named[1], *arguments)
    for command, (code, text) in answers.items():
        # The doctor says that back-ups and notifications are not set up.
        assert code == (1 if command == "doctor" else 0), (command, text)
        assert "Traceback" not in text, (command, text)
    _, text = answers["doctor"]
    lines = [line.split() for line in text.splitlines()]
    assert not [line for line in lines if line[:1] in (["failed"], ["unknown"])], text
    well = {line[1] for line in lines if line[:1] == ["ok"]}
    assert {"AIRFLOW_CONN_RMS", "intelligence/report", "hr/personnel", "scheduler"} <= well, text


def test_the_documented_back_up_is_seen_where_it_was_made(
    deployment: Deployment, one: Host
) -> None:
    """docs/how-to/restore.md. Each command has a container of its own, and they are one host."""
    folder = deployment.folder / "back-ups"
    folder.mkdir()
    own(folder, (50000, 50000, 0o700))
    superuser = f"postgresql://postgres:{deployment.settings['POSTGRES_PASSWORD']}@postgres:5432"
    given = {
        "AIRFLOW_CONN_BACKUP": f"{superuser}/warehouse?sslmode=verify-full"
        "&sslrootcert=/etc/oic/tls/ca.crt",
        "ASSURANCE_BACKUP_RECIPIENTS": str(new_identity().to_public()),
    }
    make = ("assurance", "backup", "make", "--to", "/backups")
    code, text = one.run(*make, env=given, volumes={"/backups": folder})
    assert code == 0, text
    _, text = one.run("assurance", "doctor")
    [line] = [one for one in text.splitlines() if one.split()[1:3] == ["newest", "back-up"]]
    assert line.split()[0] == "ok"
    assert re.search(r"not seen from here; seen on .* with `.*assurance backup make`", line)
    with deployment.connect(one, "postgres", "warehouse") as administrator:
        query = "select distinct host from audit.observation where host <> ''"
        assert len(administrator.execute(query).fetchall()) == 1


def test_what_messages_name_is_typed_on_the_host_and_exists_in_the_image(
    deployment: Deployment, one: Host
) -> None:
    code, page = one.run("assurance", "help", "at-night")
    assert code == 0, page
    assert f"{TYPED} status\n" in page
    _, refused = one.run("assurance", "publication", "reproduce", "999")
    assert f"`{TYPED} publication list`" in refused
    with deployment.connect(one, "postgres", "warehouse", autocommit=True) as administrator:
        administrator.execute("alter database warehouse set jit = on")
        one.run("assurance", "doctor")
        _, text = one.run("assurance", "status", "--json")
        administrator.execute("alter database warehouse set jit = off")
        one.run("assurance", "doctor")
    problems = json.loads(text[text.index("{") :])["problems"]
    assert problems
    for problem in problems:
        assert not re.search(r"(^|`)assurance |\.venv", problem["what_to_do"]), problem
    everything = json.dumps([one for one in advice() if one.startswith("assurance ")])
    done = one.containers["scheduler"].run("python", "-c", FIND, everything)
    assert done.returncode == 0, done.stderr


def test_each_process_holds_the_secrets_of_the_table_and_no_others(
    deployment: Deployment, one: Host, made_secrets: dict[str, str]
) -> None:
    """Look for every secret in the environment of every process of every service."""
    groups = secrets_by_group()
    values = {**deployment.settings, **made_secrets}
    told = {row[0].strip("`"): row[2] for row in table("how-to/run-it.md", "service")}
    found = {}
    for name, container in one.containers.items():
        if not container.is_running:
            continue
        text = container.run("sh", "-c", "cat /proc/[0-9]*/environ").stdout
        found[name] = {
            group
            for group, names in groups.items()
            if any(values[secret] in text for secret in names if values.get(secret))
        }
        assert found[name] <= {part.partition(" (")[0] for part in told[name].split("; ")}, name
        if "pipeline" not in told[name]:
            for place in (
                "/run/secrets/archive_key",
                "/var/lib/assurance/secrets",
                "/mnt/shared/.",
            ):
                assert container.run("ls", f"/{place}").stdout == "", (name, place)
    # The look sees what is there.
    assert {"pipeline", "sources", "Airflow's database"} <= found["scheduler"]
    assert found["dag-processor"] == {"Airflow's database"}


@pytest.mark.usefixtures("made_secrets")
def test_one_host_ends_cleanly_in_the_time_that_it_is_granted(one: Host) -> None:
    stopped = one.stop()
    assert set(stopped) == {
        "postgres", "pgbackrest", "drill", "api-server", "scheduler", "dag-processor", "triggerer",
    }  # fmt: skip
    for name, (code, took) in stopped.items():
        # 143 is the exit code of a process that ended because of SIGTERM.
        assert code in (0, 143), one.containers[name].log[-3000:]
        assert took < one.containers[name].granted
    assert "database system is shut down" in one.containers["postgres"].log
    # Whoever is on call is told so.
    code, text = one.run("assurance", "status")
    assert code == 1
    assert "The warehouse does not answer" in text


@dataclass(frozen=True)
class Hosts:
    """Both hosts, and a person who may start runs."""

    first: Host
    other: Host
    operator: Airflow
    redis_password: str

    @property
    def workers(self) -> dict[str, Container]:
        """The containers of the two workers, by their host names."""
        found = (self.first.containers["worker"], self.other.containers["remote-worker"])
        return {worker.place.hostname: worker for worker in found}

    def task(self, run: str, name: str) -> dict[str, object]:
        """Return what Airflow knows of a task. A run that has failed is not waited for."""
        assert self.operator.get(f"/dags/{DAILY}/dagRuns/{quote(run)}")["state"] != "failed"
        found: dict[str, object] = self.operator.get(
            f"/dags/{DAILY}/dagRuns/{quote(run)}/taskInstances/{name}"
        )
        return found


@pytest.fixture(scope="module")
def many(
    deployment: Deployment, one: Host, made_secrets: dict[str, str], folder: Path
) -> Iterator[Hosts]:
    """The first host, which now has Redis and a worker, and another host with a worker.

    Passwords and secrets of Airflow are others than on the one host, so the later tests show that
    whole runs work after a change (test_secrets.py).
    """
    deployment.settings.update({name: new_secret() for name in CHANGED})
    shared, tls = folder / "shared", folder / "tls"
    for here, there in SHARED.items():
        shutil.copytree(one.volume("state") / here, shared / there)
    shutil.copytree(one.volume("logs"), shared / "log")
    deployment.give(shared)
    tls.mkdir()
    shutil.copy(one.volume("clients") / "ca.crt", tls)
    common = {
        **made_secrets,
        "REDIS_PASSWORD": new_secret(),
        "ASSURANCE_SHARED": str(shared),
        "ASSURANCE_ARCHIVE_URL": "file:///mnt/shared/archive",
        "ASSURANCE_REPORTS_URL": "file:///mnt/shared",
        "ASSURANCE_DROPZONE": "file:///mnt/shared/dropzone",
        "ASSURANCE_LOGS": str(shared / "log"),
        "AIRFLOW_PARALLELISM": "2",
        "ASSURANCE_APPROVE_WARNINGS": "no",
    }
    first = deployment.add_host("first-of-many", "many-hosts", common, volumes_of=one)
    first.up()
    unknown = dict.fromkeys(ONLY_FIRST, "none")
    place = {"ASSURANCE_FIRST_HOST": deployment.network.address, "ASSURANCE_TLS": str(tls)}
    other = deployment.add_host("other", "worker", {**common, **unknown, **place})
    other.up()
    first.wait_until_healthy()
    other.wait_until_healthy()
    with deployment.as_person(first, "operator") as operator:
        yield Hosts(first, other, operator, common["REDIS_PASSWORD"])


@pytest.fixture(scope="module")
def run(many: Hosts) -> str:
    """A run of the daily DAG on many hosts. It is started as messages say on a host."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, TYPED)
        assert as_typed("`assurance run`") == f"`{TRIGGER}`"
    _, _, _, service, *command = TRIGGER.split()
    done = many.first.containers[service].run(*command)
    assert done.returncode == 0, done.stderr
    [name] = set(re.findall(r'"(manual__[^"]+)"', done.stdout))
    return str(name)


def test_a_run_that_loses_a_worker_in_build_marts_builds_on_the_other(
    deployment: Deployment,
    many: Hosts,
    run: str,
    record_property: Callable[[str, object], None],
) -> None:
    wait_for("build_marts running", lambda: many.task(run, "build_marts")["state"] == "running")
    with deployment.connect(many.first, "postgres", "warehouse", autocommit=True) as server:
        lost = many.task(run, "build_marts")
        is_building = lambda: server.execute(DBT_BUILDS).fetchone() != (0,)  # noqa: E731
        wait_for("dbt building", is_building, pause=0.02)
        many.workers[str(lost["hostname"])].kill()
    took = wait_for("built again", lambda: many.task(run, "build_marts")["state"] == "success")
    record_property("seconds_from_the_kill_until_built", round(took))
    healed = many.task(run, "build_marts")
    assert str(healed["hostname"]) in set(many.workers) - {str(lost["hostname"])}
    assert int(str(healed["try_number"])) > int(str(lost["try_number"]))


def test_a_run_that_loses_its_scheduler_is_published_when_the_scheduler_is_back(
    deployment: Deployment, many: Hosts, run: str
) -> None:
    scheduler = many.first.containers["celery-scheduler"]
    scheduler.kill()
    scheduler.start()
    assert many.operator.wait_for_end(DAILY, run) == "success"
    with deployment.connect(many.first, "warehouse_owner", "warehouse") as owner:
        query = "select outcome from audit.run where run_id = %s"
        assert owner.execute(query, [run]).fetchone() == ("published",)
    # A task of maintenance that fails does not fail the run.
    tasks = many.operator.get(f"/dags/{DAILY}/dagRuns/{quote(run)}/taskInstances?limit=100")
    states = {task["task_id"]: task["state"] for task in tasks["task_instances"]}
    assert {name for name, state in states.items() if state != "success"} == set()


def test_redis_answers_nobody_without_the_password_or_under_another_name(many: Hosts) -> None:
    (worker,) = [one for one in many.workers.values() if one.is_running]
    address = worker.run("getent", "hosts", "redis").stdout.split()[0]
    ping = (
        "import redis; redis.Redis(host='{}', password={!r}, ssl=True, "
        "ssl_ca_certs='/etc/oic/tls/ca.crt').ping()"
    )
    password = many.redis_password
    assert worker.run("python", "-c", ping.format("redis", password)).returncode == 0
    for host, given, refusal in (
        ("redis", None, "AuthenticationError"),
        ("redis", "wrong", "AuthenticationError"),
        (address, password, "CERTIFICATE_VERIFY"),
    ):
        done = worker.run("python", "-c", ping.format(host, given))
        assert done.returncode != 0
        assert refusal in done.stderr


def test_many_hosts_end_cleanly_in_the_time_that_they_are_granted(many: Hosts) -> None:
    for host in (many.other, many.first):
        for name, (code, took) in host.stop().items():
            assert code in (0, 143), host.containers[name].log[-3000:]
            assert took < host.containers[name].granted
