"""A simple loader, used as landing's peer. It keeps only the latest state of each record.

`python -m benchmarks.upsert SINCE`

The loader copies the rows that have changed since SINCE into a temporary table, with a binary COPY.
Then it inserts them into the table `bench.latest`, or updates them there (insert on conflict). Most
loaders work in this way. They miss deleted records, and keep no versions or batches. The
environment variables SOURCE_URL and WAREHOUSE_URL are the addresses of the databases.
"""

import os
import sys

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from benchmarks.world import COLUMNS, KEY


def main(since: str) -> None:
    """Copy the rows that have changed in the source since `since` into `bench.latest`."""
    names = SQL(", ").join(map(Identifier, COLUMNS))
    others = [name for name in COLUMNS if name != KEY]
    with (
        psycopg.connect(os.environ["SOURCE_URL"]) as source,
        psycopg.connect(os.environ["WAREHOUSE_URL"]) as warehouse,
    ):
        warehouse.execute(
            "create temporary table changed (like bench.latest including defaults) on commit drop"
        )
        changed = SQL(
            "copy (select {} from rms.occurrence where updated_at >= {}) to stdout (format binary)"
        ).format(names, Literal(since))
        taken = SQL("copy changed ({}) from stdin (format binary)").format(names)
        with source.cursor().copy(changed) as rows, warehouse.cursor().copy(taken) as into:
            for row in rows:
                into.write(row)
        warehouse.execute(
            SQL(
                "insert into bench.latest as old ({names}) select {names} from changed"
                " on conflict ({key}) do update set {set} where ({old}) is distinct from ({new})"
            ).format(
                names=names,
                key=Identifier(KEY),
                set=SQL(", ").join(
                    SQL("{} = {}").format(Identifier(n), Identifier("excluded", n)) for n in others
                ),
                old=SQL(", ").join(Identifier("old", n) for n in others),
                new=SQL(", ").join(Identifier("excluded", n) for n in others),
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
