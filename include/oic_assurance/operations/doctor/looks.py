"""The looks of this room, in the order in which they are shown."""

from oic_assurance.operations.doctor.archive import look_at_archive, look_at_newest_batch
from oic_assurance.operations.doctor.backups import look_at_backups
from oic_assurance.operations.doctor.disk import look_at_disk
from oic_assurance.operations.doctor.drift import look_at_databases, look_at_dropzone
from oic_assurance.operations.doctor.host_secrets import look_at_hosts
from oic_assurance.operations.doctor.leftovers import look_at_leftovers
from oic_assurance.operations.doctor.links import look_at_links
from oic_assurance.operations.doctor.rights import look_at_logins, look_at_readers
from oic_assurance.operations.doctor.secret_files import look_at_secrets
from oic_assurance.operations.doctor.server import (
    look_at_clock,
    look_at_policy,
    look_at_server,
)
from oic_assurance.operations.doctor.versions import (
    look_at_migrations,
    look_at_postgres,
    look_at_python,
)
from oic_assurance.state.observed import Look

#: What a run, the watch and `assurance doctor` look at.
LOOKS = (
    Look("Server", "warehouse", look_at_server, (), needs_warehouse=False),
    Look("Server", "PostgreSQL", look_at_postgres, ("version",)),
    Look("Server", "migrations", look_at_migrations, ("version",)),
    Look("Server", "clock", look_at_clock, ("clock",)),
    Look("This machine", "packages", look_at_python, ("version",), needs_warehouse=False),
    Look("This machine", "disk", look_at_disk, ("disk",), needs_warehouse=False),
    Look("This machine", "secrets", look_at_secrets, ("secrets",), needs_warehouse=False),
    Look("This machine", "keys of hosts", look_at_hosts, ("secrets",)),
    Look("This machine", "policy", look_at_policy, ("policy",), needs_warehouse=False),
    Look(
        "Connections",
        "connections",
        look_at_links,
        ("connection", "certificate"),
        needs_warehouse=False,
    ),
    Look("Rights", "logins", look_at_logins, ("rights",)),
    Look("Rights", "readers", look_at_readers, ("rights",)),
    Look("Archive and back-ups", "archive", look_at_archive, ("archive",), needs_warehouse=False),
    Look("Archive and back-ups", "newest batch", look_at_newest_batch, ("archive",)),
    Look("Archive and back-ups", "back-up", look_at_backups, ("restore",)),
    Look("Sources", "databases", look_at_databases, ("drift", "source"), needs_warehouse=False),
    Look("Sources", "dropzone", look_at_dropzone, ("drift", "source"), needs_warehouse=False),
    Look("Runs", "interrupted work", look_at_leftovers, ("leftover",)),
)
