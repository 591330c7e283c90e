"""dbt builds each table in a transaction of its own, also on a connection that it used before."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg.sql import SQL, Identifier

from oic_assurance.builds.dbt import ROLE, run_dbt
from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from tests.databases import administrator

SEEDS = ["accountable_body", "point_words", "policy_measure", "policy_staleness"]
#: The transactions that made a table and those that wrote its rows.
TRANSACTIONS = SQL("""
    select xmin::text from pg_type where oid = {}::regtype
    union
    select xmin::text from {}
""")


def test_a_table_is_made_and_filled_in_one_transaction(empty_models: Settings) -> None:
    run_dbt(empty_models, "daily", ["seed", "--threads", "1", "--select", *SEEDS])
    with administrator(empty_models) as connection:
        made = {
            seed: connection.execute(
                TRANSACTIONS.format(f"policy.{seed}", Identifier("policy", seed))
            ).fetchall()
            for seed in SEEDS
        }
    assert all(len(transactions) == 1 for transactions in made.values())
    # The tables do not share one transaction, so a table that is built stays if a later one fails.
    assert len(set(map(str, made.values()))) == len(SEEDS)


def test_models_add_their_foreign_keys_in_one_order(empty_models: Settings) -> None:
    """Two models that are built at the same time would otherwise wait for each other."""
    with administrator(empty_models) as connection:
        keys = connection.execute(
            """
            select conrelid::regclass::text, confrelid::regclass::text
            from pg_constraint
            where contype = 'f' and connamespace::regnamespace::text like 'candidate%'
            order by oid
            """
        ).fetchall()
    referred = {table: [to for one, to in keys if one == table] for table, _ in keys}
    assert max(map(len, referred.values())) > 1
    assert referred == {table: sorted(to) for table, to in referred.items()}


def test_a_deadlock_with_another_session_lets_the_stage_be_retried(empty_models: Settings) -> None:
    command = ["run", "--threads", "1", "--select", "point_dataset"]
    with (
        administrator(empty_models) as other,
        administrator(empty_models, autocommit=True) as watcher,
        ThreadPoolExecutor() as pool,
    ):
        # Only dbt's session finds the deadlock, and not before the other one waits.
        other.execute("set deadlock_timeout = '1h'")
        within = f"in database {other.info.dbname} set deadlock_timeout"
        watcher.execute(f"alter role {ROLE} {within} = '5s'".encode())
        try:
            other.execute("lock table policy.measure_dataset in access exclusive mode")
            building = pool.submit(run_dbt, empty_models, "daily", command)
            while not watcher.execute(
                "select from pg_locks where relation = 'policy.measure_dataset'::regclass"
                " and not granted"
            ).fetchall():
                assert not building.done() or building.result()
                time.sleep(0.05)
            # dbt has dropped the model's old table in its transaction.
            reading = pool.submit(other.execute, "select from policy.point_dataset")
            with pytest.raises(ServerError, match="point_dataset: deadlock detected"):
                building.result()
            reading.result()
        finally:
            watcher.execute(f"alter role {ROLE} {within} to default".encode())
            other.rollback()
    assert [one.succeeded for one in run_dbt(empty_models, "daily", command)] == [True]
