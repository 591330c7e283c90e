"""The warehouse's server, connections, roles, migrations, locks and helpers for rows."""
