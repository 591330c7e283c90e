"""Do the steps of a Dockerfile in a Debian root, without a container engine.

mmdebstrap makes the root, and bubblewrap runs each step in it. What cannot be seen here: layers,
the base image itself, and a container engine's own rules. The base image `python:3.11-slim-trixie`
is Debian 13 with Python 3.11 from python.org. Its stand-in is Debian 13 with Python 3.11 from
Debian 12.
"""

import os
import re
import shutil
import string
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pathspec

_ROOT = PurePosixPath("/")
#: The base image that the root stands in for.
BASE = "python:3.11-slim-trixie"
PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
#: Variables with which this machine reaches the package registries. Only the build gets them.
REGISTRIES = re.compile(r"(PIP|UV)_.*|.*_(proxy|PROXY)|SSL_CERT_FILE|REQUESTS_CA_BUNDLE")
#: Debian 13 has only Python 3.13. Debian 12's package with `venv` wants Debian 12's `python3`,
#: which it does not use, so it is unpacked but not installed. The name `python` is that of the base
#: image.
ADD_PYTHON = """
cd /var/tmp
apt-get download -qq python3.11-venv python3-pip-whl python3-setuptools-whl
for package in *.deb; do dpkg-deb --extract "$package" /; done
rm *.deb
ln -s /usr/bin/python3.11 /usr/local/bin/python
sed --in-place '/ bookworm /d' /etc/apt/sources.list
rm -r /var/lib/apt/lists/*
"""


def base_root(root: Path) -> None:
    """Make the root that stands in for the base image. Root rights are needed.

    mmdebstrap mounts /dev and /proc of this machine where it works. So it works in a folder of its
    own and writes an archive, and no test ever removes a folder with such mounts.
    """
    mirror = _mirror()
    archive = root.with_suffix(".tar")
    subprocess.run(
        [
            "mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates,python3.11",
            '--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=Acquire::Check-Date "false"',
            f'--customize-hook=chroot "$1" sh -euc {_quoted(ADD_PYTHON)}',
            "trixie", str(archive),
            f"deb {mirror} trixie main", f"deb {mirror} bookworm main",
        ],
        check=True,
    )  # fmt: skip
    root.mkdir()
    subprocess.run(
        ["tar", "--extract", "--file", archive, "--directory", root, "--exclude", "./dev/*"],
        check=True,
    )
    archive.unlink()


@dataclass
class Image:
    """An image that is being built, or has been built, in a root.

    `context` is the folder from which files are copied. `arguments` has the values of build
    arguments.
    """

    root: Path
    context: Path
    arguments: Mapping[str, str]
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    folder: PurePosixPath = _ROOT
    user: str = "root"
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    volumes: list[str] = field(default_factory=list)

    def build(self, dockerfile: Path) -> None:
        """Do all steps of a Dockerfile.

        Raises:
            AssertionError: A step fails, or is of a kind that this class does not know.
        """
        # Only `make test-all` installs the parser.
        import dockerfile as parser

        for step in parser.parse_file(str(dockerfile)):
            do = getattr(self, f"_{step.cmd.lower()}", None)
            assert do is not None, f"This test does not know {step.original}"
            do(step)

    def run(
        self,
        *command: str,
        read_only: bool = False,
        state: Path | None = None,
        extra: Mapping[str, str] | None = None,
        build: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the root as the image's user, and return its output.

        With `read_only`, only /tmp and the folder `state`, which stands for the first volume, can
        be written. With `build`, the command reaches the package registries.
        """
        root = "--ro-bind" if read_only else "--bind"
        options = [
            "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
            "--cap-add", "ALL",
            root, str(self.root), "/", "--proc", "/proc", "--dev", "/dev",
            "--chdir", str(self.folder),
        ]  # fmt: skip
        if read_only:
            options += ["--tmpfs", "/tmp", "--chmod", "1777", "/tmp"]
        if state is not None:
            options += ["--bind", str(state), self.volumes[0]]
        environment = {"HOME": "/", **self.environment, **(extra or {})}
        if build:
            options += ["--ro-bind", "/etc/resolv.conf", "/etc/resolv.conf"]
            options += ["--ro-bind", str(AUTHORITIES), str(AUTHORITIES)]
            environment |= {k: v for k, v in os.environ.items() if REGISTRIES.fullmatch(k)}
        else:
            options += ["--unshare-net"]
        identity = [] if self.user == "root" else self._identity()
        return subprocess.run(
            ["bwrap", *options, "--", *identity, *command],
            env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def _identity(self) -> list[str]:
        user, group = self._numbers()
        return ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--"]

    def _numbers(self) -> tuple[str, str]:
        for line in (self.root / "etc/passwd").read_text(encoding="utf-8").splitlines():
            name, _, user, group, *_ = line.split(":")
            if self.user in (name, user):
                return user, group
        raise AssertionError(f"The image has no user {self.user}.")

    def _filled(self, text: str) -> str:
        return string.Template(text).safe_substitute(self.environment)

    def _inside(self, path: str) -> Path:
        return self.root / (self.folder / path).relative_to(_ROOT)

    def _from(self, step: Any) -> None:
        assert step.value == (BASE,), step.original

    def _env(self, step: Any) -> None:
        values = iter(step.value)
        filled = {name: self._filled(value) for name, value in zip(values, values, strict=True)}
        self.environment |= filled

    def _arg(self, step: Any) -> None:
        name, _, default = step.value[0].partition("=")
        value = self.arguments.get(name, default)
        if value:
            self.environment[name] = value

    def _run(self, step: Any) -> None:
        done = self.run("/bin/sh", "-c", step.value[0], build=True)
        assert done.returncode == 0, f"{step.original}\n{done.stdout}{done.stderr}"

    def _workdir(self, step: Any) -> None:
        self.folder /= step.value[0]
        self._inside(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, step: Any) -> None:
        assert not step.flags, step.original
        *sources, target = step.value
        for source in sources:
            found, place = self.context / source, self._inside(target)
            if found.is_dir():
                shutil.copytree(found, place, ignore=self._ignored, dirs_exist_ok=True)
            else:
                to = place / found.name if target.endswith("/") else place
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(found, to)

    def _ignored(self, folder: str, names: list[str]) -> set[str]:
        """Return the names in a folder that .dockerignore leaves out."""
        lines = (self.context / ".dockerignore").read_text(encoding="utf-8").splitlines()
        spec = pathspec.PathSpec.from_lines("gitwildmatch", lines)
        place = Path(folder).relative_to(self.context)
        return {name for name in names if spec.match_file(place / name)}

    def _user(self, step: Any) -> None:
        self.user = step.value[0]

    def _volume(self, step: Any) -> None:
        self.volumes += step.value

    def _entrypoint(self, step: Any) -> None:
        assert step.json, step.original
        self.entrypoint, self.command = step.value, ()

    def _cmd(self, step: Any) -> None:
        assert step.json, step.original
        self.command = step.value


def _mirror() -> str:
    """Return the address of the Debian mirror that this machine uses."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [line.split()[0] for line in done.stdout.splitlines() if line.endswith(" trixie")]
    assert found, "apt has no source for Debian 13 (trixie): `make test-all` needs Debian 13."
    return found[0]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
