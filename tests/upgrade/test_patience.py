"""A migration waits for a reader who keeps a mart, and new readers do not wait behind it."""

import threading
import time

import psycopg
import pytest

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse import migrate as migrating
from oic_assurance.warehouse.connections import url
from oic_assurance.warehouse.migrate import migrate
from tests.databases import administrator
from tests.integration.warehouse.stage_roles import add_migration

#: For how long a reader keeps the mart, and the longest that another reader may wait meanwhile. If
#: the migration waited without a limit, the other reader would wait for the whole time.
HOLD_SECONDS, MOST_SECONDS = 6.0, 3.0
_MART = "select count(*) from marts.publication"


@pytest.fixture
def next_version(fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse, and code with one migration more, which changes a mart."""
    text = "set local role oic_publish; alter table marts.publication add column tomorrow text;"
    add_migration(monkeypatch, "tomorrow", f"{text} reset role;")
    return fresh_warehouse


def has_column(settings: Settings) -> bool:
    """Tell whether the migration was applied."""
    with administrator(settings) as session:
        row = session.execute(
            "select from information_schema.columns where table_schema = 'marts'"
            " and table_name = 'publication' and column_name = 'tomorrow'"
        ).fetchone()
    return row is not None


def test_a_migration_waits_for_a_long_reader_and_new_readers_do_not(
    next_version: Settings,
) -> None:
    upgrade = threading.Thread(target=migrate, args=(next_version,))
    waits = []
    with psycopg.connect(url(next_version, "bi")) as holder:
        holder.execute(_MART)
        upgrade.start()
        with psycopg.connect(url(next_version, "bi"), autocommit=True) as reader:
            until = time.monotonic() + HOLD_SECONDS
            while time.monotonic() < until:
                began = time.monotonic()
                reader.execute(_MART)
                waits.append(time.monotonic() - began)
                time.sleep(0.01)
        assert upgrade.is_alive()
        assert not has_column(next_version)
        # The reader who keeps the mart still reads it.
        assert holder.execute(_MART).fetchone() == (0,)
    upgrade.join(120)
    assert not upgrade.is_alive()
    assert has_column(next_version)
    assert max(waits) < MOST_SECONDS


def test_a_migration_that_waits_too_long_names_the_session_and_changes_nothing(
    next_version: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "PATIENCE_SECONDS", 1.0)
    with psycopg.connect(url(next_version, "bi")) as holder:
        holder.execute(_MART)
        pid = holder.info.backend_pid
        said = rf"_tomorrow\.sql waits for .* which is of 'bi_reader' \(process {pid}\), and run"
        with pytest.raises(ServerError, match=said):
            migrate(next_version)
        assert not has_column(next_version)
    assert migrate(next_version) == [migrating.known_migrations()[-1].name]
