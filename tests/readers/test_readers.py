"""Readers of every kind do not notice publications and roll-backs."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from oic_assurance.publishing.retention import ATTACHED
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, url
from tests.crash.world import environment_of_tests
from tests.integration.publishing.marts import published
from tests.readers.hold import hold
from tests.readers.kinds import KINDS, PLAIN_KINDS, Reader, Seen
from tests.readers.questions import PROJECT, learn
from tests.readers.report import BAR
from tests.readers.trial import trial

QUERIES = {
    "people": "select role, count(*) from marts.dim_officer group by role",
    "referrals by unit": "select u.name, count(*) from marts.fct_nccu_referral as f "
    "join marts.dim_org_unit as u using (force_code, org_unit_code) group by u.name",
}


def test_readers_of_every_kind_see_one_publication_in_full(fresh_warehouse: Settings) -> None:
    published(fresh_warehouse, scale=40)
    report = trial(
        fresh_warehouse, kinds=list(PLAIN_KINDS), readers=8, publications=3, rollbacks=1,
        quiet=0.2, queries=QUERIES,
    )  # fmt: skip
    assert report.faults == []
    assert all(one.transactions > 1 for one in report.crowd.seen)
    assert {one.kind for one in report.crowd.seen} == set(PLAIN_KINDS)
    assert (report.storm.publications, report.storm.rollbacks) == (3, 1)
    # The first copy, those of the storm, and the one that waited behind the roll-back.
    assert len(report.crowd.publications) == 5


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_a_reader_who_meets_two_publications_says_so(fresh_warehouse: Settings, kind: str) -> None:
    published(fresh_warehouse, scale=4)
    reader_url = url(fresh_warehouse, "bi")
    known = learn(reader_url, QUERIES)
    tool = KINDS[kind]
    reader = Reader(Seen(kind), tool.connect(reader_url), known, tool.place, seed=1)
    for _ in range(3):
        tool.transaction(reader)
    assert (reader.seen.faults, reader.seen.transactions > 2) == ([], True)
    published(fresh_warehouse, scale=4)
    with connect(fresh_warehouse, role="oic_publish") as conn:
        for table in known.rows:
            # As if a policy had been forgotten: every generation is seen at once.
            conn.execute(
                sql.SQL("alter table {} disable row level security").format(
                    sql.Identifier("marts", table)
                )
            )
    for _ in range(3):
        tool.transaction(reader)
    reader.connection.close()
    assert any("publications [1, 2]" in fault for fault in reader.seen.faults)
    assert any("rows" in fault for fault in reader.seen.faults)
    if tool.transaction is not Reader.long_cursor:
        assert any("another answer" in fault for fault in reader.seen.faults)


def test_who_stays_keeps_his_publication_and_blocks_nobody(fresh_warehouse: Settings) -> None:
    published(fresh_warehouse, scale=40)
    held = hold(fresh_warehouse, seconds=1, publications=5)
    assert held.faults == []
    # What he may still look at stays attached, and is set aside once he has gone.
    assert ATTACHED < held.attached_meanwhile <= 9
    assert held.attached_afterwards == ATTACHED
    # It is the generations made meanwhile that take room, and nothing else.
    grown = held.database_bytes[-1] - held.database_bytes[0]
    assert grown < 2 * 5 * held.generation_bytes


@pytest.mark.parametrize("name", ["bi", "public", "warehouse"])
def test_a_session_that_was_forgotten_in_a_transaction_is_ended_one_day(
    fresh_warehouse: Settings, name: str
) -> None:
    with psycopg.connect(url(fresh_warehouse, name)) as conn:
        shown = conn.execute("show idle_in_transaction_session_timeout").fetchone()
    assert shown == ("12h",)


@pytest.mark.slow
def test_sixteen_readers_over_fifty_publications_and_five_rollbacks(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.readers", "--json", str(told)],
        cwd=PROJECT, env=environment_of_tests(), stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    found = json.loads(told.read_text())
    assert found["faults"] == []
    assert (found["publications"], found["rollbacks"]) == (50, 5)
    assert set(found["kinds"]) == set(KINDS)
    assert found["ratio"] <= BAR
    assert found["attached"] == ATTACHED
    assert done.returncode == 0
