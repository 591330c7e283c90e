"""The settings of a deployment. They come from environment variables only.

docs/reference/settings.md lists all settings.
"""

import csv
import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from oic_assurance.commands import PROJECT_ROOT as PROJECT_ROOT
from oic_assurance.errors import UsageError

NORTHAMPTONSHIRE = "E23000022"
#: The area of the national warehouse: England and Wales, where the forty-three forces are.
ENGLAND_AND_WALES = "K04000001"
#: What a warehouse is about: one force, or the published aggregates of many.
Kind = Literal["force", "national"]
#: The environment variable with the kind, which the dbt project reads too.
KIND = "ASSURANCE_KIND"
#: The seed with the codes of all forces, and what a code must be.
FORCE_AREAS = "dbt_project/seeds/national/national_force.csv"
FORCE_AREA = f"the ONS code of a police force area of England and Wales: {FORCE_AREAS} lists them"
MAX_PORT = 65535
# A run starts every 24 hours, and only one run can be active. So before the next run starts, a run
# must stop waiting for the approval of its build.
MAX_WAIT_HOURS = 20
#: How many days upkeep keeps logs and the record of runs in Airflow. A week is the least, so that
#: the reason of a failure can still be read on a Monday.
DAYS_KEPT, FEWEST_DAYS = 90, 7
#: How many days upkeep keeps what a restore has set aside: for as long as pgBackRest can restore
#: the database to a moment again.
SET_ASIDE_DAYS = 35
#: The variable with the path of forces.yml. Default: forces.yml in the state folder.
FORCES = "ASSURANCE_FORCES"
#: The variable with the state folder of such a deployment, for a process of one of its forces.
HOME_OF_ALL = "ASSURANCE_DEPLOYMENT_HOME"
#: The variable with the code of the first force of such a deployment. Its process does what has to
#: be done once for all of them.
FIRST = "ASSURANCE_FIRST_FORCE"
#: The variables with the name of the force, and of the body that holds its Chief Constable to
#: account.
FORCE_NAME, ACCOUNTABLE_BODY = "ASSURANCE_FORCE_NAME", "ASSURANCE_ACCOUNTABLE_BODY"
#: The place to which forces export for the national view.
NATIONAL_DROPZONE = "ASSURANCE_NATIONAL_DROPZONE"
#: The forces that report to the national warehouse, besides those of forces.yml.
REPORTING_FORCES = "ASSURANCE_REPORTING_FORCES"
#: The name of a host whose state folder does not stay, such as a pod.
HOST_NAME = "ASSURANCE_HOST_NAME"
#: Whether a host may generate secrets.
MAY_GENERATE = "ASSURANCE_NEW_SECRETS"
#: The folder in which back-ups are made, and the one in which a physical back-up is restored for a
#: drill. Without them, a deployment makes no back-ups and no drills by itself.
BACKUPS, DRILL_PLACE = "ASSURANCE_BACKUPS", "ASSURANCE_DRILL_PLACE"
#: Why nobody makes back-ups here. With it, that is no problem any more.
NO_BACKUPS = "ASSURANCE_NO_BACKUPS"
#: The variable with the folder of the force: what it undertook, and its words.
FORCE_FOLDER = "ASSURANCE_FORCE_FOLDER"
#: The file in it that says of which force it is.
FORCE_FILE = "force.yml"
#: The folder in it with the declarations of the datasets that only this force has.
SOURCES = "sources"
#: The folder of Northamptonshire, which is the folder of a deployment that names no other.
DEFAULT_FOLDER = Path("dbt_project") / "forces" / "northamptonshire"
#: The engines that can build the models.
POSTGRES, SPARK = "postgres", "spark"
#: The roles in which people make the steps of a sign-off.
SIGN_OFF_ROLES = ("ASSURANCE_LEAD", "FORCE_LEAD", "FORCE_OWNER", "COMMISSIONER", "INSPECTORATE")


