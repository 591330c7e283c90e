"""Three accounts of the machine close a point, as docs/how-to/sign-off.md says.

None of them can read the state folder of the deployment, which belongs to root.
"""

import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from oic_assurance.warehouse.launcher import MOUNT_POINT
from oic_assurance.warehouse.programs import Account, launched
from tests.end_to_end.page_commands import commands
from tests.end_to_end.signing import Loop
from tests.end_to_end.terminal import PROJECT, force

pytestmark = pytest.mark.slow
PEOPLE = {"a.lead": "oiclead", "c.chief": "oicchief", "p.commissioner": "oicpcc"}
#: Root's Python and checkout can be in root's home. So they are shown to the accounts elsewhere.
SHOWN = {
    Path(sys.base_prefix): Path(MOUNT_POINT, "python"),
    Path(sysconfig.get_path("purelib")): Path(MOUNT_POINT, "packages"),
    PROJECT: Path(MOUNT_POINT, "checkout"),
}
PYTHON = f"{MOUNT_POINT}/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
PATHS = ":".join(f"{MOUNT_POINT}/{one}" for one in ("checkout/include", "checkout", "packages"))


@pytest.fixture
def accounts() -> Iterator[Mapping[str, Account]]:
    """An account of the machine for each person."""
    assert os.geteuid() == 0, "make test-all runs as root, who can make accounts"
    try:
        for name in PEOPLE.values():
            subprocess.run(["useradd", "--system", "--no-create-home", name], check=True)
        found = {person: pwd.getpwnam(name) for person, name in PEOPLE.items()}
        yield {person: Account(one.pw_uid, one.pw_gid) for person, one in found.items()}
    finally:
        for name in PEOPLE.values():
            subprocess.run(["userdel", name], check=False, capture_output=True)


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A published force whose plans are in force, with evidence that everybody can read."""
    evidence = Path(tempfile.mkdtemp(prefix="assurance-evidence-"))
    evidence.chmod(0o755)
    (evidence / "plans.pdf").write_bytes(b"three plans")
    try:
        with force("2026-04-01", seed="12", extra={"ASSURANCE_SECOND_PERSON": "no"}) as terminal:
            loop = Loop(terminal, evidence)
            loop.drop_plans("2026-04-22T12:00", ["2025-11-01"] * 3)
            loop.run("2026-04-23T05:30")
            yield loop
    finally:
        shutil.rmtree(evidence, ignore_errors=True)


def as_account(
    account: Account, loop: Loop, command: str, variable: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": f"{MOUNT_POINT}/python/lib",
        "ASSURANCE_HOME": str(loop.terminal.home), "ASSURANCE_EVIDENCE": str(loop.folder),
        "LOGNAME": "somebody-else",
    }  # fmt: skip
    if variable:
        name, _, url = variable.partition("=")
        environment[name] = url
    program, *arguments = shlex.split(command)
    assert program == "assurance"
    return subprocess.run(
        [*launched(account, SHOWN), PYTHON, "-m", "oic_assurance.cli", *arguments],
        env=environment, cwd="/", capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def test_three_accounts_close_a_point(loop: Loop, accounts: Mapping[str, Account]) -> None:
    page = commands("how-to/sign-off.md", "Three people on one machine")
    variables: dict[str, str] = {}
    for command in (line for line in page if "$ " not in line):
        given = loop.terminal.assurance(*shlex.split(command)[1:])
        assert given.returncode == 0, given.stderr
        (line,) = re.findall(r"AIRFLOW_CONN_WAREHOUSE_PERSON=\S+", given.stdout)
        variables[shlex.split(command)[3]] = line
    assert set(variables) == set(accounts) == set(PEOPLE)
    assert as_account(accounts["a.lead"], loop, "assurance status").stderr.startswith(
        f"assurance: The state folder {loop.terminal.home} belongs to another account."
    )
    for person, command in (line.split("$ ") for line in page if "$ " in line):
        done = as_account(accounts[person], loop, command, variables[person])
        assert (done.returncode, done.stderr) == (0, ""), command
    for command, answer in {
        "signoff sign INTEL_PLAN --as COMMISSIONER --reason x": "lacks the right COMMISSIONER",
        "publication approve 1 --reason x": "lacks the right APPROVER",
        "run": "needs the account of the deployment",
        "doctor": "needs the account of the deployment",
        "status": "",
        "publication list": "",
        "signoff show INTEL_PLAN": "",
    }.items():
        done = as_account(accounts["c.chief"], loop, f"assurance {command}", variables["c.chief"])
        assert (done.returncode, done.stderr.count("\n")) == ((2, 1) if answer else (0, 0))
        assert answer in done.stderr
    assert re.search(r"^state +closed$", done.stdout, re.M), done.stdout
    with psycopg.connect(loop.terminal.url("signoff")) as session:
        made = session.execute("select account, login from signoff.entry order by entry_id")
        by = ["a.lead", "a.lead", "c.chief", "p.commissioner"]
        assert made.fetchall() == list(zip(by, by, strict=True))
