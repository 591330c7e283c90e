"""Records past their retention are listed, people decide about them, and upkeep carries it out."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import DEFAULT, patch

import pytest

from oic_assurance import clock
from oic_assurance.cli.main import run_command
from oic_assurance.errors import UsageError
from oic_assurance.operations import review
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.review import (
    Wish,
    confirm,
    decide,
    erase_decided,
    list_decisions,
    list_due,
    refresh,
    show_records,
)
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import dataset_lock, take
from tests.commands import shown
from tests.integration.asking import ask
from tests.integration.landing.support import CUSTODY, World, at, person, put
from tests.integration.operations.support import KilledError, disagreements, erase_record

PEOPLE = dataset("hr/personnel")
WHY = "no policing purpose any more"
ERASE, KEEP = Wish("erase", WHY, "a.lead"), Wish("keep", "still open", "a.lead")


def leave(world: World) -> None:
    """Land four people, of whom two vanish so long ago that they are past their retention."""
    world.personnel("20180101", "000777", "000778", "000779", "000780")
    world.land(PEOPLE.name)
    world.personnel("20180201", "000779", "000780")
    world.land(PEOPLE.name)


def listed(world: World, of: Dataset = PEOPLE) -> dict[str | None, str]:
    """Bring the list up to date. Return the state of each record on it."""
    refresh(world.settings, of)
    return {one.row_key: one.state for one in show_records(world.settings, of)}


@pytest.fixture
def due(world: World) -> World:
    """A world in which the records of two people are listed as past their retention."""
    leave(world)
    listed(world)
    return world


def raw(world: World) -> set[str]:
    return {key for (key,) in world.query("select distinct row_key from raw_general.personnel")}


def second(world: World) -> Any:
    return dataclasses.replace(world.settings, second_person=True)


def test_what_is_past_its_retention_is_listed_and_nobodys_decision_is_assumed(
    world: World,
) -> None:
    leave(world)
    assert listed(world) == {"000777": "undecided", "000778": "undecided"}
    (one, _) = show_records(world.settings, PEOPLE)
    assert one.due_at == one.since == datetime(2024, 2, 1, tzinfo=UTC)
    (table,) = list_due(world.settings)
    assert [*vars(table).values()] == ["hr/personnel", "personnel", 2, 2, 0, 0, 0, one.due_at]
    assert erase_decided(world.settings, dry_run=False).records == 0
    assert raw(world) == {"000777", "000778", "000779", "000780"}
    # Listing twice changes nothing.
    assert refresh(world.settings, PEOPLE) == {"added": 0, "removed": 0}


def test_what_was_decided_is_erased_and_leaves_the_list(due: World) -> None:
    (made,) = decide(due.settings, PEOPLE, ["000777"], ERASE)
    assert listed(due) == {"000777": "to erase", "000778": "undecided"}
    assert erase_decided(due.settings, dry_run=True).records == 1
    assert "000777" in raw(due)
    done = erase_decided(due.settings, dry_run=False)
    assert (done.records, done.rows) == (1, 2)
    assert raw(due) == {"000778", "000779", "000780"}
    assert listed(due) == {"000778": "undecided"}
    assert disagreements(due, PEOPLE.name) == []
    [(kind, reason)] = due.query("select kind, reason from audit.erasure")
    assert kind == "retention"
    assert reason.endswith(f"; decision {made.decision_id}")
    (ended,) = list_decisions(due.settings)
    assert (ended.erased, ended.account, ended.reason) == (1, "a.lead", WHY)
    assert due.one("select login from audit.retention_decision") == "oic_review"


def test_a_kept_record_comes_up_again_at_its_next_review(due: World) -> None:
    today = clock.london_day(clock.utc_now())
    decide(due.settings, PEOPLE, [], dataclasses.replace(KEEP, until=today + timedelta(days=1)))
    assert set(listed(due).values()) == {"kept"}
    ask(due.settings, "update audit.retention_decision set keep_until = %s", today)
    assert set(listed(due).values()) == {"undecided"}
    (one, _) = show_records(due.settings, PEOPLE)
    assert clock.london_day(one.since) == today
    assert erase_decided(due.settings, dry_run=False).records == 0


def test_a_decision_that_was_replaced_waits_for_nobody(due: World) -> None:
    settings = second(due)
    (first,) = decide(settings, PEOPLE, ["000777"], KEEP)
    (then,) = decide(settings, PEOPLE, ["000777"], ERASE)
    assert [one.waits_for for one in list_decisions(settings)] == ["a second person", None]
    review.confirm_all(settings, PEOPLE.name, "another", clock.utc_now())
    assert review.unconfirmed(settings, PEOPLE.name) == []
    confirmed = {one.decision_id: one.confirmed_account for one in list_decisions(settings)}
    assert confirmed == {first.decision_id: None, then.decision_id: "another"}


def test_records_are_kept_no_longer_than_until_their_next_review(due: World) -> None:
    late = review.last_day(PEOPLE) + timedelta(days=1)
    with pytest.raises(UsageError, match="reviewed again within 6 years"):
        decide(due.settings, PEOPLE, [], dataclasses.replace(KEEP, until=late))
    with pytest.raises(UsageError, match="later than today"):
        decide(due.settings, PEOPLE, [], dataclasses.replace(KEEP, until=date(2020, 1, 1)))
    (made,) = decide(due.settings, PEOPLE, [], KEEP)
    assert made.keep_until == review.last_day(PEOPLE)


def test_a_second_person_confirms_and_nobody_confirms_the_own_decision(due: World) -> None:
    settings = second(due)
    (made,) = decide(settings, PEOPLE, [], ERASE)
    assert set(listed(due).values()) == {"unconfirmed"}
    assert erase_decided(settings, dry_run=False).records == 0
    with pytest.raises(UsageError, match=r"'a\.lead' made decision"):
        confirm(settings, made.decision_id, "a.lead")
    assert confirm(settings, made.decision_id, "b.deputy").confirmed_account == "b.deputy"
    with pytest.raises(UsageError, match="does not wait for a second person"):
        confirm(settings, made.decision_id, "c.other")
    assert erase_decided(settings, dry_run=False).records == 2
    assert listed(due) == {}


def test_a_decision_from_before_a_second_person_was_required_waits_for_one_too(
    due: World,
) -> None:
    (made,) = decide(due.settings, PEOPLE, [], ERASE)
    assert erase_decided(second(due), dry_run=False).records == 0
    confirm(second(due), made.decision_id, "b.deputy")
    assert erase_decided(second(due), dry_run=False).records == 2


def test_a_record_that_changes_after_the_decision_is_not_erased(
    world: World, empty_sources: None
) -> None:
    custody = dataset(CUSTODY)
    long_ago = at(0) - timedelta(days=8 * 365)
    put(world, 1, long_ago)
    put(world, 2, long_ago)
    world.land(CUSTODY)
    assert set(listed(world, custody)) == {"1", "2"}
    decide(world.settings, custody, [], ERASE)
    put(world, 1, at(0))
    world.land(CUSTODY)
    assert erase_decided(world.settings, dry_run=False).records == 1
    assert set(world.state(CUSTODY, ())) == {"1"}
    assert listed(world, custody) == {}


def test_rows_without_a_readable_key_are_one_entry_and_are_erased_by_their_decision(
    world: World,
) -> None:
    world.personnel("20180101", "000001", ",C7,OFFICER,PC,R,T1,2010-01-01,,")
    world.land(PEOPLE.name)
    assert listed(world) == {None: "undecided"}
    decide(world.settings, PEOPLE, [], ERASE)
    erase_decided(world.settings, dry_run=False)
    assert world.reasons(PEOPLE.name) == []
    assert listed(world) == {}


def test_an_erasure_by_hand_takes_the_record_off_the_list_at_once(due: World) -> None:
    erase_record(due, PEOPLE.name, "000777")
    assert [one.row_key for one in show_records(due.settings, PEOPLE)] == ["000778"]


def test_a_dataset_that_is_being_landed_is_left_for_the_next_night(due: World) -> None:
    decide(due.settings, PEOPLE, [], ERASE)
    lock = dataset_lock(due.settings.force_code, PEOPLE.name)
    with connect(due.settings, role="oic_landing", autocommit=True) as landing:
        take(landing, lock)
        done = erase_decided(due.settings, dry_run=False)
    assert (done.records, done.in_use) == (0, ["hr/personnel"])
    assert erase_decided(due.settings, dry_run=False).records == 2


def test_upkeep_that_must_stop_leaves_the_rest_for_the_next_night(due: World) -> None:
    decide(due.settings, PEOPLE, [], ERASE)
    done = erase_decided(due.settings, dry_run=False, stop=lambda: "a run is under way")
    assert (done.records, done.stopped) == (0, "a run is under way")
    assert "000777" in raw(due)


def test_an_erasure_that_is_killed_between_two_decisions_goes_on(due: World) -> None:
    decide(due.settings, PEOPLE, ["000777"], ERASE)
    decide(due.settings, PEOPLE, ["000778"], ERASE)
    with (
        patch.object(review, "erase", wraps=erase, side_effect=[DEFAULT, KilledError]),
        pytest.raises(KilledError),
    ):
        erase_decided(due.settings, dry_run=False)
    assert raw(due) == {"000778", "000779", "000780"}
    assert erase_decided(due.settings, dry_run=False).records == 1
    assert raw(due) == {"000779", "000780"}
    assert [one.erased for one in list_decisions(due.settings)] == [1, 1]
    assert disagreements(due, PEOPLE.name) == []


def test_a_reason_must_be_there_and_must_not_name_a_record(due: World) -> None:
    for reason, message in (
        (" ", "needs a reason"),
        ("000777 has left", "names a record"),
    ):
        with pytest.raises(UsageError, match=message):
            decide(due.settings, PEOPLE, [], dataclasses.replace(ERASE, reason=reason))
    with pytest.raises(UsageError, match="1 of the keys are not on the list"):
        decide(due.settings, PEOPLE, ["000779"], ERASE)
    assert list_decisions(due.settings) == []


def test_values_are_never_pasted_into_statements(world: World) -> None:
    hostile = "'); delete from audit.retention_due; --"
    world.personnel("20180101", "000777", person("000778"))
    world.land(PEOPLE.name)
    world.personnel("20180201", "000777")
    world.land(PEOPLE.name)
    listed(world)
    with pytest.raises(UsageError):
        decide(world.settings, PEOPLE, [hostile], ERASE)
    (made,) = decide(world.settings, PEOPLE, [], Wish("keep", hostile, hostile))
    assert (made.reason, made.account) == (hostile, hostile)
    assert len(show_records(world.settings, PEOPLE)) == 1


def test_every_look_at_keys_and_every_decision_is_in_the_log_of_processing(due: World) -> None:
    before = due.one("select coalesce(max(log_id), 0) from audit.processing_log")
    show_records(due.settings, PEOPLE)
    decide(due.settings, PEOPLE, ["000777"], ERASE)
    entries = due.query(
        "select action, what, because from audit.processing_log where log_id > %s order by log_id",
        before,
    )
    assert [action for action, _, _ in entries] == ["consultation", "consultation", "erasure"]
    assert entries[2][1].startswith("decision ")
    assert entries[2][2] == WHY
    assert not any("000777" in str(entry) for entry in entries)


def test_the_commands_list_decide_and_say_what_follows(
    due: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = due.settings
    (table,) = shown(settings, "upkeep", "due")["tables"]
    assert (table["records"], table["undecided"]) == (2, 2)
    records = shown(settings, "upkeep", "due", PEOPLE.name)["records"]
    assert {one["row_key"] for one in records} == {"000777", "000778"}
    decided = ("upkeep", "decide")
    kept = shown(settings, *decided, "keep", PEOPLE.name, "000777", "--reason", WHY)
    (made,) = kept["decisions"]
    assert (made["decision"], made["records"], made["waits_for"]) == ("keep", 1, None)
    assert made["keep_until"]
    waits = shown(second(due), *decided, "erase", PEOPLE.name, "--reason", WHY)
    (newest, _) = shown(settings, "upkeep", "decisions")["decisions"]
    assert waits["decisions"] == [newest]
    assert newest["waits_for"] == "a second person"
    assert "`assurance upkeep confirm" in waits["next"]
    monkeypatch.setenv("COLUMNS", "80")
    assert run_command(["upkeep", "decisions"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert f"reason {WHY}" in " ".join(out.split())
    assert "waits for a second person" in " ".join(out.split())


def test_with_two_people_required_nobody_erases_what_is_expired_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(world)
    monkeypatch.setenv("ASSURANCE_SECOND_PERSON", "yes")
    assert run_command(["erase", "expired", "hr/personnel", "--yes"]) == 2
    assert "asks for two people" in capsys.readouterr().err
    assert "000777" in raw(world)


def test_what_was_decided_to_be_kept_is_not_erased_with_all_that_is_expired(due: World) -> None:
    decide(due.settings, PEOPLE, ["000777"], KEEP)
    assert run_command(["erase", "expired", "hr/personnel", "--yes"]) == 0
    assert raw(due) == {"000777", "000779", "000780"}
    ask(due.settings, "update audit.retention_decision set keep_until = current_date")
    assert run_command(["erase", "expired", "hr/personnel", "--yes"]) == 0
    assert raw(due) == {"000779", "000780"}


def test_a_form_decides_and_confirms_with_the_accounts_that_answer_and_shows_no_key(
    due: World,
) -> None:
    settings = second(due)
    asked = review.show_undecided(settings, PEOPLE.name)
    assert asked[0] == (
        "personnel: 2 records past their retention, the oldest waits since 2024-02-01"
    )
    assert "000777" not in str(asked)
    now = clock.utc_now()
    how: Any = {"account": "a.lead", "reason": "still open", "until": "", "is_kept": True}
    how["asked_at"] = now
    with pytest.raises(UsageError, match="is not a day"):
        review.decide_all(settings, PEOPLE.name, **{**how, "until": "soon"})
    review.decide_all(settings, PEOPLE.name, **how)
    assert review.show_undecided(settings, PEOPLE.name) == []
    (waiting,) = review.unconfirmed(settings, PEOPLE.name)
    assert (waiting.account, waiting.decision, waiting.records) == ("a.lead", "keep", 2)
    # The decision came after this form was made, so whoever answers the form has not seen it.
    review.confirm_all(settings, PEOPLE.name, "b.deputy", now)
    assert set(listed(due).values()) == {"unconfirmed"}
    now = clock.utc_now()
    with pytest.raises(UsageError, match="somebody else must confirm"):
        review.confirm_all(settings, PEOPLE.name, "a.lead", now)
    review.confirm_all(settings, PEOPLE.name, "b.deputy", now)
    assert set(listed(due).values()) == {"kept"}


def test_an_answer_decides_about_no_record_that_came_onto_the_list_after_the_question(
    world: World,
) -> None:
    leave(world)
    listed(world)
    asked_at = clock.utc_now()
    world.personnel("20180301", "000780")
    world.land(PEOPLE.name)
    assert set(listed(world)) == {"000777", "000778", "000779"}
    how: Any = {"account": "a.lead", "reason": "no purpose", "until": "", "is_kept": False}
    review.decide_all(world.settings, PEOPLE.name, **how, asked_at=asked_at)
    states = {"000777": "to erase", "000778": "to erase", "000779": "undecided"}
    assert listed(world) == states
