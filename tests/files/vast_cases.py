"""Very large files, and files made to exhaust memory or time. Landing must use little of both."""

from collections.abc import Callable
from datetime import date

from tests.files import workbooks as made
from tests.files.case import HYDRA, PERSONNEL, Case
from tests.files.text_cases import COLUMNS
from tests.files.workbooks import both, repacked, sheet

GROUP = "Very large files and decompression bombs"
HEADER = ",".join(COLUMNS)
PLAIN = (
    "000123,C1,OFFICER,PC,RESPONSE,T1,2020-02-01,,\n"
    "004567,,STAFF,Grade F,CUSTODY,Café-2,2021-12-31,2026-01-10,\n"
    "999999,C9,PCSO,,,T1,2019-03-04,,MATERNITY\n"
)
MANY = range(100_000, 103_000)
TOO_LONG = "the row cannot be read: a cell is too long"


def _text(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, PLAIN]).encode()


def _row(role: str) -> str:
    return f"000777,C7,OFFICER,PC,{role},T1,2020-02-01,,"


def _wide() -> bytes:
    rows = [f"{line}{',' * 20_000}" for line in PLAIN.splitlines()]
    return "\n".join([HEADER + "".join(f",c{n}" for n in range(20_000)), *rows, ""]).encode()


def _never_closed() -> bytes:
    """Return a file in which each line opens a quotation and the next line does not close it."""
    return _text(*(f'00{number:04d}x""","RESPONSE' for number in range(20_000)))


def _one_quote_never_closed() -> bytes:
    people = (f"{n:06d},C{n},OFFICER,PC,RESPONSE,T1,2020-02-01,," for n in MANY)
    return "\n".join([HEADER, _row('"RESPONSE'), *people, ""]).encode()


def _too_many_bad() -> bytes:
    return _text(*(f"00{n:04d},C7,WIZARD,PC,R,T1,2020-02-01,," for n in range(25)))


def _corners() -> bytes:
    first = b'<row r="1"><c r="A1"><v>1</v></c></row>'
    last = b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    return repacked({made.SESSIONS_PART: sheet(first + last)})


def _empty_rows() -> bytes:
    """Return a workbook with many empty formatted rows below the table.

    Excel writes such rows if a whole column is formatted.
    """
    rows = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (n, n) for n in range(9, 100_000))
    end = rows + b"</sheetData>"
    return repacked({made.SESSIONS_PART: lambda xml: xml.replace(b"</sheetData>", end)})


def _refused(name: str, make: Callable[[], bytes], reason: str, dataset: str = HYDRA) -> Case:
    return Case(name, GROUP, dataset, make, refused=reason)


CASES = [
    Case(
        "a cell of two megabytes",
        GROUP,
        make=lambda: _text(_row("x" * 2_000_000)),
        rejected=((1, "000777", [TOO_LONG]),),
    ),
    _refused(
        "a quoted cell of two megabytes in many lines",
        lambda: _text(_row('"' + "x\n" * 40 + "y" * 2_000_000 + '"')),
        "41 of 44 rows break the source contract, which is over the tolerance of 20%: most often,"
        " the row has 1 cells where the header has 9",
        PERSONNEL,
    ),
    _refused(
        "a line of five megabytes",
        lambda: _text(_row(",x" * 2_500_000)),
        "a line is longer than 4,194,304 characters",
        PERSONNEL,
    ),
    Case(
        "twenty thousand columns",
        GROUP,
        make=_wide,
        notes={
            "personnel": {"columns_kept_out": [*(f"c{n}" for n in range(20)), "and 19980 more"]}
        },
    ),
    Case(
        "one quote never closed in a long file",
        GROUP,
        make=_one_quote_never_closed,
        rejected=((1, "000777", [TOO_LONG]),),
        records={
            "personnel": {
                f"{n}": (f"C{n}", "OFFICER", "RESPONSE", "T1", date(2020, 2, 1), None, None)
                for n in MANY
            }
        },
    ),
    _refused(
        "quotes never closed in every line",
        _never_closed,
        "too many quotes are not closed, so its rows cannot be told apart",
        PERSONNEL,
    ),
    _refused(
        "more broken rows than the tolerance",
        _too_many_bad,
        "25 of 28 rows break the source contract, which is over the tolerance of 20%: most often,"
        " employment_type is not one of OFFICER, STAFF, SPECIAL, PCSO",
        PERSONNEL,
    ),
    # ------------------------------------------------------------
    Case(
        "a hundred thousand empty rows",
        GROUP,
        HYDRA,
        _empty_rows,
    ),
    _refused(
        "cells in opposite corners of a sheet",
        _corners,
        "the sheet Sessions spans 1,048,576 rows by 16,384 columns, which is more than 2,000,000"
        " cells",
    ),
    _refused(
        "a workbook that claims to unpack to 600 MB",
        lambda: made.with_a_claim(both(), 600 * 1024 * 1024),
        "the workbook unpacks to more than 512 MB",
    ),
    _refused(
        "a sheet of 140 MB",
        lambda: repacked({made.SESSIONS_PART: sheet(b" " * 140_000_000)}),
        "its declared sheets unpack to more than 128 MB",
    ),
    _refused(
        "a decompression bomb that claims to be small",
        lambda: made.with_a_claim(repacked({made.SESSIONS_PART: sheet(b" " * 140_000_000)}), 1_000),
        "the workbook is damaged: Bad CRC-32 for file 'xl/worksheets/sheet1.xml'",
    ),
    _refused(
        "a sheet of millions of cells",
        lambda: repacked({made.SESSIONS_PART: sheet(b"<row><c><v>1</v></c></row>" * 2_000_000)}),
        "its declared sheets have more than 10,000,000 tags",
    ),
    _refused(
        "millions of shared texts",
        lambda: repacked(
            {made.TEXTS_PART: b'<sst xmlns="' + made.NAMESPACE + b'">' + b"<si/>" * 20_000_000}
        ),
        "its declared sheets have more than 10,000,000 tags",
    ),
    _refused(
        "a list of sheets of 9 MB",
        lambda: repacked({"xl/workbook.xml": b"<workbook>" + b" " * 9_000_000 + b"</workbook>"}),
        "a part of the workbook unpacks to more than 8 MB",
    ),
]
