"""Run commands where nothing can be reached but this process's own loopback, and see what is tried.

    unshare --net python without_network.py RECORD COMMAND ... [-- COMMAND ...]

Every address leads to the loopback, so an attempt to reach another machine is refused, and its
packets can be seen. RECORD gets a line for each destination outside the loopback. Commands share
the network, because the server that one of them starts serves the others.
"""

import ipaddress
import itertools
import socket
import subprocess
import sys
import threading
from pathlib import Path

EVERY_PROTOCOL = 3
NETWORK = (
    "ip link set lo up",
    "ip route add local default dev lo",
    "ip -6 route add local default dev lo",
)


def main(record: Path, words: list[str]) -> int:
    """Run commands until one fails, and then the last one. Return the highest exit code."""
    for step in NETWORK:
        subprocess.run(step.split(), check=True)
    reached: set[str] = set()
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PROTOCOL))
    threading.Thread(target=listen, args=(packets, reached), daemon=True).start()
    groups = itertools.groupby(words, lambda word: word == "--")
    *commands, last = [list(group) for is_end, group in groups if not is_end]
    codes = [0]
    for command in commands:
        if codes[-1] == 0:
            codes.append(subprocess.run(command, check=False).returncode)
    codes.append(subprocess.run(last, check=False).returncode)
    record.write_text("".join(f"{one}\n" for one in sorted(reached)), encoding="utf-8")
    return max(map(abs, codes))


def listen(packets: socket.socket, reached: set[str]) -> None:
    """Note the destination of each packet that is not for the loopback."""
    while True:
        packet = packets.recv(128)
        is_6 = packet[0] >> 4 == 6
        place = ipaddress.ip_address(packet[24:40] if is_6 else packet[16:20])
        if not place.is_loopback:
            start = 40 if is_6 else 4 * (packet[0] & 15)
            reached.add(f"{place} port {int.from_bytes(packet[start + 2 : start + 4], 'big')}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
