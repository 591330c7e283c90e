"""What stands in for the three images of docker-compose.yml on a machine without a registry.

A container's root folder has this machine's `/usr`, read-only, and a small `/etc` of its own. The
image of this project is the checkout's folders that the Dockerfile copies, and an environment from
the lock that the Dockerfile installs, with the Dockerfile's own ENV, USER and ENTRYPOINT. The
images of PostgreSQL with pgBackRest and of Redis are Debian's programs.
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-deployment"
HERE = Path(__file__).resolve().parent
BIN = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Parts of this machine's /etc that its programs need. None has a secret.
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "nsswitch.conf", "alternatives", "ssl/certs")
Owner = tuple[int, int, int]


@dataclass(frozen=True)
class Image:
    """What a container starts from."""

    user: tuple[int, int]
    accounts: dict[str, int]
    entrypoint: list[str]
    env: dict[str, str]
    cwd: str = "/"
    #: Folders of this machine that are part of the image, read-only, by their place in it.
    folders: dict[str, Path] = field(default_factory=dict)
    #: Folders that the image makes: user, group and mode. A new volume takes them over.
    made: dict[str, Owner] = field(default_factory=dict)
    #: Files of this machine that are copied into the image, by their place in it.
    files: dict[str, Path] = field(default_factory=dict)


def postgres() -> Image:
    """Return what stands in for the image of deploy/pgbackrest/Dockerfile."""
    programs = Path("/usr/lib/postgresql/17/bin")
    assert (programs / "postgres").exists(), "make test-all installs Debian's postgresql-17"
    assert shutil.which("pgbackrest"), "make test-all installs Debian's pgbackrest"
    pgbackrest = ROOT / "deploy" / "pgbackrest"
    return Image(
        user=(999, 999),
        accounts={"postgres": 999},
        entrypoint=["/bin/bash", "/image/postgres_entrypoint.sh"],
        env={
            "PATH": f"/opt/bin:{programs}:{BIN}",
            "LANG": "C.UTF-8",
            "PGDATA": "/var/lib/postgresql/data",
        },
        folders={"/image": HERE},
        made={
            "/var/lib/postgresql/data": (999, 999, 0o700),
            "/var/run/postgresql": (999, 999, 0o3777),
            "/var/lib/pgbackrest": (999, 999, 0o700),
            "/etc/pgbackrest/conf.d": (999, 999, 0o700),
            "/var/lib/postgresql/scratch": (999, 999, 0o700),
            "/mnt/drill": (999, 50000, 0o770),
        },
        files={
            "/etc/pgbackrest/pgbackrest.conf": pgbackrest / "pgbackrest.conf",
            "/opt/bin/pgbackrest-schedule": pgbackrest / "schedule.sh",
            "/opt/bin/pgbackrest-drill": pgbackrest / "drill.sh",
        },
    )


def redis() -> Image:
    """Return what stands in for the image redis:8-bookworm."""
    assert shutil.which("redis-server"), "make test-all installs Debian's redis-server"
    return Image((999, 999), {"redis": 999}, ["redis-server"], {"PATH": BIN})


def assurance(folder: Path) -> Image:
    """Return what stands in for the image of this project, with its code copied to a folder."""
    assert ENVIRONMENT.is_dir(), "make test-all makes the environment .venv-deployment"
    steps = dockerfile()
    env: dict[str, str] = {"PATH": BIN}
    for name, rest in steps:
        if name == "ENV":
            for key, value in re.findall(r'(\w+)=("[^"]*"|\S+)', rest):
                known = value.replace("$PATH", env["PATH"]).replace("$ASSURANCE_COMMIT", "")
                env[key] = known.strip('"')
        elif name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                _copy(ROOT / source, folder / target.removeprefix("./"), target)
    env["ASSURANCE_COMMIT"] = "0" * 40
    env["HOME"] = "/var/lib/assurance"
    base = Path(json.loads(_ask("import json, sys; print(json.dumps(sys.base_prefix))")))
    folders = {"/opt/assurance": folder, "/opt/venv": ENVIRONMENT}
    if not base.is_relative_to("/usr"):
        folders[str(base)] = base
    return Image(
        user=(50000, 50000),
        accounts={"assurance": 50000},
        entrypoint=json.loads(next(rest for name, rest in steps if name == "ENTRYPOINT")),
        env=env,
        cwd=next(rest for name, rest in steps if name == "WORKDIR"),
        folders=folders,
        made={
            "/var/lib/assurance": (50000, 50000, 0o700),
            "/mnt/shared": (50000, 50000, 0o700),
            "/var/log/assurance": (50000, 50000, 0o700),
            "/mnt/dashboards": (50000, 50000, 0o700),
            "/mnt/drill": (999, 50000, 0o770),
        },
    )


def dockerfile() -> list[tuple[str, str]]:
    """Return the steps of the Dockerfile: the instruction, and the rest of its line."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def make_root(image: Image, folder: Path) -> None:
    """Make the root folder of a new container, without what is mounted into it."""
    for name in ("usr", "proc", "sys", "dev", "tmp", "run", "etc/ssl", "var"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "tmp").chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / name).symlink_to(f"usr/{name}")
    (folder / "var" / "run").symlink_to("/run")
    for name in ETC:
        source, target = Path("/etc") / name, folder / "etc" / name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        elif source.exists():
            shutil.copy(source, target)
    accounts = {"root": 0, **image.accounts}
    home = image.env.get("HOME", "/")
    passwd = [f"{name}:x:{number}:{number}::{home}:/bin/sh" for name, number in accounts.items()]
    (folder / "etc" / "passwd").write_text("\n".join(passwd) + "\n", "ascii")
    groups = [f"{name}:x:{number}:" for name, number in accounts.items()]
    (folder / "etc" / "group").write_text("\n".join(groups) + "\n", "ascii")
    for place, source in image.files.items():
        copy = folder / place.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
        copy.chmod(0o755)
    for place, (user, group, mode) in image.made.items():
        # In the container, /var/run leads to /run. Here it would lead out of the folder.
        made = folder / place.replace("/var/run/", "/run/").lstrip("/")
        made.mkdir(parents=True, exist_ok=True)
        own(made, (user, group, mode))


def own(folder: Path, owner: Owner) -> None:
    """Give a folder its owner, group and mode."""
    shutil.chown(folder, owner[0], owner[1])
    folder.chmod(owner[2])


def _copy(source: Path, target: Path, written: str) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "target", "logs")
        shutil.copytree(source, target, ignore=ignored)
    else:
        place = target / source.name if written.endswith("/") else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)


def _ask(program: str) -> str:
    done = subprocess.run(
        [str(ENVIRONMENT / "bin" / "python"), "-c", program],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout
