"""Re-keying of a whole force: figures, exceptions and reproductions stay the same."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from psycopg import sql

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.pseudonyms import check_no_rekey
from oic_assurance.operations.explain.history import get_history
from oic_assurance.operations.explain.publication_records import HISTORY_ROLE, find, records_of
from oic_assurance.operations.pseudonyms.clean import clean
from oic_assurance.operations.pseudonyms.rekey import rekey
from oic_assurance.operations.pseudonyms.status import read_status
from oic_assurance.operations.reproduce import reproduce
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url
from tests.databases import administrator
from tests.integration.builds.restated_world import (
    RestatedWorld,
    two_publications,
)

pytestmark = pytest.mark.slow

HEXADECIMAL = re.compile(r"[0-9a-f]{32}")
EXCEPTIONS = """
select exception_code, record_ref, org_unit_code, opened_at, first_seen_at, reopened_at,
    times_reopened, age_days
from generation.assurance_exception__{}
order by 1, 2, 3, officer_key is null
"""


@dataclass
class Rekeyed:
    """A force with two publications before a re-keying, and one after it."""

    world: RestatedWorld
    first: int
    second: int
    third: int = 0
    #: Every pseudonym, key of an officer's version and key of an exception from before the
    #: re-keying.
    earlier: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def rekeyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rekeyed]:
    with two_publications(tmp_path_factory.mktemp("rekeyed")) as pair:
        world = pair.world
        made = Rekeyed(world, pair.first, pair.second, earlier=keys(world))
        explain_an_officer(world)
        rekey(world.settings, "the key was seen by somebody who left")
        assert clean(world.settings) is None
        yield made


def keys(world: RestatedWorld) -> set[str]:
    """Return every string of 32 hexadecimal digits in the marts that identifies an officer.

    Such a string is a pseudonym, or a key in the same row that is made from a pseudonym. The keys
    of exceptions about records are not made from an officer and do not change.
    """
    found = {row["officer_key"] for row in world.ask("select officer_key from identity.pseudonym")}
    with administrator(world.settings) as connection:
        tables = connection.execute(
            "select relname from pg_catalog.pg_class where relkind = 'r'"
            " and relnamespace = 'generation'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(
                sql.SQL("select t::text from {} as t").format(sql.Identifier("generation", table))
            ).fetchall()
            for (text,) in rows:
                found |= set(HEXADECIMAL.findall(text))
    kept = world.ask(
        "select exception_key from audit.exception_event"
        " where exception_key = md5(exception_code || '|' || record_ref || '|')"
    )
    return found - {row["exception_key"] for row in kept}


def explain_an_officer(world: RestatedWorld) -> str:
    """Show the history of an officer in the current publication. Return the officer's pseudonym."""
    publication = find(world.settings, None)
    (row,) = world.ask(
        f"select min(officer_key) as key from generation.dim_officer__{publication.publication_id}"
        " where is_resolved"
    )
    with records_of(world.settings, publication, HISTORY_ROLE) as records:
        history = get_history(records, "officer", row["key"])
    assert history.versions
    return str(row["key"])


def places_with(settings: Settings, wanted: set[str]) -> list[str]:
    """Return every table of every database, and every file, that contains one of the strings.

    The files of the database server are searched too, including dead rows and the write-ahead log.
    """
    found = []
    with psycopg.connect(admin_url(settings)) as server:
        names = server.execute("select datname from pg_database where datallowconn").fetchall()
    for (database,) in names:
        with psycopg.connect(admin_url(settings, database)) as connection:
            tables = connection.execute(
                "select n.nspname, c.relname from pg_class as c"
                " join pg_namespace as n on n.oid = c.relnamespace where c.relkind in ('r', 'm')"
                " and n.nspname not in ('pg_toast', 'pg_catalog')"
            ).fetchall()
            for place in tables:
                rows = connection.execute(
                    sql.SQL("select t::text from {} as t").format(sql.Identifier(*place))
                )
                if any(wanted & set(HEXADECIMAL.findall(text)) for (text,) in rows):
                    found.append(".".join(place))
    encoded = re.compile(HEXADECIMAL.pattern.encode())
    for path in sorted(settings.home.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = {match.decode() for match in encoded.findall(read(path))}
            if wanted & content:
                found.append(str(path.relative_to(settings.home)))
    return found


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        # The server may delete one of its files at any moment.
        return b""


def test_no_earlier_key_is_left_anywhere(rekeyed: Rekeyed) -> None:
    assert len(rekeyed.earlier) > 30
    assert places_with(rekeyed.world.settings, rekeyed.earlier) == []
    assert read_status(rekeyed.world.settings).rekeys[0].left_in == []
    # The same search finds the present keys, so it would also find the earlier keys.
    now = places_with(rekeyed.world.settings, keys(rekeyed.world))
    assert {"identity.pseudonym", "audit.exception_event"} <= set(now)
    assert any(place.startswith("postgres/data/base/") for place in now)


def test_earlier_publications_are_reproduced(rekeyed: Rekeyed) -> None:
    for publication_id in (rekeyed.first, rekeyed.second):
        done = reproduce(rekeyed.world.settings, publication_id)
        assert done.is_equal, done.tables
        assert all(one.stored == one.audited for one in done.tables)
        assert done.expected_content != done.publication.content_fingerprint


def test_an_officer_is_explained_under_the_new_pseudonym(rekeyed: Rekeyed) -> None:
    assert explain_an_officer(rekeyed.world) not in rekeyed.earlier


def test_the_next_publication_continues_all_exceptions_and_restates_nothing(
    rekeyed: Rekeyed,
) -> None:
    world = rekeyed.world
    before = world.ask(EXCEPTIONS.format(rekeyed.second))
    events = world.ask("select count(*) as n from audit.exception_event")
    third = world.publish("2026-04-11T05:45")
    assert world.ask(EXCEPTIONS.format(third)) == before
    assert any(row["exception_code"] == "TRAINING_OUTSTANDING" for row in before)
    assert world.ask("select count(*) as n from audit.exception_event") == events
    assert world.restated(third) == {}
    assert places_with(world.settings, rekeyed.earlier) == []
    done = reproduce(world.settings, third)
    assert done.is_equal
    assert done.expected_content == done.publication.content_fingerprint


def test_a_run_that_starts_during_a_re_keying_fails_and_says_why(rekeyed: Rekeyed) -> None:
    world = rekeyed.world
    switch = "oic_assurance.operations.pseudonyms.rekey._switch"
    with patch(switch, side_effect=RuntimeError), pytest.raises(RuntimeError):
        rekey(world.settings, "to try it")
    with pytest.raises(AssuranceError, match="are being re-keyed to version 3"):
        world.publish("2026-04-12T05:30")
    (run,) = world.ask("select message from audit.run order by started_at desc limit 1")
    assert "opening the run: The pseudonyms are being re-keyed to version 3" in run["message"]
    with pytest.raises(AssuranceError, match="are being re-keyed"):
        reproduce(world.settings, rekeyed.first)
    rekey(world.settings, None)
    with administrator(world.settings) as connection:
        check_no_rekey(connection)
    world.publish("2026-04-12T05:30")
