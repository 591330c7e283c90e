"""A scan of a sheet finds formulas, hidden rows, unreliable cells and sheets that are too large."""

import pytest

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.files.sheet_scan import SheetFacts, SheetScan
from tests.files.workbooks import sheet


def scan(rows: bytes) -> SheetFacts:
    return SheetScan("Sessions").read([sheet(rows)])


def test_formulas_and_hidden_rows_are_counted() -> None:
    facts = scan(b'<row r="1" hidden="1"><c r="A1"><f>1+1</f><v>2</v></c></row>')
    assert (facts.formulas, facts.hidden_rows, facts.unreliable) == (1, 1, {})


def test_an_error_and_a_formula_without_a_value_are_unreliable() -> None:
    facts = scan(b'<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="C2"><f>1+1</f></c></row>')
    assert facts.unreliable == {
        1: {0: "holds Excel's error #N/A", 2: "is a formula that was never calculated"}
    }


def test_a_name_that_is_not_that_of_a_cell_is_refused() -> None:
    with pytest.raises(DeliveryRefused, match="'1A' is not the name of a cell"):
        scan(b'<row r="1"><c r="1A"><v>1</v></c></row>')


def test_a_sheet_that_spans_too_many_cells_is_refused() -> None:
    with pytest.raises(DeliveryRefused, match="the sheet Sessions spans 1,048,576 rows by 16,384"):
        scan(b'<row><c r="A1"><v>1</v></c></row><row><c r="XFD1048576"><v>2</v></c></row>')
