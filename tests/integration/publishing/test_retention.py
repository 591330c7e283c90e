"""Old generations are detached, attached again and erased, but never while a reader uses them."""

from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest
from psycopg import sql

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing import retention
from oic_assurance.publishing.generations import Part, read_parts
from oic_assurance.publishing.maintenance import tidy
from oic_assurance.publishing.publication import list_publications, sole_publisher
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.retention import detach_old
from oic_assurance.publishing.rollback import rollback
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.databases import Prepared, administrator
from tests.integration.asking import ask
from tests.integration.publishing.marts import (
    TABLES,
    as_reader,
    audit,
    make_candidates,
    open_build,
    published,
)


def places(settings: Settings) -> dict[int, tuple[int, int]]:
    """Return the numbers of attached and detached tables of each generation."""
    with connect(settings, role="oic_publish") as conn:
        rows = conn.execute(
            """
            select substring(relname from '[0-9]+$')::int, count(*) filter (where relispartition),
                count(*) filter (where not relispartition)
            from pg_class
            where relnamespace = 'generation'::regnamespace and relkind = 'r'
            group by 1
            """
        ).fetchall()
    return {publication: (attached, alone) for publication, attached, alone in rows}


def check_seen(settings: Settings, publication: int, rows: int) -> None:
    """Check that readers see exactly the rows of a publication in every table."""
    with as_reader(settings, "bi") as conn:
        for table in [table for place, table in TABLES if place == "candidate"]:
            seen = conn.execute(
                sql.SQL("select min(publication_id), max(publication_id), count(*) from {}").format(
                    sql.Identifier("marts", table)
                )
            ).fetchone()
            assert seen == (publication, publication, rows)


def publish_five(settings: Settings) -> None:
    for scale in range(1, 6):
        published(settings, scale=scale)


