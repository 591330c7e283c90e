"""Make candidates without dbt: copy the published tables and give the copies a new build number."""

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from oic_assurance.builds.record import Build, get_build
from oic_assurance.publishing.catalogue import Table, read_tables, referenced_first
from oic_assurance.publishing.publication import Publication, find_current
from oic_assurance.publishing.schemas import GENERATION, KEY, PUBLISHED_SCHEMAS, PublishedSchema
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.integration.publishing.marts import audit


@dataclass(frozen=True)
class Copier:
    """Makes candidates by copying a publication.

    The copies have keys, comments and statistics, like tables built by dbt.
    """

    settings: Settings
    original: Publication
    tables: tuple[tuple[PublishedSchema, Table], ...]

    @classmethod
    def of_current(cls, settings: Settings) -> "Copier":
        """Return a copier that copies the current publication."""
        with connect(settings, role="oic_publish") as conn:
            original = find_current(conn)
            assert original is not None, "nothing is published"
            tables = tuple(
                (schema, table)
                for schema in PUBLISHED_SCHEMAS
                for table in referenced_first(read_tables(conn, schema.parents).values())
                if table.kind == "p"
            )
        return cls(settings, original, tables)

    def make(self) -> Build:
        """Make a candidate, and record that it passed the gate.

        Returns the candidate's build, which the caller can publish.
        """
        with connect(self.settings, role="oic_transform") as conn:
            build = self._open_build(conn)
            for schema, table in self.tables:
                conn.execute(self._copying(schema, table, build.build_id))
        audit(self.settings, build)
        return build

    def _open_build(self, conn: psycopg.Connection) -> Build:
        row = conn.execute(
            """
            insert into audit.build (
                run_id, as_at, known_batch_id, purpose, schema_prefix, input_fingerprint,
                code_version, candidate_since
            )
            select gen_random_uuid()::text, as_at, known_batch_id, 'daily', '', 'a copy', '0',
                clock_timestamp()
            from audit.build
            where build_id = %s
            returning build_id, run_id, as_at
            """,
            (self.original.publication_id,),
        ).fetchone()
        assert row is not None
        conn.execute("insert into audit.run (run_id, as_at) values (%s, %s)", row[1:])
        return get_build(conn, row[0])

    def _copying(self, schema: PublishedSchema, table: Table, build_id: int) -> sql.Composed:
        """Return the statements that copy one table to the candidate.

        Foreign keys are added after the rows, because that is faster.
        """
        place = sql.Identifier(schema.candidate, table.name)
        names = [sql.Identifier(column.name) for column in table.columns if column.name != KEY]
        keys = [
            sql.SQL("alter table {} add foreign key ({}) references {} ({})").format(
                place,
                _listed(own for own, _ in key.pairs),
                sql.Identifier(schema.candidate, key.target[1]),
                _listed(theirs for _, theirs in key.pairs),
            )
            for key in table.foreign_keys
        ]
        return sql.SQL("; ").join(
            [
                sql.SQL("create schema if not exists {}").format(sql.Identifier(schema.candidate)),
                sql.SQL("drop table if exists {} cascade").format(place),
                sql.SQL("create table {} (like {} including comments)").format(
                    place, sql.Identifier(schema.parents, table.name)
                ),
                sql.SQL("insert into {} ({key}, {names}) select {id}, {names} from {}").format(
                    place,
                    sql.Identifier(
                        GENERATION, schema.partition(table.name, self.original.publication_id)
                    ),
                    key=sql.Identifier(KEY),
                    names=sql.SQL(", ").join(names),
                    id=sql.Literal(build_id),
                ),
                sql.SQL("alter table {} add primary key ({})").format(
                    place, _listed(table.primary_key)
                ),
                sql.SQL("analyze {}").format(place),
                *keys,
            ]
        )


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)
