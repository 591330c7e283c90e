"""The views of schema `state` are made anew while sessions read them."""

import time
from concurrent.futures import ThreadPoolExecutor

from oic_assurance.settings import Settings
from oic_assurance.state.apply import apply_state
from tests.databases import administrator

DROPPED = """
select held.relation::regclass::text
from pg_locks as waiting
inner join pg_locks as held using (pid)
where waiting.relation = 'state.backup'::regclass and not waiting.granted
    and held.mode = 'AccessExclusiveLock' and held.granted
    and held.relation::regclass::text like 'state.%'
"""


def test_a_deadlock_with_a_reader_lets_the_views_be_made_again(fresh_warehouse: Settings) -> None:
    made = "select obj_description('state'::regnamespace, 'pg_namespace')"
    with (
        administrator(fresh_warehouse) as reader,
        administrator(fresh_warehouse, autocommit=True) as watcher,
        ThreadPoolExecutor() as pool,
    ):
        current = watcher.execute(made).fetchone()
        watcher.execute("comment on schema state is 'made from older code'")
        # Only the session that makes the views finds the deadlock.
        reader.execute("set deadlock_timeout = '1h'")
        reader.execute("select from state.backup")
        making = pool.submit(apply_state, fresh_warehouse)
        while not (dropped := watcher.execute(DROPPED).fetchone()):
            assert not making.done()
            time.sleep(0.02)
        reader.execute(f"select from {dropped[0]}".encode())
        reader.rollback()
        assert making.result() is None
        assert watcher.execute(made).fetchone() == current
