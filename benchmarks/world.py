"""The sources and the warehouse of the landing benchmark, on an embedded server.

The server has its own state folder, so the benchmark changes no other warehouse.
"""

import os
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from oic_assurance.landing.land import ensure_raw_tables
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import admin_url, extract_url
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.programs import bin_dir
from simulator.source_systems import connect_owner, create_sources

DATASET = "rms/occurrence"
TABLE = dataset(DATASET).tables[0]
COLUMNS = TABLE.names
KEY = TABLE.key[0]
RAW = ("raw_law_enforcement", "occurrence")
FILES = "lms/completions"

_FILL = """
    insert into rms.occurrence
    select
        n, '26' || lpad(n::text, 9, '0'), 'OIC_INCIDENT_TYPE_' || n %% 7, '99/' || n %% 90,
        n %% 3 = 0,
        (array['ROAD_POLICING', 'LORRY_DROP', 'PUBLIC_CALL', 'CUSTODY', 'PARTNER'])[1 + n %% 5],
        'DISTRICT_' || lpad((n %% 40)::text, 12, '0'), n %% 9,
        (array['OPEN', 'CLOSED', 'CANCELLED'])[1 + n %% 3],
        moment, moment + interval '1 hour', moment + interval '2 hours',
        moment + interval '3 hours', null
    from (
        select n, timestamptz '2016-01-01' + n * interval '20 seconds' as moment
        from generate_series(1, %s) as n
    ) as numbered
"""


class World:
    """The sources and the warehouse of the landing benchmark.

    The warehouse also has tables for the peers: the simpler loaders that landing is compared with.
    """

    def __init__(self, home: Path) -> None:
        os.environ |= {"ASSURANCE_HOME": str(home)}
        self.settings: Settings = load_settings()
        embedded.start(self.settings)
        migrate(self.settings)
        create_sources(self.settings)
        ensure_raw_tables(self.settings)
        self.source_url = extract_url(self.settings, "rms")
        self.warehouse_url = admin_url(self.settings, "warehouse")
        self.psql = str(bin_dir(self.settings) / "psql")
        os.environ |= {"SOURCE_URL": self.source_url, "WAREHOUSE_URL": self.warehouse_url}

    def fill(self, rows: int) -> None:
        """Replace all incidents in the source with `rows` new incidents of about 160 bytes each."""
        with connect_owner(self.settings, "rms") as connection:
            connection.execute("truncate rms.occurrence")
            connection.execute(_FILL, (rows,))
        self.administrate("rms", "vacuum analyze rms.occurrence")

    def change(self, rows: int, share: float) -> str:
        """Change a share of the incidents, spread evenly over the table.

        The change is dated one day after the latest change in the table. Returns its date and time.
        """
        step = round(1 / share)
        with connect_owner(self.settings, "rms") as connection:
            [since] = connection.execute(
                "select max(updated_at) + interval '1 day' from rms.occurrence"
            ).fetchone() or (None,)
            connection.execute(
                "update rms.occurrence set persons_count = persons_count + 1, updated_at = %s"
                " where occurrence_id %% %s = (select floor(random() * %s))",
                (since, step, step),
            )
        # Without this vacuum, whichever side reads the table first would also have to clean up the
        # old row versions, and would seem slower.
        self.administrate("rms", "vacuum rms.occurrence")
        return str(since)

    def forget(self) -> None:
        """Delete all landed rows and the records of their batches from the warehouse."""
        with psycopg.connect(admin_url(self.settings, "warehouse")) as connection:
            for name in (RAW, ("raw_general", "completion")):
                connection.execute(SQL("truncate {}").format(Identifier(*name)))
            for table in ("rejected_row", "source_cursor", "extraction", "batch"):
                connection.execute(SQL("delete from {}").format(Identifier("audit", table)))
        self.settle()

    def settle(self) -> None:
        """Make the server write its changes to disk now, so that it slows no measured run."""
        self.administrate("warehouse", "checkpoint")

    def make_peer_tables(self) -> None:
        """Create empty tables for the peers. Drop the tables of an earlier call."""
        self.execute(
            """
            drop schema if exists bench cascade;
            create schema bench;
            create table bench.same_shape (like raw_law_enforcement.occurrence including all);
            """
        )
        names = SQL(", ").join(map(Identifier, COLUMNS))
        self.execute(
            SQL(
                """
                create table bench.latest as select {names} from raw_law_enforcement.occurrence
                where false;
                alter table bench.latest add primary key ({key});
                create table bench.completion (
                    employee_no text not null, course_code text not null, module_code text not null,
                    module_version text not null, status text not null, completed_at timestamptz,
                    score numeric
                );
                create table bench.rejected (row_number bigint, reasons text, content text);
                create table bench.completion_shape (like raw_general.completion including all);
                create sequence bench.row_key;
                alter table bench.completion_shape
                    alter force_code set default 'E23000022', alter batch_id set default 1,
                    alter row_number set default 1, alter version_at set default now(),
                    alter landed_at set default now(), alter is_tombstone set default false,
                    alter row_key set default nextval('bench.row_key'),
                    alter row_fingerprint set default '0123456789abcdef'
                """
            ).format(names=names, key=Identifier(KEY))
        )

    def execute(self, statement: str | SQL | Composed) -> None:
        """Run statements in the warehouse as the server's administrator."""
        text = statement.encode() if isinstance(statement, str) else statement
        with psycopg.connect(self.warehouse_url) as connection:
            connection.execute(text)

    def administrate(self, database: str, statement: str) -> None:
        """Run a statement as the server's administrator, outside a transaction."""
        with psycopg.connect(admin_url(self.settings, database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def close(self) -> None:
        """Stop the server."""
        embedded.stop(self.settings)