@dataclass(frozen=True)
class Settings:
    """The settings that a command or a task of this project runs with."""

    #: The state folder.
    home: Path
    project_root: Path
    #: The fsspec URL under which sources drop files.
    dropzone: str
    #: The ONS police force area code. For the national warehouse, the code of its area.
    force_code: str
    #: Whether the warehouse is of one force, or the national one.
    kind: Kind = "force"
    #: The names that reports show. Empty: only what the policy says about the force.
    force_name: str = ""
    accountable_body: str = ""
    #: The fsspec URL to which a force writes its published aggregates for the national warehouse.
    #: Empty: they are written nowhere.
    national_dropzone: str = ""
    #: The codes of the forces that report to this national warehouse, separated by commas. Empty:
    #: nobody has said which.
    reporting_forces: str = ""
    #: The fsspec URL of the archive. Empty: the folder `batches` in the state folder.
    archive: str = ""
    #: The fsspec URL to which finished reports are copied. Empty: they stay in the state folder.
    reports: str = ""
    pg_port: int | None = None
    pg_bin: Path | None = None
    #: Whether somebody must approve a publication that has warnings.
    approve_warnings: bool = False
    #: How many hours Airflow waits for an approval.
    approval_hours: float = 12.0
    #: How many seconds after its failure Airflow tries a task again for the first time.
    retry_seconds: float = 120.0
    #: Whether a build must be approved by somebody other than the person who started its run, and
    #: each step of a sign-off made by another person.
    second_person: bool = False
    #: The folder or fsspec URL below which the evidence of sign-offs lies. Empty if none is set.
    evidence: str = ""
    #: Which account may take which role in a sign-off. Empty: every account may take every role.
    sign_off_roles: frozenset[tuple[str, str]] = frozenset()
    #: How many days upkeep keeps logs.
    keep_logs_days: int = DAYS_KEPT
    #: How many days upkeep keeps what a restore has set aside.
    keep_set_aside_days: int = SET_ASIDE_DAYS
    #: How many days upkeep keeps the record of runs in Airflow's own database.
    keep_airflow_days: int = DAYS_KEPT
    #: What computes the models: `postgres` or `spark`.
    engine: str = POSTGRES
    #: Spark's master: this machine, with two threads, or a cluster such as `spark://host:7077`.
    spark_master: str = "local[2]"
    #: The folder or fsspec URL through which rows pass between PostgreSQL and Spark. Empty: the
    #: folder `spark` in the state folder.
    spark_folder: str = ""

    @property
    def archive_url(self) -> str:
        """The fsspec URL of the archive."""
        return self.archive or f"file://{self.home}/batches"

    @property
    def secrets_dir(self) -> Path:
        """The folder with generated passwords and keys, which only its owner can read."""
        return self.home / "secrets"

    @property
    def log_dir(self) -> Path:
        """The folder for all log files."""
        return self.home / "log"

    @property
    def server_dir(self) -> Path:
        """The folder of the embedded PostgreSQL server."""
        return self.home / "postgres"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from environment variables: those of the process, or those given.

    Raises:
        UsageError: A variable has a value that is not valid. The message names the variable.
    """
    given = os.environ if environment is None else environment
    home = _home(given)
    return Settings(
        home=home,
        project_root=PROJECT_ROOT,
        dropzone=given.get("ASSURANCE_DROPZONE", "").strip() or f"file://{home}/dropzone",
        force_code=_force_code(given),
        kind=deployment_kind(given),
        force_name=given.get(FORCE_NAME, "").strip(),
        accountable_body=given.get(ACCOUNTABLE_BODY, "").strip(),
        national_dropzone=_place(given, NATIONAL_DROPZONE),
        reporting_forces=_reporting_forces(given),
        archive=_place(given, "ASSURANCE_ARCHIVE_URL"),
        reports=_place(given, "ASSURANCE_REPORTS_URL"),
        pg_port=_port(given),
        pg_bin=_bin_dir(given),
        approve_warnings=_yes_or_no(given, "ASSURANCE_APPROVE_WARNINGS"),
        approval_hours=_approval_hours(given),
        retry_seconds=_retry_seconds(given),
        second_person=_yes_or_no(given, "ASSURANCE_SECOND_PERSON"),
        evidence=_place(given, "ASSURANCE_EVIDENCE"),
        sign_off_roles=_sign_off_roles(given),
        keep_logs_days=_days(given, "ASSURANCE_KEEP_LOGS_DAYS"),
        keep_set_aside_days=_days(given, "ASSURANCE_KEEP_SET_ASIDE_DAYS", SET_ASIDE_DAYS),
        keep_airflow_days=_days(given, "ASSURANCE_KEEP_AIRFLOW_DAYS"),
        engine=_engine(given),
        spark_master=_spark_master(given),
        spark_folder=_place(given, "ASSURANCE_SPARK_FOLDER"),
    )


def of_the_deployment(settings: Settings) -> Settings:
    """Return the settings of the deployment itself, whose state folder has Airflow's database."""
    home = os.environ.get(HOME_OF_ALL, "")
    return replace(settings, home=Path(home)) if home else settings


