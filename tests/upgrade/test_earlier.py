"""An upgrade gives the warehouse all migrations, or changes nothing and says what is in the way."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from oic_assurance import __version__
from oic_assurance.errors import ServerError
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import url
from oic_assurance.warehouse.rows import relation_exists
from oic_assurance.warehouse.versions import BASELINE
from tests.databases import administrator
from tests.integration.warehouse.stage_roles import add_migration
from tests.upgrade.earlier import SUPERVISOR, copy, upgrade
from tests.upgrade.interrupted import schema

pytestmark = pytest.mark.usefixtures("warehouse")

_MART = b"select value from assurance_measure"


@pytest.fixture
def warehouse(earlier: None) -> Iterator[None]:
    """A copy of the earlier state."""
    with copy("warehouse_upgraded"):
        yield


def run(statement: str) -> None:
    with administrator(load_settings()) as session:
        session.execute(statement.encode())


def exists(relation: str) -> bool:
    with administrator(load_settings()) as session:
        return relation_exists(session, relation)


def as_supervisor() -> psycopg.Connection:
    place = conninfo_to_dict(url(load_settings(), "bi")) | {
        "user": SUPERVISOR,
        "password": SUPERVISOR,
    }
    return psycopg.connect(libpq_uri({key: str(value) for key, value in place.items()}))


def refused(match: str) -> None:
    """Check that the upgrade is refused with this line, and has changed nothing."""
    before = schema()
    with pytest.raises(ServerError, match=match) as error:
        upgrade()
    assert "Nothing was changed." in error.value.message
    assert schema() == before


def test_every_migration_is_applied_and_noted_once(earlier: list[str]) -> None:
    assert upgrade() == earlier
    with administrator(load_settings()) as session:
        noted = session.execute(
            "select version, newest_migration from audit.upgrade order by upgrade_id"
        ).fetchall()
    assert noted == [(__version__, BASELINE.name), (__version__, earlier[-1])]
    assert upgrade() == []


def test_readers_of_every_kind_read_the_current_publication_afterwards() -> None:
    upgrade()
    with psycopg.connect(url(load_settings(), "bi")) as reader:
        assert reader.execute(_MART).fetchall() == [(0.5,)]
    with as_supervisor() as reader:
        reader.execute("set search_path = limited")
        assert reader.execute(_MART).fetchall() == [(0.5,)]
        assert reader.execute("select officer_key from dim_officer").fetchall() == []


def test_the_tables_that_dbt_made_stay_for_the_next_run() -> None:
    upgrade()
    assert exists("intermediate.int_measure_month")
    assert not exists("staging_general.stg_audit__run")


def test_a_failing_migration_takes_all_others_back(monkeypatch: pytest.MonkeyPatch) -> None:
    add_migration(monkeypatch, "broken", "select 1 / 0")
    refused("_broken.sql failed: division by zero")


def test_a_view_of_a_person_on_a_mart_stays_with_its_owner() -> None:
    run(
        "create schema analyst authorization warehouse_owner; set role warehouse_owner;"
        "create view analyst.figures as select value from marts.assurance_measure"
    )
    upgrade()
    with administrator(load_settings()) as session:
        owners = session.execute(
            "select relowner::regrole::text, nspowner::regrole::text from pg_class"
            " inner join pg_namespace as n on relnamespace = n.oid where nspname = 'analyst'"
        ).fetchall()
    assert owners == [("warehouse_owner", "warehouse_owner")]


@pytest.mark.parametrize(
    ("name", "query", "refusal"),
    [
        # A migration drops the column `rank_grade`, and what rests on it.
        ("ranks", "select rank_grade from marts.dim_officer",
         "removes columns that a view of yours reads: analyst.ranks"),
        ("mine", "select message from staging_general.stg_audit__run",
         "view analyst.mine depends on view staging_general.stg_audit__run"),
    ],
)  # fmt: skip
def test_a_view_of_a_person_is_named_and_never_dropped(name: str, query: str, refusal: str) -> None:
    run(f"create schema analyst; create view analyst.{name} as {query}")
    refused(refusal)
    run(f"drop view analyst.{name}")
    upgrade()
