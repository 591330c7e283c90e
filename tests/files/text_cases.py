"""Delimited files: encodings, lines and cells, headers, title and total lines, damaged rows."""

from collections.abc import Callable
from typing import Any

from tests.files.case import PEOPLE, Case, Records, Rejected

ENCODINGS, LINES, HEADERS, FRAMES, ROWS, OTHERS = (
    "Encodings",
    "Delimiters, quotes and lines",
    "Headers",
    "Title and total lines",
    "Damaged rows",
    "Wrong files",
)
COLUMNS = (
    "employee_no", "collar_no", "employment_type", "rank_grade", "role_code", "org_unit_code",
    "start_date", "leave_date", "absence_status",
)  # fmt: skip


def _lands(group: str, name: str, records: Records = PEOPLE, **notes: Any) -> Case:
    return Case(
        name, group, notes={"personnel": notes} if notes else {}, records={"personnel": records}
    )


def _refused(group: str, name: str, reason: str) -> Case:
    return Case(name, group, refused=reason)


def _rejects(group: str, name: str, row: Rejected, **notes: Any) -> Case:
    return Case(name, group, rejected=(row,), notes={"personnel": notes} if notes else {})


def _spelled(form: Callable[[str], str]) -> dict[str, str]:
    return {name: form(name) for name in COLUMNS if form(name) != name}


def _of(key: str, **changes: Any) -> Records:
    """Return all people of the plain file, with another role for the person `key`."""
    role = changes["role_code"]
    return PEOPLE | {key: (*PEOPLE[key][:2], role, *PEOPLE[key][3:])}


NO_HEADER = f"no header row with the columns {', '.join(COLUMNS)}"
CUT = "without a line end"

