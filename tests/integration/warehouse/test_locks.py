"""Locks exclude other stages, end with their holder's session, and cannot be taken by readers."""

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.locks import (
    CANDIDATE,
    KNOWN_BATCHES,
    PUBLISHING,
    Lock,
    dataset_lock,
    held,
    release,
    take,
    take_in_transaction,
    try_in_transaction,
    try_take,
)
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.warehouse.stage_roles import DENIED

PEOPLE = dataset_lock("E23000022", "hr/personnel")


@contextmanager
def session(settings: Settings, *, autocommit: bool = True) -> Iterator[psycopg.Connection]:
    with connect(settings, role="oic_landing", autocommit=autocommit) as connection:
        connection.execute("set lock_timeout = '300ms'")
        if not autocommit:
            connection.commit()
        yield connection


def test_one_session_holds_a_lock_and_the_next_gets_it_afterwards(
    fresh_warehouse: Settings,
) -> None:
    with session(fresh_warehouse) as one, session(fresh_warehouse) as other:
        take(one, PEOPLE)
        assert not try_take(other, PEOPLE)
        with pytest.raises(psycopg.errors.LockNotAvailable, match="hr/personnel"):
            take(other, PEOPLE)
        assert try_take(other, dataset_lock("E23000022", "rms/nccu_referral"))
        # A session may take a lock that it holds again, but must then release it twice.
        take(one, PEOPLE)
        release(one, PEOPLE)
        assert not try_take(other, PEOPLE)
        release(one, PEOPLE)
        assert try_take(other, PEOPLE)
        assert not try_take(one, PEOPLE)


def test_many_hold_a_lock_shared_and_nobody_holds_it_beside_them(fresh_warehouse: Settings) -> None:
    with (
        session(fresh_warehouse) as one,
        session(fresh_warehouse) as other,
        session(fresh_warehouse) as third,
    ):
        with held(one, PEOPLE, shared=True), held(other, PEOPLE, shared=True):
            assert not try_take(third, PEOPLE)
        with held(third, PEOPLE):
            assert not try_take(one, PEOPLE, shared=True)


def test_a_lock_ends_with_its_session_however_that_ends(fresh_warehouse: Settings) -> None:
    with session(fresh_warehouse) as other:
        with contextlib.closing(
            connect(fresh_warehouse, role="oic_landing", autocommit=True)
        ) as killed:
            take(killed, PEOPLE)
            assert not try_take(other, PEOPLE)
            ask(fresh_warehouse, "select pg_terminate_backend(%s, 5000)", killed.info.backend_pid)
        take(other, PEOPLE)
        # An error or a roll-back in the holder's session does not end the lock.
        with pytest.raises(psycopg.errors.DivisionByZero):
            other.execute("select 1 / 0")
        with session(fresh_warehouse) as third:
            assert not try_take(third, PEOPLE)


def test_a_session_that_was_ended_hides_no_error_of_the_block(fresh_warehouse: Settings) -> None:
    """The server died during the block, and the block has failed for that reason elsewhere."""
    for error in (ValueError("the reason"), None):
        with (
            administrator(fresh_warehouse, autocommit=True) as killer,
            session(fresh_warehouse) as killed,
            pytest.raises(ValueError, match="the reason") if error else contextlib.nullcontext(),
            held(killed, PEOPLE),
        ):
            killer.execute("select pg_terminate_backend(%s, 5000)", (killed.info.backend_pid,))
            if error is not None:
                raise error
        assert killed.closed


def test_a_lock_of_a_transaction_ends_with_it(fresh_warehouse: Settings) -> None:
    with session(fresh_warehouse, autocommit=False) as one, session(fresh_warehouse) as other:
        with held(other, PEOPLE):
            pass  # Taking the lock once creates its row.
        take_in_transaction(one, PEOPLE, shared=True)
        assert not try_take(other, PEOPLE)
        assert try_take(other, PEOPLE, shared=True)
        release(other, PEOPLE, shared=True)
        one.rollback()
        take(other, PEOPLE)
        assert not try_in_transaction(one, PEOPLE, shared=True)
        with pytest.raises(psycopg.errors.LockNotAvailable, match="hr/personnel"):
            take_in_transaction(one, PEOPLE)
        one.rollback()
        release(other, PEOPLE)
        assert try_in_transaction(one, PEOPLE)
        one.rollback()


