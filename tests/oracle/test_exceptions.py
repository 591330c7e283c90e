"""Worked examples of exceptions."""

from __future__ import annotations

from datetime import date

from .clock import wall
from .examples import at, dated, document, person, referral, step
from .test_measures import hydra


def test_unresolved_names_are_exceptions() -> None:
    tables = {
        "referrals": [referral("R1", "99", "2026-05-01T12:00", occurrence_ref="A")],
        "documents": [document("U1", "11", "2026-05-02T12:00", nccu_referral_ref="R9")],
    }
    snapshot = dated("hr/personnel", "2026-05-10", [person("000001", "11")])
    found = at("2026-05-10", step(snapshot, **tables)).exceptions
    contact, submission = wall("2026-05-01T12:00"), wall("2026-05-02T12:00")
    of_referrals = {key: n for key, n in found.items() if key[1] in ("R1", "U1")}
    assert of_referrals == {
        ("REFERRAL_DOCUMENT_MISSING", "R1", "UNKNOWN", contact): 1,
        ("REFERRAL_OFFICER_UNRESOLVED", "R1", "UNKNOWN", contact): 1,
        ("DOCUMENT_NAMES_NO_REFERRAL", "U1", "T1", submission): 1,
    }


def test_a_place_in_a_later_session_is_a_place_but_no_pass() -> None:
    people = [person(f"00000{n}", str(n), role_code="INTELLIGENCE") for n in (1, 2, 3)]
    snapshot = dated("hr/personnel", "2026-05-10", people)
    booked = hydra("2026-05-20", ("000001", None, None))
    found = at("2026-05-10", step(snapshot, dated("hydra/attendance", "2026-05-09", booked)))
    opened = {start for (_, record, _, start) in found.exceptions if record == "HYDRA"}
    assert opened == {wall("2025-09-01T00:00")}
    codes = {
        (code, record): n for (code, record, *_), n in found.exceptions.items() if record == "HYDRA"
    }
    assert codes == {("TRAINING_OUTSTANDING", "HYDRA"): 1, ("HYDRA_PLACE_MISSING", "HYDRA"): 2}


def test_nobody_owes_an_item_before_they_joined() -> None:
    joined = person("000001", "1", role_code="INTELLIGENCE", start_date=date(2026, 2, 1))
    snapshot = dated("hr/personnel", "2026-05-10", [joined])
    found = at(
        "2026-05-10", step(snapshot, dated("hydra/attendance", "2026-05-09", hydra("2026-05-01")))
    )
    opened = {start for (_, record, _, start) in found.exceptions if record == "HYDRA"}
    assert opened == {wall("2026-02-01T00:00")}