def deployment_kind(environment: Mapping[str, str] | None = None) -> Kind:
    """Return the kind of the warehouse: `force`, or `national`.

    It is read from the environment variables of the process, or from those given.

    The kind is also part of `Settings`. This function is for code that has no `Settings`, such as
    the code that loads declarations and suites.

    Raises:
        UsageError: `ASSURANCE_KIND` is neither.
    """
    variables = os.environ if environment is None else environment
    given = variables.get(KIND, "").strip() or "force"
    if given == "force":
        return "force"
    if given == "national":
        return "national"
    raise UsageError(f"{KIND}: '{given}' must be force or national.")


def declarations_folder() -> Path | None:
    """Return the folder with a deployment's own declarations, or None if there is none.

    Without a variable, it is the folder `sources` in the folder of the force.

    The folder is not part of `Settings`, because declarations are also loaded by code that has no
    `Settings`.

    Raises:
        UsageError: `ASSURANCE_DECLARATIONS` is not a folder.
    """
    given = os.environ.get("ASSURANCE_DECLARATIONS", "").strip()
    if not given:
        own = force_folder() / SOURCES
        return own if deployment_kind() == "force" and own.is_dir() else None
    folder = _path("ASSURANCE_DECLARATIONS", given)
    if not folder.is_dir():
        raise UsageError(
            f"ASSURANCE_DECLARATIONS: '{given}' is not a folder: create it or unset the variable."
        )
    return folder


def force_folder(project_root: Path = PROJECT_ROOT) -> Path:
    """Return the folder of the force.

    The folder is not part of `Settings`, because policy is also read by code that has no
    `Settings`.

    Raises:
        UsageError: `ASSURANCE_FORCE_FOLDER` is not a folder.
    """
    return _given_folder(os.environ) or project_root / DEFAULT_FOLDER


def allowed_words_file() -> Path | None:
    """Return the file with the words that a deployment allows in screened texts, or None.

    The file is not part of `Settings`, because declarations are also loaded by code that has no
    `Settings`.
    """
    given = os.environ.get("ASSURANCE_ALLOWED_WORDS", "").strip()
    return _path("ASSURANCE_ALLOWED_WORDS", given) if given else None


def accepts_open_server() -> bool:
    """Tell whether the warehouse may run on a server that is neither embedded nor hardened.

    If it runs on such a server, each start logs a warning.

    Raises:
        UsageError: `ASSURANCE_ACCEPT_UNHARDENED` is neither yes nor no.
    """
    return _yes_or_no(os.environ, "ASSURANCE_ACCEPT_UNHARDENED")


def may_make_secrets() -> bool:
    """Tell whether this host may generate a secret that it lacks. A further worker's host may not.

    Raises:
        UsageError: `ASSURANCE_NEW_SECRETS` is neither yes nor no.
    """
    return not os.environ.get(MAY_GENERATE, "").strip() or _yes_or_no(os.environ, MAY_GENERATE)


