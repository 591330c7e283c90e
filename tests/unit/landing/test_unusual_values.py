"""Test which columns can get a normalisation note, and how counts become notes."""

from psycopg.sql import SQL

from oic_assurance.landing.unusual_values import (
    DAY_FIRST,
    SERIALS,
    ZEROS,
    _by_note,
    _counts,
)
from oic_assurance.sources.declarations.model import Column

NUMBER = Column("employee_no", "text", "A number.", digits=6)
DAY = Column("start_date", "date", "A day.")
TEXT = Column("comment", "text", "A text.")


def test_numbers_can_lack_zeros_and_dates_can_have_other_notations() -> None:
    assert [note for note, _, _ in _counts(NUMBER)] == [ZEROS]
    assert [note for note, _, _ in _counts(DAY)] == [DAY_FIRST, SERIALS]
    assert _counts(TEXT) == []


def test_counts_are_grouped_by_note_and_zeros_are_left_out() -> None:
    always = SQL("true")
    counts = [(ZEROS, NUMBER, always), (DAY_FIRST, DAY, always), (SERIALS, DAY, always)]
    assert _by_note(counts, (2, 3, 0)) == {ZEROS: {"employee_no": 2}, DAY_FIRST: {"start_date": 3}}
    assert _by_note(counts, (0, 0, 0)) == {}
