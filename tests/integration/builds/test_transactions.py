"""dbt builds each table in a transaction of its own, also on a connection that it used before."""

from psycopg.sql import SQL, Identifier

from oic_assurance.builds.dbt import run_dbt
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
