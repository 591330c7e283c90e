"""Run one service of the description in a container, with runc and without an engine.

runc is the program with which engines start containers. So the user, the read-only root, the
capabilities, the limits, the mounts and the process namespace of a service are those that the
description asks for.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployment.description import Service, seconds
from tests.deployment.images import Image, make_root

#: The capabilities that an engine gives to a container by default.
CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
    "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
)  # fmt: skip
MASKED = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sysrq-trigger", "/sys/firmware"]
#: How much slower than a deployment's own machine the machine of the tests may be.
SLOWNESS = 10
#: An engine's process number 1 for a service with `init: true`.
INIT = ["/usr/bin/tini", "--"]


@dataclass(frozen=True)
class Place:
    """Where a container is: its folder, its network, and the names that it can resolve."""

    folder: Path
    hostname: str
    address: str
    network: str
    hosts: Path
    runc_state: Path


class Container:
    """One service's process, with its own root folder, which survives a restart."""

    def __init__(
        self, service: Service, image: Image, mounts: list[dict[str, Any]], place: Place
    ) -> None:
        self._service, self.place = service, place
        self._root = place.folder / "root"
        self._id = f"{place.hostname}-{place.folder.parent.name}"
        self._process: subprocess.Popen[bytes] | None = None
        make_root(image, self._root)
        self._config = _config(service, image, mounts, place, str(self._root))

    @property
    def log(self) -> str:
        """What the process has written."""
        path = self.place.folder / "log"
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the service's command."""
        config = self.place.folder / "config.json"
        config.write_text(json.dumps(self._config), "utf-8")
        config.chmod(0o600)
        with (self.place.folder / "log").open("ab") as log:
            command = [*self._runc, "run", "--bundle", str(self.place.folder), self._id]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait(self, limit: float) -> int:
        """Wait until the process has ended, and return its exit code."""
        assert self._process is not None
        return self._process.wait(timeout=limit)

    def run(self, *command: str, limit: float = 600.0) -> subprocess.CompletedProcess[str]:
        """Run another command in the container, as `docker compose exec` does.

        After `limit` seconds the command is killed, inside the container. Its exit code is then not
        zero.
        """
        killed_after = ["timeout", "--signal", "KILL", f"{limit:.0f}"]
        return subprocess.run(
            [*self._runc, "exec", self._id, *killed_after, *command],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def is_healthy(self) -> bool:
        """Run the service's own health check once, and tell whether it succeeds."""
        check = self._service["healthcheck"]
        kind, *command = check["test"]
        if kind == "CMD-SHELL":
            command = ["/bin/sh", "-c", command[0].replace("$$", "$")]
        limit = SLOWNESS * seconds(check.get("timeout"), 30.0)
        return self.run(*command, limit=limit).returncode == 0

    def wait_until_healthy(self, limit: float) -> None:
        """Run the health check until it succeeds."""
        deadline = time.monotonic() + limit
        while not self.is_healthy():
            assert self.is_running, f"{self._id} has ended:\n{self.log[-3000:]}"
            assert time.monotonic() < deadline, f"{self._id} is not healthy:\n{self.log[-3000:]}"
            time.sleep(2)

    def stop(self) -> tuple[int, float]:
        """Stop the process as an engine does. Return its exit code, and the seconds it took.

        An engine kills a process that takes longer than the description grants. A test compares
        the seconds with `granted`.
        """
        began = time.monotonic()
        self.signal(str(self._service.get("stop_signal", "SIGTERM")))
        code = self.wait(SLOWNESS * self.granted)
        return code, time.monotonic() - began

    @property
    def granted(self) -> float:
        """The seconds that the description grants the process to end."""
        return seconds(self._service.get("stop_grace_period"), 10.0)

    def kill(self) -> None:
        """Kill the process and everything it has started, without a warning."""
        if self.is_running:
            self.signal("KILL")
            self.wait(60)

    def signal(self, name: str) -> None:
        """Send the first process a signal."""
        subprocess.run([*self._runc, "kill", self._id, name], check=True, capture_output=True)

    @property
    def _runc(self) -> list[str]:
        return ["runc", "--root", str(self.place.runc_state)]


def _config(
    service: Service, image: Image, mounts: list[dict[str, Any]], place: Place, root: str
) -> dict[str, Any]:
    user, group = image.user
    if service.get("user"):
        user, group = map(int, service["user"].split(":"))
    command = [*(service.get("entrypoint") or image.entrypoint), *(service.get("command") or ())]
    # In the output of compose, a dollar sign is doubled.
    command = [part.replace("$$", "$") for part in command]
    given = {
        # A variable that .env does not set has no value, and the container does not have it.
        name: value.replace("$$", "$")
        for name, value in (service.get("environment") or {}).items()
        if value is not None
    }
    env = {**image.env, "HOSTNAME": place.hostname, **given}
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    return {
        "ociVersion": "1.0.2",
        "hostname": place.hostname,
        "root": {"path": root, "readonly": bool(service.get("read_only"))},
        "process": {
            "terminal": False,
            "user": {"uid": user, "gid": group},
            "args": [*INIT, *command] if service.get("init") else command,
            "env": [f"{name}={value}" for name, value in env.items()],
            "cwd": service.get("working_dir") or image.cwd,
            "capabilities": _capabilities(service, user),
            "noNewPrivileges": "no-new-privileges:true" in service.get("security_opt", ()),
        },
        "mounts": [*_system_mounts(service, image, place), *mounts],
        "linux": {
            "namespaces": [
                *({"type": kind} for kind in ("pid", "ipc", "uts", "mount")),
                _network(service, place),
            ],
            "maskedPaths": MASKED,
            "readonlyPaths": ["/proc/sys", "/proc/irq", "/proc/bus"],
            "resources": {
                "memory": {"limit": int(limits["memory"])},
                "pids": {"limit": int(limits["pids"])},
            },
        },
    }


def _network(service: Service, place: Place) -> dict[str, str]:
    if service.get("network_mode") == "none":
        return {"type": "network"}
    return {"type": "network", "path": place.network}


def _capabilities(service: Service, user: int) -> dict[str, list[str]]:
    kept = set() if "ALL" in service.get("cap_drop", ()) else set(CAPABILITIES)
    kept |= set(service.get("cap_add", ()))
    names = sorted(f"CAP_{name}" for name in kept)
    # A process of another account than root has none of them, but could gain them.
    effective = names if user == 0 else []
    return {"bounding": names, "effective": effective, "permitted": effective}


def _system_mounts(service: Service, image: Image, place: Place) -> list[dict[str, Any]]:
    shared = int(service.get("shm_size") or 64 * 1024 * 1024)
    mounts = [
        mount("/proc", "proc", "proc"),
        mount("/dev", "tmpfs", "tmpfs", "nosuid", "mode=755", "size=64k"),
        mount("/dev/pts", "devpts", "devpts", "nosuid", "newinstance", "ptmxmode=0666"),
        mount("/dev/shm", "tmpfs", "shm", "nosuid", "nodev", "mode=1777", f"size={shared}"),
        mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        bind("/usr", Path("/usr"), is_read_only=True),
        bind("/etc/hosts", place.hosts, is_read_only=True),
    ]
    # While an image is built, its folders can be changed.
    fixed = bool(service.get("read_only"))
    mounts += [bind(target, source, is_read_only=fixed) for target, source in image.folders.items()]
    for line in service.get("tmpfs", ()):
        target, _, options = line.partition(":")
        mounts.append(
            mount(target, "tmpfs", "tmpfs", "nosuid", "nodev", "noexec", *options.split(","))
        )
    return mounts


def mount(target: str, kind: str, source: str, *options: str) -> dict[str, Any]:
    """Return a mount of runc."""
    return {"destination": target, "type": kind, "source": source, "options": list(options)}


def bind(target: str, source: Path, *, is_read_only: bool) -> dict[str, Any]:
    """Return a mount of runc that shows a file or folder of this machine in a container."""
    return mount(target, "bind", str(source), "rbind", "ro" if is_read_only else "rw")
