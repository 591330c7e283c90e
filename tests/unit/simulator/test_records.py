from datetime import UTC, datetime, timedelta

import pytest

from simulator.moments import after
from simulator.records import Record, Store

BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def referral() -> Record:
    return Store().add("nccu_referral", BORN, {"referral_ref": "NR26000001", "outcome": "PENDING"})


def test_a_record_is_visible_after_its_commit() -> None:
    record = referral()
    assert record.state_at(BORN) is None
    state = record.state_at(after(BORN, hours=0.01))
    assert state is not None
    assert (state["outcome"], state["updated_at"], state["referral_id"]) == (
        "PENDING",
        BORN,
        record.key,
    )


def test_changes_apply_in_the_order_of_their_moments() -> None:
    record = referral()
    record.change(after(BORN, hours=9), outcome="BAIL")
    record.change(after(BORN, hours=3), outcome="DETAIN", nccu_reference="IE/26/1")
    between = record.state_at(after(BORN, hours=5))
    end = record.state_at(after(BORN, hours=10))
    assert between is not None
    assert end is not None
    assert (between["outcome"], between["updated_at"]) == ("DETAIN", after(BORN, hours=3))
    assert (end["outcome"], end["nccu_reference"]) == ("BAIL", "IE/26/1")


def test_a_late_commit_shows_after_its_updated_at() -> None:
    record = referral()
    record.change(after(BORN, hours=1), outcome="BAIL")
    record.commit_late(180)
    unseen = record.state_at(after(BORN, hours=1) + timedelta(seconds=100))
    seen = record.state_at(after(BORN, hours=1) + timedelta(seconds=200))
    assert unseen is not None
    assert seen is not None
    assert unseen["outcome"] == "PENDING"
    assert (seen["outcome"], seen["updated_at"]) == ("BAIL", after(BORN, hours=1))


def test_a_hard_deleted_record_is_removed_and_counts_as_changed() -> None:
    record = referral()
    record.removed_at = after(BORN, hours=20)
    assert record.state_at(after(BORN, hours=19)) is not None
    assert record.state_at(after(BORN, hours=21)) is None
    assert record.is_changed(after(BORN, hours=19), after(BORN, hours=21))
    assert not record.is_changed(after(BORN, hours=1), after(BORN, hours=2))


def test_a_record_cannot_be_entered_on_a_past_day() -> None:
    store = Store()
    store.today = after(BORN, hours=24)
    with pytest.raises(AssertionError, match="on a past day"):
        store.add("nccu_referral", BORN, {})
