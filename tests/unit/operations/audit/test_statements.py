"""The log keeps the marts that a reader's statement names, and its text without values."""

import pytest

from oic_assurance.operations.audit.statements import LONGEST, read_statement

MARTS = {"dim_officer", "assurance_position"}


@pytest.mark.parametrize(
    ("text", "shape", "values"),
    [
        (
            "select * from dim_officer where officer_key = 'abc''d' and n > 42",
            "select * from dim_officer where officer_key = ? and n > ?",
            ("abc'd",),
        ),
        (
            r"select e'secret\' still' , u&'s\0061', x'0aff', N'national'",
            "select ?, …",
            (r"secret\' still", r"s\0061", "0aff", "national"),
        ),
        (
            "select $$secret 'one' $tag$ $$, $tag$ two $$ $tag$, $1",
            "select ?, …, $1",
            ("$$secret 'one' $tag$ $$", "$tag$ two $$ $tag$"),
        ),
        (
            "select 1 -- Officer 1234\n/* Jane * Doe */ from dim_officer",
            "select ? from dim_officer",
            (),
        ),
        ('select "Column A", "O\'Neill, 1234" from t', 'select "Column A", "?" from t', ()),
        ("select 'never closed, 1234", "select ?", ()),
        ("select 1.5e10, .5, 0xFF, 1_000", "select ?, …", ("1.5e10", "0xFF", "1_000")),
        ("where k in ('aaa', 'bbb',\n 'ccc')", "where k in (?, …)", ("aaa", "bbb", "ccc")),
        ("select a1, \u00e9t\u00e9, x$1 from t", "select a1, \u00e9t\u00e9, x$1 from t", ()),
    ],
)
def test_no_value_stays_in_the_statement(text: str, shape: str, values: tuple[str, ...]) -> None:
    found = read_statement(text, "", MARTS)
    assert (found.shape, found.values) == (shape, values)


def test_the_marts_are_found_also_in_literals_and_comments() -> None:
    text = """do $$ begin execute 'select from "DIM_OFFICER"'; end $$ -- assurance_position"""
    assert read_statement(text, "", MARTS).marts == ("assurance_position", "dim_officer")
    assert read_statement("select from dim_officers", "", MARTS).marts == ()


def test_the_values_of_parameters_are_read() -> None:
    found = read_statement(
        "select $1", "Parameters: $1 = 'a''b, $2 = 1', $2 = NULL, $3 = 'xyz'", ()
    )
    assert found.values == ("a'b, $2 = 1", "xyz")


def test_a_long_statement_is_cut_after_its_marts_were_found() -> None:
    found = read_statement(f"select {'a, ' * LONGEST} b from dim_officer", "", MARTS)
    assert len(found.shape) == LONGEST
    assert found.marts == ("dim_officer",)
