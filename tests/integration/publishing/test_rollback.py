"""After a roll-back, the earlier publication stays current until somebody ends the hold."""

import time
from collections.abc import Iterator

import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.explain.publication_records import find
from oic_assurance.publishing.publication import (
    current_hold,
    current_publication,
    list_publications,
)
from oic_assurance.publishing.retention import drop_generations
from oic_assurance.publishing.rollback import release, rollback
from oic_assurance.reporting.pack.facts import board_facts
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.commands import shown
from tests.databases import Prepared
from tests.integration.asking import ask
from tests.integration.publishing.marts import (
    as_reader,
    published,
)

WHY = "a wrong file was delivered on Monday"


def publish_three(settings: Settings) -> None:
    for scale in range(1, 4):
        published(settings, scale=scale)


@pytest.fixture
def three(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse with publications 1 to 3. Their tables have 10, 20 and 30 rows."""
    with prepared.copy(publish_three) as settings:
        yield settings


def seen(settings: Settings) -> int:
    """Return the number of the publication whose rows a reader sees in a table."""
    with as_reader(settings, "bi") as conn:
        row = conn.execute("select max(publication_id) from marts.assurance_position").fetchone()
    assert row is not None
    return int(row[0])


def last_disclosure(settings: Settings) -> str:
    disclosed = "select what from audit.processing_log where action = 'disclosure' order by log_id"
    return str(ask(settings, disclosed)[-1][0])


def held(settings: Settings) -> tuple[int, int | None, int] | None:
    """Return which publication a hold shows, and which newest and how many publications wait."""
    hold = current_hold(settings)
    return (hold.publication_id, hold.newest_waiting, hold.waiting) if hold else None


def test_a_roll_back_moves_the_pointer_and_readers_see_what_was_rolled_back_and_why(
    three: Settings,
) -> None:
    back = rollback(three, 2, WHY)
    assert (back.publication_id, back.is_current) == (2, True)
    assert current_publication(three) == back
    assert seen(three) == 2
    move = (
        "select from_publication, to_publication, reason, holds, who "
        "from audit.publication_move order by move_id"
    )
    assert ask(three, move)[-1] == (3, 2, WHY, True, "oic_publish")
    assert "in place of publication 3" in last_disclosure(three)
    withdrawn = (
        "select publication_id, withdrawn_because, withdrawn_at is not null "
        "from marts.publication where withdrawn_because is not null"
    )
    assert ask(three, withdrawn, login="bi_reader") == [(3, WHY, True)]
    newest = shown(three, "publication", "list")["publications"][0]
    assert (newest["publication_id"], newest["withdrawn_because"]) == (3, WHY)
    assert newest["withdrawn_at"].startswith(time.strftime("%Y-%m-%d", time.gmtime()))


def test_a_roll_back_stands_until_its_hold_is_released(three: Settings) -> None:
    rollback(three, 2, WHY)
    assert (published(three, scale=4), published(three, scale=5)) == (4, 5)
    assert seen(three) == 2
    assert last_disclosure(three).startswith("publication 2 ")
    assert held(three) == (2, 5, 2)
    with pytest.raises(UsageError, match="4 waits behind a roll-back and was never shown"):
        rollback(three, 4, "I want that one")
    with pytest.raises(UsageError, match="needs a reason"):
        release(three, " ")
    assert release(three, "the file was delivered again").publication_id == 5
    assert seen(three) == 5
    assert last_disclosure(three).startswith("publication 5 ")
    assert held(three) is None
    with pytest.raises(UsageError, match="no hold to end"):
        release(three, "just in case")
    published(three, scale=6)
    assert seen(three) == 6
    # Publication 3 was rolled back because it was wrong, and stays marked as withdrawn.
    taken_back = [item.publication_id for item in list_publications(three) if item.withdrawn_at]
    assert taken_back == [3]


@pytest.mark.parametrize("is_released", [True, False])
def test_without_a_hold_the_next_run_publishes(three: Settings, is_released: bool) -> None:
    rollback(three, 2, WHY, until_next_run=not is_released)
    if is_released:
        assert release(three, "it was right").publication_id == 2
    assert held(three) is None
    published(three, scale=4)
    assert seen(three) == 4


def test_a_roll_back_can_be_rolled_back(three: Settings) -> None:
    rollback(three, 1, WHY)
    rollback(three, 3, "publication 3 was right")
    assert seen(three) == 3
    assert current_hold(three) is None
    # Publication 3 stands again. Nobody has said that publication 2 was right.
    assert [one.publication_id for one in list_publications(three) if one.withdrawn_at] == [2]
    published(three, scale=4)
    assert seen(three) == 4


def test_two_roll_backs_in_a_row(three: Settings) -> None:
    rollback(three, 2, WHY)
    published(three, scale=4)
    rollback(three, 1, "the one before was wrong as well")
    # Only publication 4 is waiting. Publications 2 and 3 were shown before, so a release of the
    # hold shows neither.
    assert held(three) == (1, 4, 1)
    assert release(three, "all mended").publication_id == 4


@pytest.mark.parametrize("is_released", [True, False])
def test_a_later_hold_does_not_show_what_an_earlier_one_left_behind(
    three: Settings, is_released: bool
) -> None:
    rollback(three, 2, WHY)
    published(three, scale=4)
    if is_released:
        published(three, scale=5)
        assert release(three, "the file was delivered again").publication_id == 5
    else:
        rollback(three, 3, "it was right")
    # Nobody is sent to a release that does not exist.
    with pytest.raises(UsageError, match=r"4 was never shown: it waited .* `assurance run` makes"):
        rollback(three, 4, "I want that one")
    rollback(three, 2, "all of them were wrong")
    assert held(three) == (2, None, 0)
    latest = published(three, scale=6)
    assert held(three) == (2, latest, 1)
    assert release(three, "all mended").publication_id == latest


def test_a_release_of_what_an_erasure_has_dropped_says_how_to_go_on(three: Settings) -> None:
    rollback(three, 2, WHY)
    published(three, scale=4)
    assert drop_generations(three, [4], "which hold what was erased since").erased == [4]
    with pytest.raises(AssuranceError, match="publication 4 are no longer kept: `assurance run`"):
        release(three, "all mended")
    assert held(three) == (2, 4, 1)
    latest = published(three, scale=5)
    assert release(three, "all mended").publication_id == latest


def test_what_an_erasure_has_dropped_is_said_to_be_erased(three: Settings) -> None:
    assert drop_generations(three, [2], "which hold what was erased since").erased == [2]
    with connect(three, role="oic_erasure") as session:
        session.execute("insert into audit.erasure_finish (up_to_erasure, publications)"
                        " values (1, '{2}')")  # fmt: skip
    told = "publication 2 are no longer kept, because they held records that were erased"
    with pytest.raises(AssuranceError, match=told):
        rollback(three, 2, WHY)
    for read in (find, board_facts):
        with pytest.raises(AssuranceError, match=told):
            read(three, 2)


def test_a_publication_for_an_earlier_moment_is_kept_and_not_shown(three: Settings) -> None:
    assert published(three, as_at="2026-04-01 05:30+01") == 4
    assert seen(three) == 3
    assert current_hold(three) is None
    assert shown(three, "publication", "list")["publications"][0]["kept_because"] == (
        "it is as at Wed 01 Apr 2026 05:30, earlier than publication 3, which is as at Fri 01 May "
        "2026 05:30"
    )
    with pytest.raises(UsageError, match="4 was never shown, because it is as at Wed 01 Apr"):
        rollback(three, 4, "I want that one")
    assert published(three) == 5
    assert seen(three) == 5


def test_a_publication_for_an_earlier_moment_is_shown_if_its_run_was_told_so(
    three: Settings,
) -> None:
    assert published(three, as_at="2026-04-01 05:30+01", makes_current=True) == 4
    assert seen(three) == 4
    # A later moment than what readers see now needs no word.
    published(three, as_at="2026-04-02 05:30+01")
    assert seen(three) == 5


def test_a_release_shows_the_latest_moment_and_nothing_that_is_only_kept(three: Settings) -> None:
    rollback(three, 2, WHY)
    latest = published(three, as_at="2026-05-03 05:30+01")
    published(three, as_at="2026-05-02 05:30+01")
    published(three, as_at="2026-04-01 05:30+01")
    assert held(three) == (2, latest, 2)
    assert release(three, "all mended").publication_id == latest


def test_one_command_rolls_back(three: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["publication", "rollback", "2", "--reason", WHY]) == 0
    out = capsys.readouterr().out
    assert out.startswith("readers see publication  2\n")
    assert "`assurance publication release` shows the newest" in out
    assert run_command(["publication", "release", "--reason", "mended"]) == 0
    assert "later publication waits" not in capsys.readouterr().out
    # Without a terminal, the command cannot ask for a missing reason. It still rolls back, and
    # records that no reason was given.
    assert run_command(["publication", "rollback", "1"]) == 0
    assert "because no reason was given" in " ".join(capsys.readouterr().out.split())
    assert run_command(["publication", "rollback", "1"]) == 0
    assert capsys.readouterr().out == "Readers see publication 1 already: nothing was done.\n"
    assert run_command(["publication", "rollback", "99"]) == 2
    assert capsys.readouterr().err == "assurance: There is no publication 99.\n"
