"""Every check of health, in the order in which they are shown."""

from functools import partial

from oic_assurance.operations.doctor import machine, programs, sources, warehouse
from oic_assurance.operations.doctor.checks import Check

_without_warehouse = partial(Check, needs_warehouse=False)

BACKUP = Check("Archive and back-ups", "back-up", machine.measure_backups, ("backup", "restore"))
#: What a run and the watch measure.
OFTEN = (
    _without_warehouse("Server", "warehouse", warehouse.measure_server, ()),
    Check("Server", "PostgreSQL", machine.measure_postgres, ("version",)),
    Check("Server", "migrations", warehouse.measure_migrations, ("version",)),
    Check("Server", "clock", machine.measure_clock, ("clock",)),
    _without_warehouse("This machine", "packages", machine.measure_python, ("version",)),
    _without_warehouse("This machine", "disk", machine.measure_disk, ("disk",)),
    _without_warehouse("This machine", "secrets", machine.measure_secrets, ("secrets",)),
    Check("This machine", "keys of hosts", machine.measure_hosts, ("secrets",)),
    _without_warehouse("This machine", "policy", machine.measure_policy, ("policy",)),
    _without_warehouse(
        "Connections", "connections", sources.measure_links, ("connection", "certificate")
    ),
    Check("Rights", "logins", warehouse.measure_logins, ("rights", "logins")),
    Check("Rights", "readers", warehouse.measure_readers, ("rights",)),
    _without_warehouse("Archive and back-ups", "archive", machine.measure_archive, ("archive",)),
    Check("Archive and back-ups", "newest batch", machine.measure_newest_batch, ("archive",)),
    BACKUP,
    _without_warehouse("Sources", "databases", sources.measure_databases, ("drift", "source")),
    _without_warehouse("Sources", "dropzone", sources.measure_dropzone, ("drift", "source")),
    Check("Runs", "interrupted work", warehouse.measure_leftovers, ("leftover",)),
)
#: What the nightly upkeep measures, because it takes longer with each year.
NIGHTLY = (
    Check("Proofs", "log of processing", warehouse.measure_log, ("log",)),
    Check("Proofs", "published tables", warehouse.measure_tables, ("tables",)),
)
#: What only `assurance doctor` measures, because it is only so where a person asks.
HERE = (
    _without_warehouse("Runs", "running commands", programs.measure_commands, ()),
    _without_warehouse("Runs", "notifications", programs.measure_notifications, ("notifications",)),
    _without_warehouse("Airflow", "Airflow", programs.measure_airflow, ("airflow",)),
)
CHECKS = (*OFTEN, *NIGHTLY, *HERE)
