"""The looks of this room, in the order in which they are shown."""

from oic_assurance.operations.doctor.machine import (
    look_at_archive,
    look_at_backups,
    look_at_clock,
    look_at_disk,
    look_at_hosts,
    look_at_newest_batch,
    look_at_policy,
    look_at_postgres,
    look_at_python,
    look_at_secrets,
)
from oic_assurance.operations.doctor.sources import (
    look_at_databases,
    look_at_dropzone,
    look_at_links,
)
from oic_assurance.operations.doctor.warehouse import (
    look_at_leftovers,
    look_at_log,
    look_at_logins,
    look_at_migrations,
    look_at_readers,
    look_at_server,
    look_at_tables,
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
    Look("Rights", "logins", look_at_logins, ("rights", "logins")),
    Look("Rights", "readers", look_at_readers, ("rights",)),
    Look("Archive and back-ups", "archive", look_at_archive, ("archive",), needs_warehouse=False),
    Look("Archive and back-ups", "newest batch", look_at_newest_batch, ("archive",)),
    Look("Archive and back-ups", "back-up", look_at_backups, ("backup", "restore")),
    Look("Sources", "databases", look_at_databases, ("drift", "source"), needs_warehouse=False),
    Look("Sources", "dropzone", look_at_dropzone, ("drift", "source"), needs_warehouse=False),
    Look("Runs", "interrupted work", look_at_leftovers, ("leftover",)),
)
#: What the nightly upkeep looks at, because it takes longer with each year.
PROOFS = (
    Look("Proofs", "log of processing", look_at_log, ("log",)),
    Look("Proofs", "published tables", look_at_tables, ("tables",)),
)
