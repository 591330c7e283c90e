"""Parameters that several commands have."""

import click

#: An id, or a number of rows. The upper limit is that of PostgreSQL's bigint.
ID = click.IntRange(min=1, max=2**63 - 1)
#: Print the record that the command shows as JSON. The exit code does not change.
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead of the screen."
)
