"""Withheld narratives and source identities are nowhere in the state folder or the warehouse.

No mart contains officer numbers.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.end_to_end.terminal import Terminal

SAMPLE = 200
BLOCK = 4 * 1024 * 1024


def secrets_of_intelligence(terminal: Terminal) -> list[str]:
    """Return a random sample of the narratives and source identities in the intelligence system."""
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
    """Yield every file of the state folder except the files of the server.

    The server also has the source databases, so its files contain withheld data.
    """
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


def test_the_server_log_holds_no_narrative_and_no_source(
    terminal: Terminal, server_log: Path, first_run: str
) -> None:
    """The server writes its log as JSON. The log of its start is in the folder `log`.

    JSON writes some characters as escapes, so the test searches both the lines and the values that
    the lines contain.
    """
    started = [path for path in (terminal.home / "log").rglob("postgres*") if path.is_file()]
    files = sorted(server_log.glob("*.json"))
    assert started
    assert files
    lines = [line for path in files for line in path.read_text(errors="replace").splitlines()]
    entries = [json.loads(line) for line in lines]
    assert {"warehouse", "intelligence"} <= {entry.get("dbname") for entry in entries}
    texts = [path.read_text(errors="replace") for path in (*started, *server_log.glob("*.log"))]
    texts += lines
    texts += [str(value) for entry in entries for value in entry.values()]
    log = "\n".join(texts)
    assert not [text for text in secrets_of_intelligence(terminal) if text in log]


def test_no_column_of_the_warehouse_holds_a_narrative_or_a_source(
    terminal: Terminal, first_run: str
) -> None:
    wanted = secrets_of_intelligence(terminal)
    with psycopg.connect(terminal.url("admin")) as warehouse:
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
    with psycopg.connect(terminal.url("admin")) as warehouse:
        columns = [
            (schema, table, column)
            for schema, table, column in text_columns(warehouse)
            if schema in {"marts", "public_draft", "public_release", "generation"}
        ]
        assert len(columns) > 20
        for schema, table, column in columns:
            found = warehouse.execute(
                sql.SQL(
                    "select count(*) from {} where {}::text in (select identifier "
                    "from identity.pseudonym)"
                ).format(sql.Identifier(schema, table), sql.Identifier(column))
            ).fetchone()
            assert found == (0,), f"{schema}.{table}.{column}"


def test_logins_without_pseudonyms_find_no_number_beside_one(
    terminal: Terminal, first_run: str
) -> None:
    """No login may read a table with a pseudonym and the officer's number in the same row.

    The only exceptions are logins that may read `identity.pseudonym`. The test checks the text
    columns of all tables and views, not only columns with the usual names.
    """
    with psycopg.connect(terminal.url("admin")) as warehouse:
        relations = warehouse.execute(
            """
            select n.nspname, r.relname, array_agg(a.attname::text),
                array(
                    select rolname::text from pg_roles as who
                    where
                        has_schema_privilege(who.oid, n.oid, 'usage')
                        and has_table_privilege(who.oid, r.oid, 'select')
                        and not has_table_privilege(who.oid, 'identity.pseudonym', 'select')
                )
            from pg_class as r
            inner join pg_namespace as n on r.relnamespace = n.oid
            inner join pg_attribute as a on r.oid = a.attrelid
            where
                n.nspname !~ '^pg_|^information_schema$' and r.relkind in ('r', 'v', 'm', 'p')
                and a.attnum > 0 and not a.attisdropped
                and format_type(a.atttypid, null) in ('text', 'character varying')
            group by n.oid, n.nspname, r.oid, r.relname
            """
        ).fetchall()
        seen = [relation for relation in relations if relation[3]]
        assert len(seen) > 50
        found = []
        for schema, name, columns, roles in seen:
            for key in columns:
                if _beside(warehouse, (schema, name), key, columns):
                    found.append((f"{schema}.{name}", key, roles))
    assert found == []


def _beside(
    warehouse: psycopg.Connection, relation: tuple[str, str], key: str, columns: list[str]
) -> bool:
    """Return whether any row has a pseudonym in column `key` and the same officer's number."""
    held = sql.SQL("select exists (select from {} as t inner join identity.pseudonym as p on {})")
    is_key = sql.SQL("p.officer_key = t.{}").format(sql.Identifier(key))
    names = sql.Identifier(*relation)
    if warehouse.execute(held.format(names, is_key)).fetchone() != (True,):
        return False
    numbers = sql.SQL(" or ").join(
        sql.SQL("p.identifier = t.{}").format(sql.Identifier(column)) for column in columns
    )
    both = sql.SQL("{} and ({})").format(is_key, numbers)
    return warehouse.execute(held.format(names, both)).fetchone() == (True,)