def security_contact() -> str | None:
    """Return where to report a weakness, or None if the owner has not set it."""
    return os.environ.get("ASSURANCE_SECURITY_CONTACT", "").strip() or None


def publisher_file() -> Path | None:
    """Return the file that says who publishes the releases, or None to use the project's own file.

    Raises:
        UsageError: `ASSURANCE_PUBLISHER` is not a file.
    """
    given = os.environ.get("ASSURANCE_PUBLISHER", "").strip()
    if not given:
        return None
    path = _path("ASSURANCE_PUBLISHER", given)
    if not path.is_file():
        raise UsageError(
            f"ASSURANCE_PUBLISHER: '{given}' is not a file: copy include/release/publisher.yml and "
            "fill it in, or unset the variable."
        )
    return path


def _given_folder(environment: Mapping[str, str]) -> Path | None:
    given = environment.get(FORCE_FOLDER, "").strip()
    if not given:
        return None
    folder = _path(FORCE_FOLDER, given)
    if not folder.is_dir():
        raise UsageError(
            f"{FORCE_FOLDER}: '{given}' is not a folder: name the folder of a force or unset the "
            "variable."
        )
    return folder


def _home(environment: Mapping[str, str]) -> Path:
    given = environment.get("ASSURANCE_HOME", "").strip()
    if not given:
        return PROJECT_ROOT / ".assurance"
    return _path("ASSURANCE_HOME", given)


def _path(variable: str, given: str) -> Path:
    """Return the path that a variable gives, as an absolute one.

    Raises:
        UsageError: It is no path, for example because it begins with the home of nobody.
    """
    try:
        return Path(given).expanduser().resolve()
    except (RuntimeError, OSError) as error:
        raise UsageError(f"{variable}: '{given}' is not a folder: {error}.") from error


@functools.cache
def force_areas() -> dict[str, str]:
    """Return the names of the police force areas of England and Wales, by their ONS codes."""
    with (PROJECT_ROOT / FORCE_AREAS).open(encoding="utf-8", newline="") as file:
        return {row["force_code"]: row["force_name"] for row in csv.DictReader(file)}


def name_of_force(settings: Settings) -> str:
    """Return the declared name of the force or, without one, that of its area."""
    named = {**force_areas(), ENGLAND_AND_WALES: "England and Wales"}
    return settings.force_name or named[settings.force_code]


def _force_code(environment: Mapping[str, str]) -> str:
    is_national = deployment_kind(environment) == "national"
    default = ENGLAND_AND_WALES if is_national else NORTHAMPTONSHIRE
    given = environment.get("ASSURANCE_FORCE_CODE", "").strip()
    folder = None if is_national else _given_folder(environment)
    # The file is checked whole where its folder is read. Here only its code is needed.
    text = (folder / FORCE_FILE).read_text("utf-8") if folder else ""
    of_folder = re.search(r"^code: *([A-Z][0-9]{8})\b", text, re.MULTILINE)
    if folder and not of_folder:
        raise UsageError(f"{folder / FORCE_FILE}: it has no line such as `code: E23000022`.")
    if of_folder and given not in ("", of_folder[1]):
        raise UsageError(
            f"ASSURANCE_FORCE_CODE: '{given}' is not the force of {FORCE_FOLDER}, which is "
            f"{of_folder[1]}."
        )
    code = given or (of_folder[1] if of_folder else default)
    if code not in ([ENGLAND_AND_WALES] if is_national else force_areas()):
        wanted = f"{ENGLAND_AND_WALES}, the national warehouse's" if is_national else FORCE_AREA
        raise UsageError(f"ASSURANCE_FORCE_CODE: '{code}' is not {wanted}.")
    return code


def _reporting_forces(environment: Mapping[str, str]) -> str:
    codes = sorted(set(re.findall(r"[^\s,]+", environment.get(REPORTING_FORCES, "").upper())))
    for code in codes:
        if code not in force_areas():
            raise UsageError(f"{REPORTING_FORCES}: '{code}' is not {FORCE_AREA}.")
    return ",".join(codes)