CASES = [
    _lands(ENCODINGS, "plain UTF-8"),
    _lands(ENCODINGS, "UTF-8 with a byte-order mark", encoding="utf-8-sig"),
    _lands(ENCODINGS, "UTF-16 with a byte-order mark", encoding="utf-16"),
    _lands(ENCODINGS, "UTF-16 big-endian with a byte-order mark", encoding="utf-16"),
    _lands(ENCODINGS, "UTF-16 little-endian without a byte-order mark", encoding="utf-16-le"),
    _lands(ENCODINGS, "UTF-16 big-endian without a byte-order mark", encoding="utf-16-be"),
    _lands(ENCODINGS, "Windows-1252", encoding="cp1252"),
    _refused(ENCODINGS, "UTF-32", "it is UTF-32, which is not supported: save it as UTF-8"),
    _refused(
        ENCODINGS,
        "bytes that are valid in no encoding",
        "it is not valid UTF-8, UTF-16 or Windows-1252: save it as UTF-8",
    ),
    _refused(
        ENCODINGS,
        "UTF-8 and Windows-1252 in one file",
        "it mixes UTF-8 with another encoding: save it as UTF-8",
    ),
    _refused(
        ENCODINGS,
        "Windows-1252 after a UTF-8 byte-order mark",
        "it has a UTF-8 byte-order mark but is not valid UTF-8: save it as UTF-8",
    ),
    _refused(
        ENCODINGS,
        "UTF-16 with invalid bytes",
        "it starts as UTF-16, but later bytes are not valid UTF-16",
    ),
    _refused(
        ENCODINGS,
        "scattered zero bytes",
        "it has zero bytes but is not UTF-16: save it as UTF-8",
    ),
    _rejects(
        ENCODINGS,
        "cut off inside a character",
        (4, "000777", ["the row has 5 cells where the header has 9"]),
        last_line=CUT,
    ),
    _rejects(ENCODINGS, "a NUL in a row", (4, "000777", ["the row holds a NUL character"])),
    # ------------------------------------------------------------
    _lands(LINES, "semicolons", delimiter=";"),
    _lands(LINES, "tabs", delimiter="\t"),
    _lands(LINES, "a separator line for Excel", delimiter=";", lines_above_header=1),
    _lands(LINES, "CRLF", line_ends="CRLF"),
    _lands(LINES, "old Mac line ends", line_ends="CR"),
    _lands(LINES, "mixed line ends", line_ends="mixed"),
    _lands(LINES, "no line end after the last line", last_line=CUT),
    _lands(LINES, "all cells quoted"),
    _lands(LINES, "blank lines between rows", blank_lines=4),
    _lands(LINES, "lines of delimiters at the end", blank_lines=2),
    _lands(LINES, "an extra delimiter in every line"),
    _lands(
        LINES,
        "commas in a file with semicolons",
        _of("000123", role_code="RESPONSE, DAYS"),
        delimiter=";",
    ),
    _lands(LINES, "blanks around values", rows_trimmed=3),
    _lands(LINES, "no-break spaces around values", rows_trimmed=3),
    _lands(
        LINES,
        "UTF-16, semicolons, British dates, title and total",
        encoding="utf-16",
        delimiter=";",
        lines_above_header=2,
        line_ends="CRLF",
        total_lines=1,
        dates_written_dd_mm_yyyy={"start_date": 3, "leave_date": 1},
    ),
    _lands(
        LINES,
        "Windows-1252, CRLF, a quoted newline",
        _of("000123", role_code="RESPONSE\r\nDAYS"),
        encoding="cp1252",
        line_ends="CRLF",
    ),
    _lands(LINES, "a byte-order mark and tabs", encoding="utf-8-sig", delimiter="\t"),
    # ------------------------------------------------------------
    _lands(HEADERS, "header in capitals", columns_spelled=_spelled(str.upper)),
    _lands(
        HEADERS,
        "header with blanks",
        columns_spelled=_spelled(lambda name: name.replace("_", " ").title()),
    ),
    _lands(
        HEADERS,
        "header with punctuation",
        columns_spelled=_spelled(lambda name: name.replace("_no", " No.")),
    ),
    _lands(HEADERS, "columns in another order", columns_reordered=True),
    _lands(HEADERS, "an extra column", columns_kept_out=["shoe_size"]),
    _lands(
        HEADERS,
        "capitals, another order, lost zeros, an extra column",
        columns_spelled=_spelled(str.upper),
        columns_reordered=True,
        columns_kept_out=["SHOE SIZE"],
        leading_zeros_restored={"employee_no": 2},
    ),
    _refused(HEADERS, "a missing column", "missing column absence_status"),
    _refused(HEADERS, "two missing columns", "missing columns employee_no, collar_no"),
    _refused(HEADERS, "a column twice", "the header names employee_no more than once"),
    _refused(HEADERS, "no header", NO_HEADER),
    _refused(HEADERS, "a header far down", NO_HEADER),
    _refused(HEADERS, "rows above the header", "line 1 is above the header but looks like a row"),
    _rejects(
        HEADERS,
        "the header repeated in the middle",
        (
            2,
            None,
            [
                "employee_no is not a number of up to 6 digits",
                "employment_type is not one of OFFICER, STAFF, SPECIAL, PCSO",
                "start_date is not a date",
                "leave_date is not a date",
                "absence_status is not one of LONG_TERM_SICK, MATERNITY, CAREER_BREAK, SECONDMENT",
            ],
        ),
        rows_without_key=1,
    ),
    _refused(
        HEADERS, "only a header, in a full delivery", "it has no rows: a full list is never empty"
    ),
    # ------------------------------------------------------------
    _lands(FRAMES, "a title line", lines_above_header=1),
    _lands(FRAMES, "a title and a blank line", lines_above_header=2),
    _lands(FRAMES, "a title of two lines in quotes", lines_above_header=1),
    _lands(FRAMES, "a title with odd quotes", lines_above_header=1),
    _lands(FRAMES, "a title with a quote that is not closed", lines_above_header=1),
    _lands(FRAMES, "a total line", total_lines=1),
    _lands(FRAMES, "a total line of full width", total_lines=1),
    _lands(FRAMES, "total lines in words", total_lines=2, blank_lines=1),
    _rejects(
        FRAMES,
        "a total line in the middle",
        (2, None, ["the row has 2 cells where the header has 9"]),
        rows_without_key=1,
    ),
    # ------------------------------------------------------------
    _rejects(
        ROWS,
        "a truncated last line",
        (4, "000777", ["the row has 5 cells where the header has 9"]),
        last_line=CUT,
    ),
    _rejects(
        ROWS,
        "a last line cut inside a quote",
        (4, "000777", ["the row cannot be read: a quote is not closed"]),
        last_line=CUT,
    ),
    _rejects(
        ROWS,
        "a quote that is not closed",
        (2, "000777", ["the row cannot be read: a quote is not closed"]),
    ),
    _rejects(
        ROWS,
        "text after a closing quote",
        (2, "000777", ["the row cannot be read: text follows a closing quote"]),
    ),
    _rejects(
        ROWS,
        "an extra cell in one row",
        (4, "000777", ["the row has 10 cells where the header has 9"]),
    ),
    Case(
        # Landing rejects these rows, because it cannot know which cell is the extra one: a row with
        # an unquoted comma in a name and a blank last cell looks the same.
        "an extra delimiter only in the rows",
        ROWS,
        rejected=tuple(
            (number, key, ["the row has 10 cells where the header has 9"])
            for number, key in enumerate(PEOPLE, 1)
        ),
        records={},
    ),
    # ------------------------------------------------------------
    _refused(OTHERS, "0 bytes", "it is empty (0 bytes)"),
    _refused(OTHERS, "only blanks", NO_HEADER),
    _refused(OTHERS, "prose", NO_HEADER),
    _refused(OTHERS, "a file of another dataset", "it looks like a file of lms/completions"),
    _refused(OTHERS, "a web page", "it is a web page or XML, not delimited text"),
    _refused(OTHERS, "a PDF", "it is a PDF document, not delimited text"),
]
