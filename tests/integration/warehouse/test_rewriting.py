"""What is left of erased values is removed without holding up a build."""

import time
from concurrent.futures import ThreadPoolExecutor

from oic_assurance.settings import Settings
from oic_assurance.warehouse.rewriting import leave_no_trace
from tests.databases import administrator

WAITING = """
select pid from pg_locks
where relation = 'marts.publication'::regclass and mode = 'ShareUpdateExclusiveLock' and not granted
"""
HELD = """
select relation::regclass::text from pg_locks
where pid = %s and mode = 'ShareUpdateExclusiveLock' and granted
    and relation <> 'marts.publication'::regclass
"""


def test_one_table_is_locked_while_samples_are_forgotten(fresh_warehouse: Settings) -> None:
    """A build locks several tables, so a session that kept several locks could deadlock with it."""
    with (
        administrator(fresh_warehouse) as build,
        administrator(fresh_warehouse, autocommit=True) as watcher,
        ThreadPoolExecutor() as pool,
    ):
        build.execute("lock table marts.publication in share row exclusive mode")
        forgetting = pool.submit(leave_no_trace, fresh_warehouse, [])
        while not (waiting := watcher.execute(WAITING).fetchone()):
            assert not forgetting.done()
            time.sleep(0.05)
        assert watcher.execute(HELD, waiting).fetchall() == []
        build.rollback()
        assert forgetting.result() is None
