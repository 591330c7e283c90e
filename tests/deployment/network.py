"""A network on this machine, on which each container has an address and an interface of its own."""

import contextlib
import secrets
import socket
import subprocess
import threading


class Network:
    """A bridge, with a network namespace for each container."""

    def __init__(self) -> None:
        self.tag = secrets.token_hex(3)
        self._bridge = f"oic{self.tag}"
        self._part = f"10.{secrets.randbelow(56) + 200}.{secrets.randbelow(256)}"
        self._last = 1
        self._published: dict[int, tuple[str, int]] = {}
        self._listeners: list[socket.socket] = []
        #: The address of this machine on the network, under which other hosts reach the first one.
        self.address = f"{self._part}.1"
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("address", "add", f"{self.address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        self._namespaces: list[str] = []
        #: Names that every host resolves, with their addresses: those of machines outside.
        self.names: list[tuple[str, str]] = []

    def add(self) -> tuple[str, str]:
        """Make a network namespace. Return the path of its file, and its address."""
        self._last += 1
        name = f"{self._bridge}-{self._last}"
        outer, inner = f"v{self.tag}{self._last}", f"w{self.tag}{self._last}"
        _ip("netns", "add", name)
        self._namespaces.append(name)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", name, "name", "eth0")
        _ip("link", "set", outer, "master", self._bridge, "up")
        address = f"{self._part}.{self._last}"
        for command in (
            ("address", "add", f"{address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-netns", name, *command)
        return f"/run/netns/{name}", address

    def publish(self, port: int, to: tuple[str, int]) -> None:
        """Pass connections to a port of this machine on to a container, as an engine does."""
        is_new = port not in self._published
        self._published[port] = to
        if is_new:
            listener = socket.create_server((self.address, port))
            self._listeners.append(listener)
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def _accept(self, listener: socket.socket, port: int) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self._published[port], timeout=10)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                threading.Thread(target=_connect, args=(client, server), daemon=True).start()

    def close(self) -> None:
        """Remove everything that was made."""
        for listener in self._listeners:
            listener.close()
        for name in self._namespaces:
            _ip("netns", "delete", name)
        _ip("link", "delete", self._bridge)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def _connect(client: socket.socket, server: socket.socket) -> None:
    """Pass everything on in both directions, and close both ends at last."""
    with client, server:
        back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
        back.start()
        _pass_on(client, server)
        back.join()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
