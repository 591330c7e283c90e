"""What is never extracted is nowhere: narratives, source identities; no officer number in marts."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.end_to_end.terminal import Terminal

SAMPLE = 200
BLOCK = 4 * 1024 * 1024


def secrets_of_intelligence(terminal: Terminal) -> list[str]:
    """Return narratives and source identities as the source holds them."""
    with psycopg.connect(terminal.url("intelligence")) as source:
        rows = source.execute(
            "select narrative, source_identity from intel.report order by random() limit %s",
            [SAMPLE],
        ).fetchall()
    found = {text for row in rows for text in row if text}
    assert len(found) > SAMPLE / 4
    assert min(map(len, found)) > 5
    return sorted(found)


def state_files(home: Path) -> Iterator[Path]:
    """Return every file of the state but the server's own, which holds the source database too."""
    for path in home.rglob("*"):
        if path.is_file() and "postgres" not in path.relative_to(home).parts:
            yield path


def text_columns(warehouse: psycopg.Connection) -> list[tuple[str, str, str]]:
    return warehouse.execute(
        """
        select c.table_schema, c.table_name, c.column_name
        from information_schema.columns as c
        inner join information_schema.tables as t using (table_schema, table_name)
        where
            c.table_schema not in ('pg_catalog', 'information_schema')
            and t.table_type = 'BASE TABLE'
            and c.data_type in ('text', 'character varying', 'jsonb', 'ARRAY')
        """
    ).fetchall()


def test_no_file_of_the_state_holds_a_narrative_or_a_source(
    terminal: Terminal, first_run: str
) -> None:
    wanted = [text.encode() for text in secrets_of_intelligence(terminal)]
    longest = max(map(len, wanted))
    searched = 0
    for path in state_files(terminal.home):
        searched += 1
        with path.open("rb") as file:
            rest = b""
            while block := file.read(BLOCK):
                held = rest + block
                assert not [text for text in wanted if text in held], path
                rest = held[-longest:]
    assert searched > 20


def test_the_server_log_holds_none_either(terminal: Terminal, first_run: str) -> None:
    log = (terminal.home / "log" / "postgres.log").read_text(errors="replace")
    assert not [text for text in secrets_of_intelligence(terminal) if text in log]


def test_no_column_of_the_warehouse_holds_a_narrative_or_a_source(
    terminal: Terminal, first_run: str
) -> None:
    wanted = secrets_of_intelligence(terminal)
    with psycopg.connect(terminal.url("warehouse")) as warehouse:
        columns = text_columns(warehouse)
        assert len(columns) > 100
        for schema, table, column in columns:
            found = warehouse.execute(
                sql.SQL(
                    "select count(*) from {} where exists "
                    "(select from unnest(%s::text[]) as s (t) where position(s.t in {}::text) > 0)"
                ).format(sql.Identifier(schema, table), sql.Identifier(column)),
                [wanted[:40]],
            ).fetchone()
            assert found == (0,), f"{schema}.{table}.{column}"


def test_no_mart_holds_an_officer_s_number(terminal: Terminal, first_run: str) -> None:
    with psycopg.connect(terminal.url("warehouse")) as warehouse:
        for schema, table, column in text_columns(warehouse):
            if schema not in {"marts", "public_release", "generation"}:
                continue
            found = warehouse.execute(
                sql.SQL(
                    "select count(*) from {} where {}::text in (select identifier "
                    "from identity.pseudonym)"
                ).format(sql.Identifier(schema, table), sql.Identifier(column))
            ).fetchone()
            assert found == (0,), f"{schema}.{table}.{column}"
