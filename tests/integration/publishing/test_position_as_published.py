"""What each publication showed as the position stays readable, and nobody can change it."""

from collections.abc import Iterator, Sequence

import psycopg
import pytest

from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.retention import drop_generations
from oic_assurance.publishing.rollback import release, rollback
from oic_assurance.settings import Settings
from oic_assurance.warehouse.roles import ERASURE, LOGIN_ROLES, STAGE_ROLES
from tests.databases import Prepared
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import logins, two_publications
from tests.integration.publishing.marts import (
    as_reader,
    audit,
    make_candidates,
    open_build,
    published,
)
from tests.integration.warehouse.stage_roles import may

#: The handmade publications show ten points each for a scale of 1.
POINTS = 10
WHY = "a wrong file was delivered on Monday"
_CHANGES = (
    "update audit.published_position set status = 'met_on_time'",
    "delete from audit.published_position",
    "truncate audit.published_position",
    "alter table audit.published_position add column x integer",
)


def publish_three(settings: Settings) -> None:
    for _ in range(3):
        published(settings)


@pytest.fixture
def three(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse with publications 1 to 3. Each shows ten points."""
    with prepared.copy(publish_three) as settings:
        yield settings


def shown(settings: Settings) -> Sequence[tuple[object, ...]]:
    """Return the publications that a reader sees in the view `position_as_published`.

    Each row is a tuple: the publication's number, its number of points, whether it is current, and
    whether it was withdrawn.
    """
    with as_reader(settings, "bi") as reader:
        return reader.execute(
            "select publication_id, count(distinct point_code), bool_or(is_current),"
            " bool_or(was_withdrawn) "
            "from marts.position_as_published group by 1 order by 1"
        ).fetchall()


def test_readers_see_every_publication_that_was_current(three: Settings) -> None:
    assert shown(three) == [
        (1, POINTS, False, False), (2, POINTS, False, False), (3, POINTS, True, False),
    ]  # fmt: skip
    columns = "point_code, as_at, status, numerator, denominator, value, ci_low, ci_high"
    with as_reader(three, "bi") as reader:
        kept = reader.execute(
            f"select {columns} from marts.position_as_published where is_current "
            "order by 1".encode()
        ).fetchall()
        now = reader.execute(
            f"select {columns} from marts.assurance_position order by 1".encode()
        ).fetchall()
        times = reader.execute(
            "select bool_and(kept.published_at = publication.published_at),"
            " bool_and(kept.shown_from >= kept.published_at)"
            " from marts.position_as_published as kept"
            " inner join marts.publication as publication using (publication_id)"
        ).fetchone()
    assert kept == now
    assert times == (True, True)


def test_what_was_rolled_back_was_withdrawn_also_when_it_is_shown_again(three: Settings) -> None:
    rollback(three, 2, WHY)
    assert [(row[0], row[3]) for row in shown(three)] == [(1, False), (2, False), (3, True)]
    release(three, "nothing waits, so nothing begins anew")
    rollback(three, 3, "the file was right")
    assert [row[2:] for row in shown(three)] == [(False, False), (False, False), (True, True)]
    # Each time that a publication was current has its moments. Readers always see exactly one.
    spells = ask(
        three,
        "select distinct publication_id, current_from, current_to, is_current"
        " from marts.position_as_published order by 2",
        login="bi_reader",
    )
    assert [(row[0], row[3]) for row in spells] == [
        (1, False), (2, False), (3, False), (2, False), (3, True),
    ]  # fmt: skip
    assert [row[2] for row in spells] == [*(row[1] for row in spells[1:]), None]


def test_a_roll_back_over_several_withdraws_each_of_them(three: Settings) -> None:
    rollback(three, 1, WHY)
    withdrawn = "select publication_id, withdrawn_because from marts.publication order by 1"
    assert ask(three, withdrawn, login="bi_reader") == [(1, None), (2, WHY), (3, WHY)]
    # Publication 2 is shown again, and was withdrawn all the same.
    rollback(three, 2, "this one was right")
    assert [(row[0], *row[2:]) for row in shown(three)] == [
        (1, False, False), (2, True, True), (3, False, True),
    ]  # fmt: skip
    assert ask(three, withdrawn, login="bi_reader") == [(1, None), (2, None), (3, WHY)]


def test_a_publication_that_waits_is_not_there_until_it_is_released(three: Settings) -> None:
    rollback(three, 2, WHY)
    waiting = published(three)
    assert waiting not in [row[0] for row in shown(three)]
    release(three, "the file was delivered again")
    assert shown(three)[-1] == (waiting, POINTS, True, False)


def test_a_run_for_an_older_date_withdraws_nothing(prepared: Prepared) -> None:
    """A later call of `publish` for an older build moves the pointer, but is not a roll-back."""
    with prepared.copy(lambda settings: None) as settings:
        older = open_build(settings)
        published(settings)
        make_candidates(settings, older)
        audit(settings, older)
        assert publish(settings, older).is_current
        assert [(row[2], row[3]) for row in shown(settings)] == [(True, False), (False, False)]


def test_what_is_not_on_record_is_put_there_when_a_publication_becomes_current(
    three: Settings,
) -> None:
    before = shown(three)
    assert drop_generations(three, [1], "which are kept no longer").erased == [1]
    assert shown(three) == before
    ask(three, "delete from audit.published_position where publication_id = 2")
    assert 2 not in [row[0] for row in shown(three)]
    ask(three, "revoke insert on audit.published_position from oic_publish")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rollback(three, 2, WHY)
    assert shown(three)[-1][:3] == (3, POINTS, True)
    ask(three, "grant insert on audit.published_position to oic_publish")
    rollback(three, 2, WHY)
    assert (2, POINTS, True, False) in shown(three)


def test_nobody_can_change_what_was_shown_and_only_the_publisher_adds_to_it(
    three: Settings,
) -> None:
    for statement in _CHANGES:
        # The owner of the database is no member of the role that the table belongs to.
        assert [role for role in (*LOGIN_ROLES, None) if may(three, role, statement)] == []
    adding = (
        "insert into audit.published_position (publication_id, force_code, point_code, as_at,"
        " status, source_status) values (3, 'F', 'ANOTHER', now(), 'met_on_time', 'fresh')"
    )
    roles = [role for role in (*STAGE_ROLES, ERASURE) if may(three, role, adding)]
    assert roles == ["oic_publish"]


def test_supervisors_and_the_office_see_it_too(prepared: Prepared) -> None:
    with two_publications(prepared) as settings, logins(settings) as connection:
        for login in ("inspector_one", "office_reader"):
            numbers = connection(login).execute(
                "select publication_id, count(*) from limited.position_as_published "
                "group by 1 order by 1"
            )
            assert numbers.fetchall() == [(1, POINTS), (2, POINTS)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection(login).execute("select 1 from marts.position_as_published")
