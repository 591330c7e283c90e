"""What several commands take: ids and limits as the warehouse can hold them."""

import click

#: PostgreSQL's bigint.
ID = click.IntRange(min=1, max=2**63 - 1)
