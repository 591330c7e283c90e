"""A proxy on the loopback interface that cuts one connection in the middle of its stream."""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
PIECE = 16 * 1024
#: A socket option that closes a connection with a reset. Bytes that were sent but not yet read are
#: then lost, as when a cable breaks.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards connections to a port of this machine, and cuts one of them.

    The proxy counts the bytes of all connections in both directions. When the count reaches
    `cut_after`, it cuts the connection that is sending. No other connection is cut.
    """

    def __init__(self, port: int, cut_after: int) -> None:
        self._target = port
        self._left = cut_after
        self._lock = threading.Lock()
        self.has_cut = False
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        """Begin to accept connections in a thread."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((HOST, self._target))
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(PIECE):
                if self._is_time(len(piece)):
                    # Half of this piece still arrives, so that the cut is inside a message.
                    other.sendall(piece[: len(piece) // 2])
                    for end in (one, other):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    break
                other.sendall(piece)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _is_time(self, size: int) -> bool:
        with self._lock:
            if self.has_cut:
                return False
            self._left -= size
            self.has_cut = self._left <= 0
            return self.has_cut
