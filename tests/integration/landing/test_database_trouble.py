"""Problems with source databases: changed tables, outages, cut connections, simultaneous runs."""

import gzip
import hashlib
import json
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from oic_assurance.errors import ServerError, SourceUnavailable
from oic_assurance.sources.databases import copy_out
from oic_assurance.sources.databases.errors import ContractBroken
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.warehouse import connections
from oic_assurance.warehouse.connections import admin_url, connect, extract_url
from simulator.source_systems import connect_owner
from tests.integration.asking import ask
from tests.integration.landing.support import (
    CUSTODY,
    START,
    World,
    at,
    officers,
    put,
    put_many,
)

pytestmark = pytest.mark.usefixtures("empty_sources")


def test_a_changed_source_table_stops_only_its_dataset(world: World) -> None:
    put(world, 1, START)
    alter = "alter table rms.custody_record {}"
    world.rms(alter.format("add column force_doctor text"))
    try:
        report = world.land(CUSTODY)
        assert report.notes == ["undeclared columns, not extracted: force_doctor"]
        assert report.rows_landed == 1
        for change, back, reason in (
            (
                "add column protective_marking text",
                "drop column protective_marking",
                "protective_marking, which may be a protective",
            ),
            (
                "rename column released_at to let_go_at",
                "rename column let_go_at to released_at",
                "has no column released_at",
            ),
            ("alter column detained_at type text", "", "detained_at is text, but timestamptz"),
        ):
            world.rms(alter.format(change))
            with pytest.raises(ContractBroken, match=reason):
                world.land(CUSTODY)
            if back:
                world.rms(alter.format(back))
        assert world.land("rms/occurrence").batches == 0
        world.rms("drop table rms.custody_record")
        with pytest.raises(ContractBroken, match=r"there is no table rms\.rms\.custody_record"):
            world.land(CUSTODY)
    finally:
        world.rms("drop table if exists rms.custody_record")
        world.empty_sources()


def test_an_unreadable_value_does_not_appear_in_the_error(world: World) -> None:
    """If the source is a view, a cast in the view can fail.

    PostgreSQL then quotes the value in its error message, from which landing must remove it.
    """
    put(world, 1, at(0), "Mallard")
    world.rms("alter table rms.custody_record rename to custody_all")
    columns = ", ".join(name for name in dataset(CUSTODY).tables[0].names if name != "custody_id")
    world.rms(
        "create view rms.custody_record as select arresting_officer_no::bigint as custody_id,"
        f" {columns} from rms.custody_all"
    )
    world.rms("grant select on rms.custody_record to public")
    try:
        with pytest.raises(ContractBroken, match="invalid input syntax for type bigint") as caught:
            world.land(CUSTODY)
        [(reason,)] = world.query("select reason from audit.extraction")
        assert "Mallard" not in reason + str(caught.value)
    finally:
        world.rms("drop view rms.custody_record")
        world.rms("drop table rms.custody_all")
        world.empty_sources()


def test_a_row_that_raw_rejects_does_not_appear_in_the_traceback(world: World) -> None:
    """PostgreSQL adds the failing row to its error as a detail.

    Tracebacks are written to the task logs, so they must not contain the detail.
    """
    put(world, 1, at(0))
    world.land(CUSTODY)
    raw = "alter table raw_law_enforcement.custody_record"
    with world.as_owner() as owner:
        owner.execute(f"{raw} add constraint no_mallard check (arresting_officer_no <> 'Mallard')")
    put(world, 1, at(30), "Mallard")
    try:
        with pytest.raises(ServerError, match="violates check constraint") as caught:
            world.land(CUSTODY)
        assert "Mallard" not in "".join(traceback.format_exception(caught.value))
    finally:
        ask(world.settings, f"{raw} drop constraint no_mallard")


def test_a_source_that_is_down_is_recorded_and_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgresql://reader:hidden@127.0.0.1:1/rms")
    with pytest.raises(SourceUnavailable) as caught:
        world.land(CUSTODY)
    assert "hidden" not in str(caught.value)
    [(outcome, reason)] = world.query("select outcome, reason from audit.extraction")
    assert outcome == "failed"
    assert reason == str(caught.value)


@pytest.mark.parametrize("limit", ["lock", "statement"])
def test_a_source_table_that_keeps_landing_waiting_is_given_up_and_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    put(world, 1, at(0))
    monkeypatch.setattr(connections, "SOURCE_LIMITS", {f"{limit}_timeout": "200ms"})
    with connect_owner(world.settings, "rms") as owner:
        owner.execute("lock table rms.custody_record in access exclusive mode")
        with pytest.raises(SourceUnavailable, match=f"due to {limit} timeout"):
            world.land(CUSTODY)
        owner.rollback()
    assert world.land(CUSTODY).rows_landed == 1