def test_two_transactions_exclude_each_other(fresh_warehouse: Settings) -> None:
    """A build waits for a replay, but two replays do not wait for each other."""
    with (
        session(fresh_warehouse, autocommit=False) as one,
        session(fresh_warehouse, autocommit=False) as other,
    ):
        take_in_transaction(one, KNOWN_BATCHES, shared=True)
        take_in_transaction(other, KNOWN_BATCHES, shared=True)
        other.rollback()
        assert not try_in_transaction(other, KNOWN_BATCHES)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            take_in_transaction(other, KNOWN_BATCHES)


def test_a_lock_of_a_session_is_refused_inside_a_transaction(fresh_warehouse: Settings) -> None:
    """Other sessions would not see the lock before the commit."""
    with (
        session(fresh_warehouse) as one,
        pytest.raises(psycopg.errors.ActiveSqlTransaction),
        one.transaction(),
    ):
        take(one, PEOPLE)


def test_a_lock_keeps_no_transaction_open(fresh_warehouse: Settings) -> None:
    with session(fresh_warehouse) as one, administrator(fresh_warehouse) as other:
        take(one, PEOPLE)
        held_back = other.execute(
            "select backend_xid is null and backend_xmin is null, state "
            "from pg_stat_activity where pid = %s",
            (one.info.backend_pid,),
        ).fetchone()
        assert held_back == (True, "idle")
        names = other.execute("select lock_name, login from locks.held").fetchall()
        assert names == [(PEOPLE.name, "oic_landing")]


def test_two_sessions_that_try_at_once_never_both_get_the_lock(fresh_warehouse: Settings) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def work(_: int) -> None:
        nonlocal inside, most
        with connect(fresh_warehouse, role="oic_landing", autocommit=True) as connection:
            for _ in range(15):
                with held(connection, PEOPLE):
                    with guard:
                        inside += 1
                        most = max(most, inside)
                    time.sleep(0.001)
                    with guard:
                        inside -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert (inside, most) == (0, 1)


@pytest.mark.parametrize("lock", [PEOPLE, PUBLISHING, CANDIDATE, Lock("anything else")])
def test_no_reader_can_take_or_see_a_lock(fresh_warehouse: Settings, lock: Lock) -> None:
    with psycopg.connect(url(fresh_warehouse, "bi"), autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        for attack in (
            "select locks.try_take(%s, false)",
            "select locks.take_in_transaction(%s, false)",
            "select locks.release(%s, false)",
            "select from locks.lock where lock_name = %s for update",
            "delete from locks.holder where lock_name = %s",
            "select from locks.held where lock_name = %s",
        ):
            with pytest.raises(DENIED):
                reader.execute(attack.encode(), (lock.name,))
        with pytest.raises(DENIED), reader.transaction():
            reader.execute("lock table locks.lock in access share mode")


def test_a_stage_takes_only_the_locks_of_its_own_work(fresh_warehouse: Settings) -> None:
    """The login decides which locks may be taken, so `set role` cannot get another stage's lock."""
    name = "landing_alone_for_a_test"
    ask(fresh_warehouse, f"create role {name} login password 'x' in role oic_landing")
    try:
        with psycopg.connect(
            url(fresh_warehouse, "warehouse"), user=name, password="x", autocommit=True
        ) as landing:
            take(landing, PEOPLE)
            for lock in (PUBLISHING, CANDIDATE, Lock("anything else")):
                with pytest.raises(DENIED, match="may not take the lock"):
                    try_take(landing, lock)
    finally:
        ask(fresh_warehouse, f"drop role {name}")
