"""Look whether all hosts that do stages have the same keys."""

import socket
from collections import defaultdict
from collections.abc import Iterator

from oic_assurance.builds.host_secrets import marks_here, marks_of_hosts
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding

SUBJECT = "keys of hosts"
GIVE = "give every host the keys of the first one: docs/how-to/run-it.md#many-hosts"


def look_at_hosts(settings: Settings) -> Iterator[Finding]:
    """Compare the keys of the hosts that did a stage in the last two days, and of this host.

    Only keys that differ are found. A host that lacks a key says so itself, where it needs it.
    """
    here = socket.gethostname()
    hosts = {here}
    marks: dict[str, dict[str, str]] = defaultdict(dict)
    for one in marks_of_hosts(settings):
        hosts.add(one.host)
        marks[one.secret][one.host] = one.mark
    for name, mark in marks_here(settings).items():
        marks[name][here] = mark
    different = {name: found for name, found in marks.items() if len(set(found.values())) > 1}
    for name, found in sorted(different.items()):
        groups = [
            ", ".join(sorted(host for host, mark in found.items() if mark == value))
            for value in dict.fromkeys(found.values())
        ]
        yield Finding(SUBJECT, "failed", f"{name} differs: {' / '.join(groups)}", GIVE)
    if not different:
        yield Finding(SUBJECT, "ok", f"{len(hosts)} host{'s' * (len(hosts) > 1)} compared")
