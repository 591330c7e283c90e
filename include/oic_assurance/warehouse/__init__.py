"""Access to the warehouse: its server, connections, roles, migrations, locks, and reading rows."""