@pytest.fixture
def five(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse with publications 1 to 5. Their tables have 10, 20, 30, 40 and 50 rows."""
    with prepared.copy(publish_five) as settings:
        yield settings


def test_a_few_stay_attached_more_are_detached_and_the_rest_is_erased(five: Settings) -> None:
    done = detach_old(five, attached=2, keep=4)
    assert (done.detached, done.erased, done.put_off) == ([1, 2, 3], [1], None)
    assert places(five) == {
        2: (0, len(TABLES)),
        3: (0, len(TABLES)),
        4: (len(TABLES), 0),
        5: (len(TABLES), 0),
    }
    check_seen(five, 5, 50)
    # A detached table has no foreign key to a table that readers use.
    with administrator(five) as conn:
        keys = conn.execute(
            "select conname from pg_constraint as k join pg_class as c on c.oid = k.conrelid "
            "where c.relnamespace = 'generation'::regnamespace and not c.relispartition "
            "and k.contype = 'f'"
        ).fetchall()
        log = conn.execute("select what from audit.processing_log where action = 'erasure'")
        assert log.fetchall() == [("the tables of publication 1, which are no longer kept",)]
    assert keys == []
    again = detach_old(five, attached=2, keep=4)
    assert (again.detached, again.erased, again.put_off) == ([], [], None)
    assert len(list_publications(five)) == 5


def test_by_default_a_week_stays_attached_and_tables_get_statistics_once(five: Settings) -> None:
    def analysed() -> dict[str, datetime]:
        statistics = "select relname, last_analyze from pg_stat_all_tables"
        return {name: at for name, at in ask(five, statistics) if at is not None}

    done = tidy(five)
    assert (done.detached, done.erased, done.put_off) == ([], [], None)
    before = analysed()
    assert {"dim_officer", "dim_officer__5", "public__assurance_measure__5"} <= set(before)
    tidy(five)
    assert analysed() == before


def test_the_current_publication_is_never_detached(five: Settings) -> None:
    rollback(five, 3, "a wrong file was delivered on Monday")
    assert detach_old(five, attached=1, keep=1).detached == [1, 2, 4]
    check_seen(five, 3, 30)


def test_a_roll_back_attaches_a_detached_generation(five: Settings) -> None:
    detach_old(five, attached=1)
    # A model has got a new column since the old publication.
    build = open_build(five)
    make_candidates(five, build)
    with connect(five, role="oic_transform") as conn:
        conn.execute("alter table candidate.fct_oic_incident add column district_code text")
    audit(five, build)
    publish(five, build)
    rollback(five, 2, "the newest is wrong")
    check_seen(five, 2, 20)
    assert places(five)[2] == (len(TABLES), 0)
    with (
        connect(five, role="oic_publish") as conn,
        pytest.raises(psycopg.errors.ForeignKeyViolation),
    ):
        conn.execute("delete from marts.dim_officer where publication_id = 2")


def test_an_impossible_roll_back_gives_the_reason(five: Settings) -> None:
    detach_old(five, attached=1, keep=3)
    with pytest.raises(AssuranceError, match="publication 1 are no longer kept"):
        rollback(five, 1, "too late")
    with pytest.raises(UsageError, match="no publication 99"):
        rollback(five, 99, "no such thing")
    with pytest.raises(UsageError, match="needs a reason"):
        rollback(five, 4, " ")
    assert rollback(five, 5, "it is current already").is_current
    check_seen(five, 5, 50)


def test_a_reader_of_an_old_generation_keeps_it_until_done(five: Settings) -> None:
    with as_reader(five, "bi") as early:
        # The reader has a snapshot of the old publication, but no lock on any of its tables yet.
        early.execute("select 1")
        published(five)
        done = detach_old(five, attached=1, patience=0.3)
        assert done.detached == [1, 2, 3, 4]
        assert done.put_off == "1 readers still see publication 5"
        seen = early.execute("select distinct publication_id from marts.dim_officer").fetchall()
        assert seen == [(5,)]
        # A publication does not wait for the reader.
        published(five)
    assert detach_old(five, attached=1).detached == [5, 6]
    check_seen(five, 7, 10)


def test_retention_waits_for_a_reader_without_disturbing_it(five: Settings) -> None:
    with as_reader(five, "bi") as reader:
        reader.execute("select count(*) from marts.dim_officer")
        reader.execute("select count(*) from marts.fct_nccu_referral")
        done = detach_old(five, attached=1, patience=0.3)
        assert done.put_off is not None
        assert done.put_off.startswith("readers are using ")
        assert done.detached == []
        assert reader.execute("select count(*) from marts.fct_nccu_referral").fetchone() == (50,)
        # A half-detached generation blocks no publication, and a roll-back can attach it again.
        published(five, scale=6)
        reader.commit()
        rollback(five, 1, "to see that it is whole")
        check_seen(five, 1, 10)
    rollback(five, 6, "done looking")
    assert detach_old(five, attached=1).detached == [1, 2, 3, 4, 5]
    check_seen(five, 6, 60)


def test_an_interrupted_detachment_is_finished(five: Settings) -> None:
    with as_reader(five, "bi") as reader:
        reader.execute("select count(*) from marts.fct_product")
        with connect(five, role="oic_publish", autocommit=True) as conn:
            conn.execute("set statement_timeout = '300ms'")
            with pytest.raises(psycopg.errors.QueryCanceled):
                conn.execute(
                    "alter table marts.fct_product detach partition generation.fct_product__1 "
                    "concurrently"
                )
    assert detach_old(five, attached=4).detached == [1]
    assert places(five)[1] == (0, len(TABLES))
    check_seen(five, 5, 50)


def test_retention_is_put_off_during_a_publication(five: Settings) -> None:
    with sole_publisher(five, patience="1s"):
        assert detach_old(five, attached=1).put_off == "a publication is under way"
    assert places(five)[1] == (len(TABLES), 0)


def test_all_tables_are_not_listed_again_for_each_kept_generation(
    five: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = 0

    def counting(conn: psycopg.Connection, name: str | None = None, **which: bool) -> list[Part]:
        nonlocal listed
        listed += name is None and not which.get("only_pending", False)
        return read_parts(conn, name, **which)

    monkeypatch.setattr(retention, "read_parts", counting)
    assert detach_old(five, attached=4).detached == [1]
    of_one, listed = listed, 0
    assert detach_old(five, attached=1).detached == [2, 3, 4]
    assert listed == of_one
