"""Publications and roll-backs do not disturb any kind of reader."""

import psycopg
import pytest
from psycopg import sql

from oic_assurance.publishing.retention import ATTACHED
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.connections import connect, url
from tests.end_to_end.terminal import published_force
from tests.integration.publishing.marts import published
from tests.readers.hold import hold
from tests.readers.kinds import KINDS, PLAIN_KINDS, Reader, Seen
from tests.readers.questions import learn
from tests.readers.report import MOST_RATIO
from tests.readers.trial import trial

QUERIES = {
    "people": "select role, count(*) from marts.dim_officer group by role",
    "referrals by unit": "select u.org_unit_name, count(*) from marts.fct_nccu_referral as f "
    "join marts.dim_org_unit as u using (force_code, org_unit_code) group by u.org_unit_name",
}


def test_readers_of_every_kind_see_one_publication_in_full(fresh_warehouse: Settings) -> None:
    published(fresh_warehouse, scale=20)
    report = trial(
        fresh_warehouse, kinds=list(PLAIN_KINDS), readers=4, publications=3, rollbacks=1,
        quiet=0.2, queries=QUERIES,
    )  # fmt: skip
    assert report.faults == []
    assert all(one.transactions > 1 for one in report.crowd.seen)
    assert {one.kind for one in report.crowd.seen} == set(PLAIN_KINDS)
    assert (report.activity.publications, report.activity.rollbacks) == (3, 1)
    # Readers see five publications: the one that `trial` makes before the readers begin, the three
    # that follow, and the one that waited during the roll-back.
    assert len(report.crowd.publications) == 5


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_a_reader_reports_two_publications_in_one_transaction(
    fresh_warehouse: Settings, kind: str
) -> None:
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
            # Without row security, every generation is visible at once.
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


@pytest.mark.slow
def test_a_long_reader_keeps_its_publication_and_blocks_nothing(fresh_warehouse: Settings) -> None:
    published(fresh_warehouse, scale=40)
    held = hold(fresh_warehouse, seconds=1, publications=5)
    assert held.faults == []
    # Generations that the long reader may still read stay attached until that reader ends.
    assert ATTACHED < held.attached_meanwhile <= 9
    assert held.attached_afterwards == ATTACHED
    # The database grows by less than twice the size of the five generations made meanwhile.
    grown = held.database_bytes[-1] - held.database_bytes[0]
    assert grown < 2 * 5 * held.generation_bytes


@pytest.mark.parametrize(("name", "limit"), [("bi", "15min"), ("warehouse", "12h")])
def test_a_session_left_in_a_transaction_is_ended(
    fresh_warehouse: Settings, name: str, limit: str
) -> None:
    """A session that is idle in a transaction is ended after a time that depends on its login.

    A reader's session is ended after a quarter of an hour, the owner's after twelve hours.
    """
    with psycopg.connect(url(fresh_warehouse, name)) as conn:
        shown = conn.execute("show idle_in_transaction_session_timeout").fetchone()
    assert shown == (limit,)


@pytest.mark.slow
def test_sixteen_readers_notice_no_publication_and_no_rollback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with published_force("2026-01-01") as force:
        monkeypatch.setenv("ASSURANCE_HOME", str(force.home))
        report = trial(
            load_settings(), kinds=list(KINDS), readers=16, publications=50, rollbacks=5, quiet=1.0
        )
    assert report.faults == []
    assert (report.activity.publications, report.activity.rollbacks) == (50, 5)
    assert {one.kind for one in report.crowd.seen if one.transactions} == set(KINDS)
    assert report.ratio <= MOST_RATIO
    assert report.activity.attached_afterwards == ATTACHED
