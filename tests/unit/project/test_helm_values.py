"""deploy/helm/values.yaml fits Airflow's chart as far as can be seen here, and this image."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
VALUES = ROOT / "deploy" / "helm" / "values.yaml"
#: Sections of Airflow's settings that come with providers, which only a deployment installs.
OF_PROVIDERS = {"fab", "kubernetes_executor"}


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(VALUES.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def image() -> dict[str, str]:
    """The variables that the Dockerfile sets, and the number of its user."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    found = dict(re.findall(r"^(?:ENV)? +(\w+)=(\S+?)(?: \\)?$", text, re.MULTILINE))
    (found["uid"],) = re.findall(r"useradd --uid (\d+)", text)
    return found


def test_each_key_is_one_of_the_chart_and_has_its_type(values: dict[str, Any]) -> None:
    schema = json.loads(Path(__file__).with_name("helm_values.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(values)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    assert {*schema["properties"]} == {*values}, "the list has keys that are not used"


def test_each_option_is_one_of_airflow(values: dict[str, Any]) -> None:
    from airflow.configuration import conf

    known = conf.configuration_description
    for section, options in values["config"].items():
        if section not in OF_PROVIDERS:
            assert {*options} <= {*known[section]["options"]}, section


def test_the_values_are_those_of_the_image(values: dict[str, Any], image: dict[str, str]) -> None:
    assert values["airflowVersion"] in (ROOT / "pyproject.toml").read_text("utf-8")
    assert values["airflowHome"] == image["AIRFLOW_HOME"]
    assert values["config"]["core"]["dags_folder"] == image["AIRFLOW__CORE__DAGS_FOLDER"]
    environment = {one["name"]: one["value"] for one in values["env"]}
    assert environment["ASSURANCE_HOME"] == image["ASSURANCE_HOME"]
    mounts = {one["mountPath"]: one["name"] for one in values["volumeMounts"]}
    assert mounts[image["ASSURANCE_HOME"]] == "state"
    assert mounts[image["AIRFLOW_HOME"]] == "airflow-home"
    assert "/tmp" in mounts
    assert {*mounts.values()} == {one["name"] for one in values["volumes"]}
    uid = int(image["uid"])
    pod = values["securityContexts"]["pod"]
    assert {values["uid"], values["gid"], pod["runAsUser"], pod["fsGroup"]} == {uid}
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert values["config"]["core"]["auth_manager"] in compose


@pytest.mark.parametrize(
    ("given", "run"),
    [
        # As the chart starts a component, waits for migrations and probes, and as a task starts.
        (["bash", "-c", "exec airflow scheduler"], "scheduler"),
        (["airflow", "db", "check-migrations"], "db check-migrations"),
        (["sh", "-c", "exec airflow jobs check --local"], "jobs check --local"),
        (["python", "-m", "airflow.sdk.execution_time.execute_workload"], None),
        # As docker-compose.yml starts a service.
        (["api-server", "--port", "8080"], "api-server --port 8080"),
        ([], ""),
    ],
)
def test_the_entrypoint_runs_what_the_chart_gives(
    given: list[str], run: str | None, tmp_path: Path
) -> None:
    for name in ("airflow", "python"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "{name} $*"\n', encoding="utf-8")
        program.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "airflow" / "entrypoint.sh", *given],
        capture_output=True, text=True, check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == (" ".join(given) if run is None else f"airflow {run}".strip())


def test_the_image_has_the_entrypoint_where_the_chart_s_probes_call_it() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    (entrypoint,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    _, script = json.loads(entrypoint)
    assert (ROOT / Path(script).relative_to("/opt/assurance")).is_file()
    assert f"ln -s {script} /entrypoint\n" in text
    assert f"chmod 0755 {Path(script).relative_to('/opt/assurance')} " in text


@pytest.mark.parametrize("fails", ["", "airflow sync-perm"])
def test_the_job_gives_only_the_last_command_an_administrator(
    fails: str, values: dict[str, Any], tmp_path: Path
) -> None:
    said = tmp_path / "said"
    for name in ("airflow", "assurance"):
        program = tmp_path / name
        program.write_text(
            f'#!/bin/sh\necho "{name} $*: $AIRFLOW_CONN_WAREHOUSE_ADMIN" >>{said}\n'
            f'[ "{name} $*" != "{fails}" ]\n',
            encoding="utf-8",
        )
        program.chmod(0o755)
    (tmp_path / "connection").write_text("postgresql://admin", encoding="utf-8")
    *shell, script = values["migrateDatabaseJob"]["args"]
    mount = values["migrateDatabaseJob"]["extraVolumeMounts"][0]["mountPath"]
    done = subprocess.run(
        [*shell, script.replace(mount, str(tmp_path))],
        check=False, env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    lines = said.read_text("utf-8").splitlines()
    if fails:
        assert done.returncode != 0
        assert lines[-1] == f"{fails}: "
    else:
        assert lines[-1] == "assurance db start: postgresql://admin"
        assert all(line.endswith(": ") for line in lines[:-1])


def test_nothing_of_one_force_is_in_the_values(values: dict[str, Any]) -> None:
    """So that each force's release differs in its namespace's objects alone."""
    page = (ROOT / "docs" / "how-to" / "kubernetes.md").read_text("utf-8")
    (row,) = re.findall(r"^ *\| ConfigMap `oic-force` \| (.*) \|$", page, re.MULTILINE)
    own = {*re.findall("`([A-Z_]+)`", row)}
    assert {"ASSURANCE_FORCE_CODE", "ASSURANCE_DROPZONE", "ASSURANCE_ARCHIVE_URL"} < own
    assert own & {one["name"] for one in values["env"]} == set()
    assert not re.search("[EW][0-9]{8}", VALUES.read_text("utf-8"))


def test_tasks_run_the_pinned_image_too(values: dict[str, Any]) -> None:
    options = values["config"]["kubernetes_executor"]
    for option in ("worker_container_repository", "worker_container_tag"):
        assert ".Values.defaultAirflowDigest" in options[option]


def test_pods_have_no_rights_of_their_own(values: dict[str, Any]) -> None:
    pod, container = (values["securityContexts"][name] for name in ("pod", "containers"))
    assert pod["runAsNonRoot"]
    assert container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert values["networkPolicies"]["enabled"]
    assert not values["workers"]["serviceAccount"]["automountServiceAccountToken"]
    assert not values["dags"]["persistence"]["enabled"]
    assert not values["dags"]["gitSync"]["enabled"]
    assert not values["webserver"]["defaultUser"]["enabled"]


def test_links_are_encrypted_and_checked(values: dict[str, Any]) -> None:
    environment = {one["name"]: one["value"] for one in values["env"]}
    assert environment["ASSURANCE_REQUIRE_TLS"] == "verify-full"
    assert environment["PGSSLROOTCERT"] == environment["AIRFLOW__API__SSL_CA_FILE"]
    assert values["config"]["core"]["execution_api_server_url"].startswith("https://")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        assert values["apiServer"][probe]["scheme"] == "HTTPS"


def test_secrets_are_named_and_each_name_is_in_the_documentation(values: dict[str, Any]) -> None:
    text = VALUES.read_text("utf-8")
    named = {*re.findall(r"(?:[sS]ecretName|SecretKeySecretName): (\S+?)[,}\n]", text)}
    named |= {one["name"] for of in yaml.safe_load(values["extraEnvFrom"]) for one in of.values()}
    assert len(named) == 10
    page = (ROOT / "docs" / "how-to" / "kubernetes.md").read_text("utf-8")
    assert {name for name in named if f"`{name}`" not in page} == set()
    secret = re.compile("PASSWORD|SECRET|KEY|CONN", re.IGNORECASE)
    given = [one["name"] for one in values["env"] if secret.search(one["name"])]
    # Neither is a secret: no pod makes one, and the archive's key is in the file of this path.
    assert given == ["ASSURANCE_NEW_SECRETS", "ASSURANCE_ARCHIVE_KEY"]
    assert not re.search(r"://[^/\s…]+:[^@/\s…]+@", text)