@contextmanager
def slow_way_to(host: str, port: int) -> Iterator[int]:
    """Yield a port that passes everything on, but takes no more than a little at a time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        def serve() -> None:
            client, _ = server.accept()
            with client, socket.create_connection((host, port)) as source:
                back = threading.Thread(target=pass_on, args=(source, client, 0.0))
                back.start()
                pass_on(client, source, 0.002)
                back.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(30)


def pass_on(one: socket.socket, other: socket.socket, pause: float) -> None:
    while data := one.recv(65536):
        other.sendall(data)
        time.sleep(pause)
    other.shutdown(socket.SHUT_WR)


def test_a_long_statement_reaches_a_source_that_takes_it_slowly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_out, "READ_TIMEOUT_SECONDS", 5)
    uri = extract_url(world.settings, "rms")
    parts = conninfo_to_dict(uri)
    statement = b"copy (select 1 /*" + b"x" * 12_000_000 + b"*/) to stdout"
    with (
        slow_way_to(str(parts["host"]), int(str(parts["port"]))) as port,
        psycopg.connect(make_conninfo(uri, host="127.0.0.1", port=port)) as source,
    ):
        assert b"".join(copy_out.stream_copy(source, statement)) == b"1\n"


def test_a_cut_connection_leaves_nothing_and_the_next_attempt_succeeds(world: World) -> None:
    put_many(world, 1, 150_000)
    cut = threading.Thread(target=_cut_the_extraction, args=(world,))
    cut.start()
    with pytest.raises(SourceUnavailable, match="rms/custody_record"):
        world.land(CUSTODY)
    cut.join()
    assert world.query("select * from raw_law_enforcement.custody_record") == []
    assert list((world.settings.home / "batches" / CUSTODY).iterdir()) == []
    assert world.land(CUSTODY).rows_landed == 150_000


def _cut_the_extraction(world: World) -> None:
    with psycopg.connect(admin_url(world.settings), autocommit=True) as administrator:
        for _ in range(2000):
            found = administrator.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = 'rms' and query like 'copy%%row_number%%' and state = 'active'"
            ).fetchall()
            if found:
                return
            time.sleep(0.002)


def test_the_extract_is_archived_in_the_documented_format(world: World) -> None:
    put(world, 1, at(0), "a\tb\\", occurrence_ref="26000000001")
    put(world, 2, at(1), " ")
    world.land(CUSTODY)
    straight, looked_at = world.batches(CUSTODY)
    header, rows = archived_extract(world, straight)
    assert header["format"] == "oic-assurance extract 2"
    assert header["copy_format"] == "binary"
    assert header["place"] == "rms.rms.custody_record"
    [row] = rows
    assert row["row_number"] == 1
    assert (row["custody_id"], row["arresting_officer_no"]) == (1, "a\tb\\")
    assert (straight["cursor_from"], straight["cursor_to"]) == (None, at(1))
    assert straight["kind"] == "database"
    assert "@" in straight["landed_by"]
    # The rejected row has a separate batch. Its archived extract has the values as delivered.
    [row] = archived_extract(world, looked_at)[1]
    assert row["arresting_officer_no"] == " "
    assert [looked_at["rows_new"], looked_at["rows_rejected"]] == [0, 1]


def archived_extract(world: World, batch: dict[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
    """Return the header and the rows of an archived extract. PostgreSQL parses the rows."""
    text = gzip.decompress((world.settings.home / batch["kept_as"]).read_bytes())
    first, _, content = text.partition(b"\n")
    assert batch["sha256"] == hashlib.sha256(content).hexdigest()
    assert batch["size_bytes"] == len(content)
    header = json.loads(first.removeprefix(b"# "))
    columns = SQL(", ").join(map(Identifier, header["columns"]))
    with (
        connect(world.settings, role="oic_landing") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        cursor.execute(
            "create temporary table archived as"
            " select * from raw_law_enforcement.custody_record where false"
        )
        statement = SQL("copy archived ({}) from stdin (format {})")
        with cursor.copy(statement.format(columns, SQL(header["copy_format"]))) as copy:
            copy.write(content)
        return header, cursor.execute(SQL("select {} from archived").format(columns)).fetchall()


def test_the_source_is_read_in_one_snapshot(world: World) -> None:
    """During the landing, records get other keys, but the source always has fifty records.

    After each landing, raw must have a state that the source had at one moment. Only twenty of the
    fifty records get other keys: if more than half did, the landing would be refused.
    """
    for key in range(50):
        put(world, key, at(key), "MOVED" if key < 20 else "C1")
    stop = threading.Event()

    def churn() -> None:
        with connect_owner(world.settings, "rms") as connection:
            number = 100
            while not stop.is_set():
                number += 1
                connection.execute(
                    "update rms.custody_record set custody_id = custody_id + 50, updated_at = now()"
                    " where custody_id = (select min(custody_id) from rms.custody_record"
                    " where arresting_officer_no = 'MOVED')"
                )
                connection.commit()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(8):
            world.land(CUSTODY)
            assert len(officers(world)) == 50
    finally:
        stop.set()
        thread.join()


def test_two_runs_at_once_land_each_change_once(world: World) -> None:
    for key in range(200):
        put(world, key, at(key))
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: world.land(CUSTODY), range(3)))
    assert sorted(report.rows_landed for report in reports) == [0, 0, 200]