def _port(environment: Mapping[str, str]) -> int | None:
    given = environment.get("ASSURANCE_PG_PORT", "").strip()
    if not given:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", given) or not 0 < int(given) <= MAX_PORT:
        raise UsageError(f"ASSURANCE_PG_PORT: '{given}' is not a port number (1 to {MAX_PORT}).")
    return int(given)


def _yes_or_no(environment: Mapping[str, str], variable: str) -> bool:
    given = environment.get(variable, "").strip().lower() or "no"
    if given not in ("yes", "no"):
        raise UsageError(f"{variable}: '{given}' must be yes or no.")
    return given == "yes"


def _approval_hours(environment: Mapping[str, str]) -> float:
    given = environment.get("ASSURANCE_APPROVAL_HOURS", "").strip() or "12"
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", given) or not 0 < float(given) <= MAX_WAIT_HOURS:
        raise UsageError(
            f"ASSURANCE_APPROVAL_HOURS: '{given}' is not a number of hours above 0, up to "
            f"{MAX_WAIT_HOURS}."
        )
    return float(given)


def _retry_seconds(environment: Mapping[str, str]) -> float:
    given = environment.get("ASSURANCE_RETRY_SECONDS", "").strip() or "120"
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]+)?", given):
        raise UsageError(f"ASSURANCE_RETRY_SECONDS: '{given}' is not a number of seconds.")
    return float(given)


def _days(environment: Mapping[str, str], variable: str, default: int = DAYS_KEPT) -> int:
    given = environment.get(variable, "").strip() or str(default)
    if not re.fullmatch(r"[0-9]{1,5}", given) or int(given) < FEWEST_DAYS:
        raise UsageError(
            f"{variable}: '{given}' is not a number of days from {FEWEST_DAYS} to 99999."
        )
    return int(given)


def _place(environment: Mapping[str, str], variable: str) -> str:
    """Return a folder or an fsspec URL as a URL, or an empty text if none is set."""
    given = environment.get(variable, "").strip().rstrip("/")
    if given and "://" not in given:
        return f"file://{_path(variable, given)}"
    return given


def _engine(environment: Mapping[str, str]) -> str:
    given = environment.get("ASSURANCE_ENGINE", "").strip() or POSTGRES
    if given not in (POSTGRES, SPARK):
        raise UsageError(f"ASSURANCE_ENGINE: '{given}' must be {POSTGRES} or {SPARK}.")
    return given


def _spark_master(environment: Mapping[str, str]) -> str:
    given = environment.get("ASSURANCE_SPARK_MASTER", "").strip() or "local[2]"
    if not re.fullmatch(r"local|local\[[0-9]+\]|spark://[^\s/]+:[0-9]+", given):
        raise UsageError(
            f"ASSURANCE_SPARK_MASTER: '{given}' must be local[2], or with another number of "
            "threads, or spark://host:7077."
        )
    return given


def _sign_off_roles(environment: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return pairs of role and account, from a text such as "COMMISSIONER=a.lead, b.deputy; …"."""
    given = environment.get("ASSURANCE_SIGN_OFF_ROLES", "").strip()
    pairs: set[tuple[str, str]] = set()
    for part in filter(None, (one.strip() for one in given.split(";"))):
        role, equals, accounts = part.partition("=")
        named = [one.strip() for one in accounts.split(",") if one.strip()]
        if role.strip() not in SIGN_OFF_ROLES or not equals or not named:
            raise UsageError(
                f"ASSURANCE_SIGN_OFF_ROLES: '{part}' must be a role, '=' and accounts, such as "
                f"COMMISSIONER=a.lead, b.deputy. The roles are {', '.join(SIGN_OFF_ROLES)}."
            )
        pairs.update((role.strip(), account) for account in named)
    return frozenset(pairs)


def _bin_dir(environment: Mapping[str, str]) -> Path | None:
    given = environment.get("ASSURANCE_PG_BIN", "").strip()
    return _path("ASSURANCE_PG_BIN", given) if given else None
