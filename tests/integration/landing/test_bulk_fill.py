"""A raw table that looks empty can be about to get rows of another force."""

import time
from concurrent.futures import ThreadPoolExecutor

from oic_assurance.landing.land import landing_session, lock_and_prepare
from oic_assurance.landing.raw_tables import MANY_ROWS, bulk_fill
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.support import World

COMPLETIONS = dataset("lms/completions")
OF_ANOTHER_FORCE = """
    insert into raw_general.completion
        (force_code, batch_id, row_key, version_at, landed_at, is_tombstone)
    values ('E23000099', 1, 'key', now(), now(), false)
"""


def test_a_bulk_fill_keeps_rows_that_are_being_committed(world: World) -> None:
    with landing_session(world.settings) as connection:
        lock_and_prepare(connection, world.settings, COMPLETIONS)

    def fill() -> bool:
        with (
            landing_session(world.settings) as connection,
            connection.transaction(),
            bulk_fill(connection, COMPLETIONS, COMPLETIONS.tables[0], MANY_ROWS) as is_empty,
        ):
            return is_empty

    with ThreadPoolExecutor(1) as pool:
        with world.as_owner() as other:
            other.execute(OF_ANOTHER_FORCE)
            filled = pool.submit(fill)
            deadline = time.monotonic() + 30
            while not world.one("select exists (select from pg_locks where not granted)"):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        assert filled.result() is False
    assert world.one("select count(*) from raw_general.completion") == 1
