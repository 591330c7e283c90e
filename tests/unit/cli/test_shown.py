"""A result is shown once: people read what fits their terminal, and programs read everything."""

import json

import pytest

from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shown import as_document, as_text

ENTRY = columns(
    *("entry_id=entry", "account=by", ">because", ">made_on=on publication", ">cause=cause:"),
    "-sha256",
)
FIRST = {"entry_id": 1, "account": "lead", "because": "it is done", "made_on": 3, "cause": None,
         "sha256": "f" * 64}  # fmt: skip
SECOND = {**FIRST, "entry_id": 2, "cause": "it slipped"}


def test_notes_stand_below_their_row_and_those_with_a_title_are_one_sentence() -> None:
    assert as_text(Result([Table("entries", ENTRY, [FIRST, SECOND])])).splitlines() == [
        "entry  by",
        "1      lead",
        "    it is done",
        "    on publication 3",
        "2      lead",
        "    it is done",
        "    on publication 3, cause: it slipped",
    ]


def test_programs_read_every_value_and_tables_of_one_name_as_one_list() -> None:
    sections = [Table("entries", ENTRY, [one], title="A section") for one in (FIRST, SECOND)]
    document = json.loads(as_document(Result([*sections, "It is well."])))
    assert document == {"entries": [FIRST, SECOND], "notes": ["It is well."], "next": None}


def test_what_does_not_fit_is_below_its_row_and_nothing_is_said_of_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    wide = {"name": "x" * 30, "folder": "y" * 9, "ended": None, "state": "z" * 9}
    table = Table("parts", columns("name", "folder", "ended", "state"), [wide, wide])
    row = ["x" * 30, f"    folder {'y' * 9}, state {'z' * 9}"]
    assert as_text(Result([table])).splitlines() == ["name", *row, *row]


def test_a_value_that_is_too_long_for_its_line_gets_one_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    fact = Facts("backup", columns("batches:number", "sha256=SHA-256"), {**FIRST, "batches": 1200})
    assert as_text(Result([fact])) == f"batches  1,200\nSHA-256\n{'f' * 64}\n"


def test_a_table_of_which_no_row_is_shown_is_one_line() -> None:
    table = Table("entries", ENTRY, [FIRST, SECOND], "Not taken", at_most=0, more="see --json")
    assert as_text(Result([table])) == "Not taken: 2, see --json\n"


@pytest.mark.parametrize("before", range(60, 90, 5))
def test_a_command_is_typed_also_where_its_line_is_broken(
    monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setenv("ASSURANCE_COMMAND", "docker compose run --rm assurance")
    said = f"{'x' * before} run `assurance publication list` now."
    row = {"name": "a", "what": said}
    shown = Result([said, Table("rows", columns("name", ">what"), [row])], next=said)
    text = " ".join(as_text(shown).split())
    assert text.count("`docker compose run --rm assurance publication list`") == 3
