"""The looks of this room, in the order in which they are shown."""

from oic_assurance.operations.doctor.archive import look_at_archive, look_at_newest_batch
from oic_assurance.operations.doctor.disk import look_at_disk
from oic_assurance.operations.doctor.drift import look_at_databases, look_at_dropzone
from oic_assurance.operations.doctor.finding import Look
from oic_assurance.operations.doctor.host_secrets import look_at_hosts
from oic_assurance.operations.doctor.leftovers import look_at_leftovers
from oic_assurance.operations.doctor.links import look_at_links
from oic_assurance.operations.doctor.restores import look_at_backups
from oic_assurance.operations.doctor.rights import look_at_logins, look_at_readers
from oic_assurance.operations.doctor.secret_files import look_at_secrets
from oic_assurance.operations.doctor.server import look_at_clock, look_at_server
from oic_assurance.operations.doctor.versions import (
    look_at_migrations,
    look_at_postgres,
    look_at_python,
)

LOOKS = (
    Look("Server", "warehouse", look_at_server),
    Look("Server", "PostgreSQL", look_at_postgres, needs_warehouse=True),
    Look("Server", "migrations", look_at_migrations, needs_warehouse=True),
    Look("Server", "clock", look_at_clock, needs_warehouse=True),
    Look("This machine", "packages", look_at_python),
    Look("This machine", "disk", look_at_disk),
    Look("This machine", "secrets", look_at_secrets),
    Look("This machine", "keys of hosts", look_at_hosts, needs_warehouse=True),
    Look("Connections", "connections", look_at_links),
    Look("Rights", "logins", look_at_logins, needs_warehouse=True),
    Look("Rights", "readers", look_at_readers, needs_warehouse=True),
    Look("Archive and back-ups", "archive", look_at_archive),
    Look("Archive and back-ups", "newest batch", look_at_newest_batch, needs_warehouse=True),
    Look("Archive and back-ups", "back-up", look_at_backups, needs_warehouse=True),
    Look("Sources", "databases", look_at_databases),
    Look("Sources", "dropzone", look_at_dropzone),
    Look("Runs", "interrupted work", look_at_leftovers, needs_warehouse=True),
)
