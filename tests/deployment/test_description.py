"""Compose accepts the description in each size, and each service gets what it needs and no more."""

import json
import re
from pathlib import Path

import pytest

from oic_assurance.platform.airflow.scheduler import EXECUTOR
from tests.deployment.description import (
    ROOT,
    NotAcceptedError,
    Service,
    describe,
    in_order,
    write_settings,
)

pytestmark = pytest.mark.slow


def example() -> dict[str, str]:
    """Return the settings of .env.example, with a word for each that has no default."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {name: value or "word" for name, value in pairs if name != "COMPOSE_PROFILES"}


@pytest.mark.parametrize(
    ("profile", "executor", "runs_tasks"),
    [
        ("one-host", EXECUTOR, {"scheduler"}),
        ("many-hosts", "CeleryExecutor", {"celery-scheduler", "worker"}),
        ("worker", "CeleryExecutor", {"remote-worker"}),
    ],
)
def test_a_profile_alone_decides_the_executor(
    tmp_path: Path, profile: str, executor: str, runs_tasks: set[str]
) -> None:
    services = describe(write_settings(tmp_path / ".env", example()), profile)["services"]
    found = {
        name: service["environment"]["AIRFLOW__CORE__EXECUTOR"]
        for name, service in services.items()
        if "AIRFLOW__CORE__EXECUTOR" in (service.get("environment") or {})
    }
    assert found == dict.fromkeys(runs_tasks, executor)


@pytest.mark.parametrize("missing", sorted(example()))
def test_compose_names_a_setting_that_is_missing(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in example().items() if name != missing}
    with pytest.raises(NotAcceptedError, match=rf"required variable {missing} is missing"):
        describe(write_settings(tmp_path / ".env", given), "one-host")


@pytest.mark.parametrize("profile", ["one-host", "many-hosts"])
def test_what_reports_to_the_api_server_starts_after_it(tmp_path: Path, profile: str) -> None:
    services = describe(write_settings(tmp_path / ".env", example()), profile)["services"]
    order = in_order(services)
    for name in {"scheduler", "celery-scheduler", "worker"} & set(order):
        waits_for = services[name]["depends_on"]
        assert waits_for["api-server"]["condition"] == "service_healthy"
        assert waits_for["init"]["condition"] == "service_completed_successfully"
        assert order.index("api-server") < order.index(name)


#: The headings in docs/reference/settings.md whose settings no service gets, and what is for a
#: command.
NOT_IN_A_SERVICE = (
    "Only on one machine", "The engine of the models",
    "Logins for one command, or of a server of your own",
)  # fmt: skip
OF_A_COMMAND = {"ASSURANCE_FORCE"}
#: Set by the image (Dockerfile).
OF_THE_IMAGE = {"ASSURANCE_HOME", "ASSURANCE_PG_BIN"}
PROFILES = (("one-host", "superset"), ("many-hosts",), ("worker",), ("people",))


def documented(page: str) -> dict[str, set[str]]:
    """Return the settings in the tables of a page, by heading."""
    found: dict[str, set[str]] = {}
    heading = ""
    for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
        heading = line.removeprefix("## ") if line.startswith("## ") else heading
        if line.startswith("| `"):
            names = re.findall(r"`([A-Z][A-Z0-9_]*[A-Z0-9])`", line.split(" | ")[0])
            found.setdefault(heading, set()).update(names)
    return found


def test_tasks_and_people_get_every_setting_of_the_reference(tmp_path: Path) -> None:
    by_heading = documented("reference/settings.md")
    assert set(NOT_IN_A_SERVICE) < set(by_heading)
    wanted = set().union(
        *(names for heading, names in by_heading.items() if heading not in NOT_IN_A_SERVICE)
    )
    wanted = {name for name in wanted if name.startswith(("ASSURANCE", "AIRFLOW", "O"))}
    assert wanted
    settings = write_settings(tmp_path / ".env", {**dict.fromkeys(wanted, "word"), **example()})
    for profile, name in (
        ("one-host", "scheduler"), ("many-hosts", "worker"), ("worker", "remote-worker"),
        ("people", "assurance"),
    ):  # fmt: skip
        given = describe(settings, profile)["services"][name]["environment"]
        missing = wanted - OF_THE_IMAGE - {one for one, value in given.items() if value}
        has_no_database = {"AIRFLOW_CONN_AIRFLOW_METADATA"} if "worker" in name else set()
        assert missing == (OF_A_COMMAND - given.keys()) | has_no_database, name


def read_by_compose() -> set[str]:
    """Return the names of the settings that docker-compose.yml passes on."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    return {*re.findall(r"\$\{([A-Z0-9_]+)", text), *re.findall(r"^ +([A-Z0-9_]+):$", text, re.M)}


def test_the_example_names_no_setting_that_compose_does_not_read() -> None:
    read = read_by_compose()
    lines = (ROOT / ".env.example").read_text("utf-8")
    offered = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", lines, re.M)) - {"COMPOSE_PROFILES"}
    assert offered <= read


# ------------------------------------------------------------ what each service holds


def table(page: str, first: str) -> list[list[str]]:
    """Return the rows of the table of a page whose first column has this heading."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    body = re.search(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M)
    assert body is not None
    rows = body[1].splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def secrets_by_group() -> dict[str, list[str]]:
    """Return the variables of each group of secrets, as the page lists them."""
    rows = table("how-to/run-it.md", "secrets")
    return {group: re.findall(r"`(\w+)`", names) for group, names in rows}


def services(tmp_path: Path) -> dict[str, Service]:
    """Return every service, with another value for each secret."""
    secret = {name: f"secret-{name}-" for names in secrets_by_group().values() for name in names}
    file = write_settings(tmp_path / ".env", {**example(), **secret})
    found: dict[str, Service] = {}
    for profiles in PROFILES:
        described = describe(file, *profiles)
        for name, service in described["services"].items():
            files = [described["secrets"][one["source"]] for one in service.get("secrets", ())]
            found[name] = {**service, "files of secrets": files}
    return found


def test_each_service_holds_the_secrets_of_the_table_and_no_others(tmp_path: Path) -> None:
    groups = secrets_by_group()
    found = services(tmp_path)
    rows = {row[0].strip("`"): row for row in table("how-to/run-it.md", "service")}
    assert rows.keys() == found.keys()
    for name, service in found.items():
        text = json.dumps(service)
        held = {
            group
            for group, names in groups.items()
            if any(f"secret-{secret}-" in text for secret in names)
        }
        told = re.sub(r" \([^)]*\)", "", rows[name][2])
        assert held == (set() if told == "none" else set(told.split("; "))), name
        # Whoever holds a group holds all of it, but for the service that sets passwords.
        for group in held if name != "passwords" else ():
            lacks = {one for one in groups[group] if f"secret-{one}-" not in text}
            assert lacks <= {"AIRFLOW_OAUTH_CLIENT_SECRET"}, (name, group)
        networks = set(service.get("networks") or {})
        assert networks == ({*rows[name][3].split(", ")} - {"none"}), name


def test_every_secret_is_in_a_group() -> None:
    listed = {name for names in secrets_by_group().values() for name in names}
    kinds = r"PASSWORD|_KEY|_CONN_|TOKEN|SECRET|WEBHOOK|HEADERS|KWARGS"
    found = {name for name in read_by_compose() if re.search(kinds, name)}
    # Three name a file, a class, and whether a host makes secrets.
    assert found - listed == {
        "ASSURANCE_DRILL_KEY", "ASSURANCE_DRILL_SECRETS", "AIRFLOW__SECRETS__BACKEND",
        "ASSURANCE_NEW_SECRETS",
    }  # fmt: skip


def test_the_page_says_how_each_secret_is_changed() -> None:
    listed = {name for names in secrets_by_group().values() for name in names}
    rows = table("how-to/protect.md", "to change")
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(name for name in named if name != "env") == sorted(listed)


def test_only_what_has_the_secrets_of_the_pipeline_has_the_state_folder(tmp_path: Path) -> None:
    """The state folder has the generated secrets, and the shared place has what sources dropped."""
    for name, service in services(tmp_path).items():
        is_pipeline = "secret-ASSURANCE_PSEUDONYM_KEY-" in json.dumps(service)
        mounted = {one["source"]: one for one in service.get("volumes", ())}
        assert ({"state", "shared"} <= mounted.keys()) == is_pipeline, name
        assert bool({"state", "shared"} & mounted.keys()) == is_pipeline, name
        if name == "api-server":
            assert mounted["logs"]["read_only"]


def test_the_variables_of_forces_go_to_tasks_and_people_alone(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    copy = tmp_path / "docker-compose.yml"
    copy.write_text(text, "utf-8")
    (tmp_path / "forces.env").write_text("AIRFLOW_CONN_E23000021_RMS=of-the-force\n", "utf-8")
    file = write_settings(tmp_path / ".env", example())
    for profiles in PROFILES:
        for name, service in describe(file, *profiles, project=tmp_path)["services"].items():
            runs_tasks = "AIRFLOW_CONN_RMS" in (service.get("environment") or {})
            assert ("of-the-force" in json.dumps(service)) == runs_tasks, name


def test_from_the_internal_network_no_other_machine_is_reached(tmp_path: Path) -> None:
    described = describe(write_settings(tmp_path / ".env", example()), "many-hosts")
    opened = {**example(), "ASSURANCE_CLOSED_NETWORK": "false"}
    networks = describe(write_settings(tmp_path / "opened", opened), "many-hosts")["networks"]
    assert not [name for name, one in networks.items() if one.get("internal")]
    inside = {name for name, one in described["networks"].items() if one.get("internal")}
    assert inside == {"internal"}
    # An engine publishes no port of a service that is in such a network alone.
    for name, service in described["services"].items():
        if service.get("ports"):
            assert set(service["networks"]) - inside, name


def test_a_worker_of_a_force_holds_the_secrets_of_this_force_alone(tmp_path: Path) -> None:
    """As docs/how-to/several-forces.md says, with `none` for what belongs to the first host."""
    copy = tmp_path / "docker-compose.yml"
    copy.write_text((ROOT / "docker-compose.yml").read_text("utf-8"), "utf-8")
    (tmp_path / "forces.env").write_text("ASSURANCE_E23000021_PSEUDONYM_KEY=own\n", "utf-8")
    page = (ROOT / "docs" / "how-to" / "several-forces.md").read_text("utf-8")
    part = page.partition("## Workers of its own\n")[2].partition("\n## ")[0]
    block = re.search(r"```\n(.*?)```", part, re.DOTALL)
    assert block is not None
    given = dict(line.split("=", 1) for line in block[1].splitlines())
    key = tmp_path / "key"
    first_host = {name: f"first-{name}" for name in example() if name not in given}
    assert not first_host, "the page says what to write for each setting that has no default"
    file = write_settings(tmp_path / ".env", {**given, "ASSURANCE_ARCHIVE_KEY_FILE": str(key)})
    [worker] = describe(file, given["COMPOSE_PROFILES"], project=tmp_path)["services"].values()
    environment = worker["environment"]
    assert environment["ASSURANCE_E23000021_PSEUDONYM_KEY"] == "own"
    assert environment["ASSURANCE_PSEUDONYM_KEY"] == "none"
    assert environment["QUEUES"] == "e23000021"
