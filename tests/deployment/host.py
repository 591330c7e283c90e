"""A host that runs the services of one or more profiles, in the order of the description."""

import secrets
import shlex
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.deployment import images
from tests.deployment.containers import Container, Place, bind
from tests.deployment.description import Service, in_order
from tests.deployment.images import Image, own
from tests.deployment.network import Network

#: How long a service may take until it is healthy or has ended, on a busy machine.
PATIENCE = 1800.0


class Host:
    """One machine of a deployment, with its own settings, volumes and secrets."""

    def __init__(
        self, folder: Path, network: Network, made: Mapping[str, Image],
        description: dict[str, Any], volumes_of: "Host | None" = None,
        commands: Mapping[str, Service] | None = None,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._network, self._images = folder, network, made
        self._description = description
        self._volumes: Path = volumes_of._volumes if volumes_of else folder / "volumes"
        self.services: dict[str, Service] = description["services"]
        #: The services that are no part of `up`, which a person runs for one command.
        self._commands = commands or {}
        self.containers: dict[str, Container] = {}
        self._hosts = folder / "hosts"
        self._hosts.write_text(_known(network), "ascii")

    def up(self, *names: str) -> None:
        """Start services and what they wait for, as `docker compose up` does. Default: all."""
        wanted = self._with_what_they_need(names or tuple(self.services))
        for name in in_order(self.services):
            if name in wanted and name not in self.containers:
                self._wait_for_others(name)
                self._create(name).start()

    def change(self, description: dict[str, Any], commands: Mapping[str, Service]) -> None:
        """Take over other settings, as `docker compose up -d` does.

        A service is made again if its settings have changed, and one that has ended runs again.
        """
        changed = {
            name
            for name, container in self.containers.items()
            if self.services[name] != description["services"][name] or not container.is_running
        }
        self._description, self._commands = description, commands
        self.services = description["services"]
        for name in in_order(self.services):
            if name in changed:
                self._wait_for_others(name)
                earlier = self.containers.pop(name)
                if earlier.is_running:
                    earlier.stop()
                earlier.place.folder.rename(self.folder / f"{name}-{earlier.place.hostname}")
                self._create(name).start()
        self.wait_until_healthy()

    def compose(self, line: str) -> str:
        """Do what a documented line of `docker compose` does, and return what it writes."""
        program, of, verb, *rest = shlex.split(line)
        assert (program, of) == ("docker", "compose")
        done = (0, "")
        match verb, rest:
            case "run", ["--rm", name, *command]:
                done = self.run(name, *command)
            case "exec", [name, *command]:
                found = self.containers[name].run(*command)
                done = (found.returncode, found.stdout + found.stderr)
            case "kill", ["--signal", signal, name]:
                self.containers[name].signal(signal)
            case "restart", [name]:
                self.containers[name].stop()
                self.containers[name].start()
                self.containers[name].wait_until_healthy(PATIENCE)
            case _:
                raise AssertionError(f"no test knows {line}")
        assert done[0] == 0, done[1]
        return done[1]

    def wait_until_healthy(self) -> None:
        """Wait until every service with a health check is healthy."""
        for name, container in self.containers.items():
            if self.services[name].get("healthcheck"):
                container.wait_until_healthy(PATIENCE)

    def run(
        self, name: str, *command: str, env: Mapping[str, str] | None = None,
        volumes: Mapping[str, Path] | None = None,
    ) -> tuple[int, str]:  # fmt: skip
        """Run a service once with another command, as `docker compose run` does.

        `volumes` are folders of this machine, by their place in the container.
        Returns the exit code of the command, and what it wrote.
        """
        service = dict(self.services.get(name) or self._commands[name])
        service["command"] = list(command) or service.get("command")
        service["environment"] = {**service["environment"], **(env or {})}
        service["volumes"] = [
            *service["volumes"],
            *({"type": "bind", "source": one, "target": at} for at, one in (volumes or {}).items()),
        ]
        container = self._create(name, service, f"{name}-run-{secrets.token_hex(6)}")
        container.start()
        return container.wait(PATIENCE), container.log

    def stop(self) -> dict[str, tuple[int, float]]:
        """Stop every service, those that others wait for last. Return exit codes and seconds."""
        stopped = {}
        for name in reversed(in_order(self.services)):
            container = self.containers.get(name)
            if container is not None and container.is_running:
                stopped[name] = container.stop()
        return stopped

    def kill(self) -> None:
        """Kill whatever is still running."""
        for container in self.containers.values():
            container.kill()

    def _with_what_they_need(self, names: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting += list(self.services[name].get("depends_on") or {})
        return found

    def _wait_for_others(self, name: str) -> None:
        for other, how in (self.services[name].get("depends_on") or {}).items():
            container = self.containers[other]
            if how["condition"] == "service_healthy":
                container.wait_until_healthy(PATIENCE)
            elif how["condition"] == "service_completed_successfully":
                assert container.wait(PATIENCE) == 0, f"{other}:\n{container.log}"

    def _create(self, name: str, service: Service | None = None, called: str = "") -> Container:
        service = service or self.services[name]
        called = called or name
        namespace, address = self._network.add()
        folder = self.folder / called
        folder.mkdir()
        hostname = secrets.token_hex(6)
        hosts = self._names(name, service, folder, address, hostname)
        runc_state = self.folder.parent / "runc"
        place = Place(folder, hostname, address, namespace, hosts, runc_state)
        image = self._images[service["image"].partition(":")[0]]
        container = Container(service, image, self._mounts(service, image), place)
        if called == name:
            self.containers[name] = container
            for port in service.get("ports", ()):
                if port.get("host_ip") == self._network.address:
                    self._network.publish(int(port["published"]), (address, int(port["target"])))
        return container

    def _names(
        self, name: str, service: Service, folder: Path, address: str, hostname: str
    ) -> Path:
        """Return the file of the names that a container can resolve, as an engine answers them."""
        if "extra_hosts" not in service:
            own = f" {name}" if folder.name == name else ""
            lines = self._hosts.read_text("ascii").splitlines()
            # A service that is made again has another address. The file stays, as it is mounted.
            kept = [line for line in lines if not own or not line.endswith(own)]
            self._hosts.write_text("\n".join([*kept, f"{address} {hostname}{own}", ""]), "ascii")
            return self._hosts
        own_names = folder / "hosts"
        given = [one.split("=", 1) for one in service["extra_hosts"]]
        lines = [f"{where} {who}\n" for who, where in given]
        own_names.write_text(
            _known(self._network) + "".join(lines) + f"{address} {hostname}\n", "ascii"
        )
        return own_names

    def _mounts(self, service: Service, image: Image) -> list[dict[str, Any]]:
        mounts = []
        for volume in service.get("volumes", ()):
            if volume["type"] == "volume":
                source = self.volume(volume["source"], image.made.get(volume["target"]))
            else:
                source = Path(volume["source"])
            mounts.append(
                bind(volume["target"], source, is_read_only=bool(volume.get("read_only")))
            )
        for secret in service.get("secrets", ()):
            file = Path(self._description["secrets"][secret["source"]]["file"])
            target = secret.get("target") or f"/run/secrets/{secret['source']}"
            mounts.append(bind(target, file, is_read_only=True))
        return mounts

    def volume(self, name: str, owner: tuple[int, int, int] | None = None) -> Path:
        """Return the folder of a named volume. A new one takes over what the image has there."""
        folder = self._volumes / name
        if not folder.exists():
            folder.mkdir(parents=True)
            own(folder, owner or (0, 0, 0o755))
        return folder


def _known(network: Network) -> str:
    return "127.0.0.1 localhost\n" + "".join(f"{where} {who}\n" for who, where in network.names)


def wait_for(
    what: str, is_so: Callable[[], bool], limit: float = PATIENCE, pause: float = 1.0
) -> float:
    """Wait until something is so, and ask every `pause` seconds. Return the seconds it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < limit, f"after {limit:.0f} s: not {what}"
        time.sleep(pause)
    return time.monotonic() - began


def make_images(folder: Path) -> dict[str, Image]:
    """Make what stands in for the images of the description, by the name before the colon."""
    folder.mkdir(mode=0o711)
    made = {
        "oic-assurance": images.assurance(folder / "code"),
        # The sources' machine has the server alone.
        **dict.fromkeys(("postgres", "oic-assurance-postgres"), images.postgres()),
        "redis": images.redis(),
    }
    # The last step that installs something makes the package known to the image's Python. The
    # others have made the environment and the copies.
    step = [rest for name, rest in images.dockerfile() if name == "RUN" and "uv pip" in rest][-1]
    network = Network()
    build = {"image": "oic-assurance", "user": "0:0", "entrypoint": ["bash", "-euc", step]}
    limits = {"deploy": {"resources": {"limits": {"memory": 2**31, "pids": 200}}}}
    host = Host(folder / "build", network, made, {"services": {"build": {**build, **limits}}})
    try:
        host.up()
        container = host.containers["build"]
        assert container.wait(PATIENCE) == 0, container.log
    finally:
        host.kill()
        network.close()
    return made
