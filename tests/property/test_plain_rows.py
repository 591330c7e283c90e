"""A file gives the same rows, reasons, notes and counts whether or not its plain rows are staged.

Rows in plain form take a shorter way into raw (`oic_assurance.landing.plain_rows`). Random files of
every dataset of delimited files are landed with it and without it.
"""

import os
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from oic_assurance.landing.land import landing_session, lock_and_prepare
from oic_assurance.landing.land_files import FileLanding
from oic_assurance.landing.load import TableLoader
from oic_assurance.landing.report import LandingReport
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset, datasets
from oic_assurance.sources.declarations.model import Column, Table
from tests.integration.landing.support import COMPLETIONS, World, london_midnight

EXAMPLES = int(os.environ.get("FILE_EXAMPLES", "10"))
PROFILE = settings(
    max_examples=EXAMPLES,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = [
    name for name, one in datasets().items() if one.kind == "file" and one.files.format == "csv"
]
#: The shorter way for every file, and for none.
ALWAYS, NEVER = 0, 2**62
DAYS = ("20260101", "20260102")

BLANKS = ["", "", " ", "\t", "\N{NO-BREAK SPACE}", "  \r"]
TEXTS = [
    *("A", "B1", "OIC-EL", "OIC EL", "a(b)", "\\", "\\.", "back\\slash", "it's", "x" * 60),
    *("ü", "Ω€", "a\u2028b", "a\u0085b", "z\N{NO-BREAK SPACE}z", "\ufffe", "NULL", "f", "0", "007"),
    *("of, two", 'of "two"', '"', "two\nlines", "two\r\nlines", "tab\tbed", "nul\0char", "\x07"),
    *("Total", "Rows: 3", "x" * 500, "ü" * 500, "'; drop table raw", "%s%d", "{}", "\u00e9"),
]
DATES = [
    *("2026-01-02", "1999-12-31", "2024-02-29", "2025-02-29", "2026-04-31", "0001-01-01"),
    *("2026-1-2", "02/01/2026", "13/01/2026", "01/13/2026", "46024", "46024.5", "2026-01-02Z"),
    *("1899-12-31", "2100-01-01", "20260102", "yesterday", "infinity", "now", "epoch"),
]
TIMES = [
    *(" 10:00", " 10:00:00", "T10:00", "T23:59:59", " 24:00", " 09:60", " 9:00", " 10:00:60"),
    *(" 01:30", " 00:59:59", " 02:00", " 10:00Z", " 10:00+01", " 10:00:00.5", "", " 00:00"),
]
#: Moments when clocks change and next to that, also in years without a plain moment.
CLOCK_CHANGES = [
    f"{day}{sign}{time}"
    for day in ("2025-03-30", "2025-10-26", "2000-03-26", "2049-10-31", "1995-10-22")
    for sign, time in ((" ", "00:59:59"), (" ", "01:30"), ("T", "01:00:00"), (" ", "02:00"))
]
MOMENTS = [
    *(f"{day}{time}" for day in ("2025-06-15", *DATES) for time in TIMES),
    *("2049-12-31 23:59", "2050-06-01 10:00", "1999-07-01 10:00", "1971-01-01 10:00"),
]
NUMBERS = [
    *("0", "50", "050", "-5", "+5", "1.50", "1.0000000001", ".5", "5.", "1e3", "NaN", "½", "٣"),
    *("999999999", "1000000000", "9" * 31, "1,000", "12 ", "0x1F", "0.0", "00", "1_000"),
]


def plain_texts(column: Column) -> Sequence[str]:
    """Return texts of a column, so few that keys repeat."""
    if column.digits is not None:
        return [f"{n:0{column.digits}}" for n in range(1, 5)]
    if column.type == "timestamptz":
        return ["2025-06-15 10:00", "2025-12-15T23:59:59", "2025-03-30 02:00:00"]
    return column.codes or {"text": TEXTS[:3], "date": DATES[:2]}.get(column.type, NUMBERS[:2])


def odd_texts(column: Column) -> st.SearchStrategy[str]:
    """Return texts of a column, some of them in plain form and most of them not."""
    blanks = st.sampled_from(BLANKS)
    if column.digits is not None:
        return st.sampled_from(["1", "000", "12x", "1234567"]) | blanks
    if column.type == "timestamptz":
        return st.sampled_from(CLOCK_CHANGES) | st.sampled_from(MOMENTS) | blanks
    if column.type == "date":
        return st.sampled_from([*DATES, *(f"{day} 10:00" for day in DATES[:3])]) | blanks
    if column.type == "numeric":
        return st.sampled_from(NUMBERS) | blanks
    codes = [*column.codes, *(f"{code} x" for code in column.codes), "OTHER"]
    return st.sampled_from(codes) | st.sampled_from(TEXTS) | blanks


@st.composite
def rows(draw: st.DrawFn, table: Table) -> list[list[str]]:
    """Draw rows, most of them with at most one cell that is not in plain form."""
    few = draw(st.integers(1, 4))
    found = []
    for _ in range(draw(st.integers(0, 40))):
        row = [draw(st.sampled_from(plain_texts(column)[:few])) for column in table.columns]
        for place in draw(st.sets(st.integers(0, len(row) - 1), max_size=2)):
            row[place] = draw(odd_texts(table.columns[place]))
        found.append(row)
    return found


@dataclass(frozen=True)
class File:
    """The rows of one file as lists of cells, and how they are written.

    `spoiled` has lines that are put between others: cut, with more cells, with an open quote.
    """

    rows: list[list[str]]
    encoding: str
    delimiter: str
    newline: str
    quoted: int
    spoiled: tuple[tuple[int, str], ...]
    shuffled: int | None
    extra: bool
    last_end: bool

    def write(self, names: Sequence[str]) -> bytes:
        chance = random.Random(self.quoted)
        places = list(range(len(names) + self.extra))
        if self.shuffled is not None:
            random.Random(self.shuffled).shuffle(places)
        lines = []
        for row in [[*names, "shoe size"], *([*row, "7"] for row in self.rows)]:
            written = [self._cell(row[place], chance) for place in places]
            lines.append(self.delimiter.join(written))
        for number, text in self.spoiled:
            lines.insert(1 + number % len(lines), text)
        text = self.newline.join(lines) + (self.newline if self.last_end else "")
        return text.encode(self.encoding, errors="replace")

    def _cell(self, cell: str, chance: random.Random) -> str:
        needs_quotes = any(sign in cell for sign in (self.delimiter, '"', "\n", "\r"))
        if (needs_quotes and chance.random() < 0.8) or chance.random() < (self.quoted % 3) / 10:
            return '"' + cell.replace('"', '""') + '"'
        return cell


def files(name: str) -> st.SearchStrategy[File]:
    [table] = dataset(name).tables
    return st.builds(
        File,
        rows=rows(table),
        encoding=st.just("utf-8") | st.sampled_from(["utf-8-sig", "utf-16", "cp1252"]),
        delimiter=st.just(",") | st.sampled_from([",", ";", "\t"]),
        newline=st.just("\n") | st.sampled_from(["\n", "\r\n", "\r"]),
        quoted=st.just(0) | st.integers(0, 5),
        spoiled=st.lists(
            st.tuples(
                st.integers(0, 30),
                st.sampled_from(["", " ", "Total", "Total,3", "a,b", ",,,", '"', '1,"2', ","]),
            ),
            max_size=2,
        ).map(tuple),
        shuffled=st.none() | st.integers(0, 50),
        extra=st.booleans(),
        last_end=st.just(True) | st.booleans(),
    )


def land(world: World, name: str, plain_from: int) -> None:
    """Land the dropped files of a dataset. `plain_from` is the size from which rows are plain."""
    declared = dataset(name)
    with landing_session(world.settings) as connection:
        lock_and_prepare(connection, world.settings, declared)
        report = LandingReport(name)
        FileLanding(world.settings, connection, declared, "run", report, plain_from).land()


def result(world: World, name: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that a landing has written, but the numbers of batches and the time."""
    [table] = dataset(name).tables
    columns = [*dataset(name).content_columns(table), "force_code", "row_number", "row_key"]
    columns += ["version_at", "row_fingerprint", "is_tombstone"]
    rows = SQL("select {}, dense_rank() over (order by batch_id) from {} order by row_key, {}")
    with world.as_owner() as owner:
        owner.execute("set timezone = 'UTC'")
        return {
            "raw": owner.execute(
                rows.format(
                    SQL(", ").join(map(Identifier, columns)),
                    Identifier(dataset(name).raw_schema, table.name),
                    SQL("version_at, batch_id"),
                )
            ).fetchall(),
            "quarantine": owner.execute(
                """
                select dense_rank() over (order by batch_id), table_name, row_number, row_key,
                    reasons, content
                from audit.rejected_row order by rejected_id
                """
            ).fetchall(),
            "batches": owner.execute(
                """
                select source_place, status, regexp_replace(reason, 'batch [0-9]+', ''), row_count,
                    rows_new, rows_rejected, sha256, notes, delivered_for
                from audit.batch order by batch_id
                """
            ).fetchall(),
            # Rows that are loaded straight into raw replace some of its columns.
            "columns of raw": owner.execute(
                """
                select attname, format_type(atttypid, atttypmod), attnotnull, attgenerated,
                    attstorage, attcompression, attstattarget, attacl::text, attoptions,
                    pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)
                from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
                where attrelid = %s::regclass and attnum > 0 and not attisdropped
                order by attnum
                """,
                (f"{dataset(name).raw_schema}.{table.name}",),
            ).fetchall(),
            "indexes of raw": owner.execute(
                """
                select indexdef from pg_indexes where schemaname = %s and tablename = %s order by 1
                """,
                (dataset(name).raw_schema, table.name),
            ).fetchall(),
            "corrections": owner.execute(
                """
                select dense_rank() over (order by batch_id), table_name, column_name, was, became,
                    is_correction, records
                from audit.correction order by 1, 2, 3, 4, 5, 6
                """
            ).fetchall(),
        }


@PROFILE
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_a_file_of_any_rows(warehouse: Settings, data: st.DataObject, name: str) -> None:
    names = dataset(name).tables[0].names
    check(warehouse, name, [data.draw(files(name)).write(names) for _ in DAYS])


ROW = "000001,OIC-EL,OIC-EL-1,1,COMPLETED,2025-06-02 10:00"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([f"{ROW},50", f"{ROW},50"], id="a repeated row"),
        pytest.param([f"{ROW},50", f"{ROW},60"], id="a repeated key"),
        pytest.param([f"{ROW},50", f'"{ROW[:6]}"{ROW[6:]},50'], id="the same in quotes"),
        pytest.param([f"{ROW},", f"{ROW},-1", f"{ROW},2.50"], id="a repeated key in other forms"),
        pytest.param([f"{ROW},-1", f"{ROW},-2", f"{ROW},50"], id="odd rows with a repeated key"),
        pytest.param([f"{ROW},-1", f"{ROW},-1", f"{ROW}:00,1"], id="a repeated odd row"),
        pytest.param([f"{ROW},50,7", f"{ROW},50"], id="a bad row before a good one"),
        pytest.param([f"{ROW},50", f"{ROW},50,7", f"{ROW},50"], id="a bad row between two"),
        pytest.param([f"{ROW},50", ROW], id="a bad row after a good one"),
        pytest.param(
            [ROW.replace("06-02 10", "03-30 02"), ROW.replace("06-02", "03-30")], id="BST"
        ),
    ],
)
def test_keys_that_meet(warehouse: Settings, rows: list[str]) -> None:
    content = "\n".join([COMPLETIONS, *rows, ROW.replace("000001", "000002") + ",9"]).encode()
    check(warehouse, "lms/completions", [content, content.replace(b",50", b",51")])


@pytest.mark.parametrize(
    ("row", "is_plain"),
    [
        (f"{ROW},50", True),
        (f"{ROW},", True),
        (f"{ROW}:59,0.50", True),
        (ROW.replace(" 10", "T23") + ",999999999", True),
        (ROW.replace("COMPLETED,2025-06-02 10:00", "ENROLLED,") + ",", True),
        (ROW.replace("2025-06-02 10:00", "") + ",", False),
        (ROW.replace("OIC-EL", "OIC EL") + ",", False),
        (ROW.replace("06-02 10", "03-25 00") + ",", True),
        (ROW.replace("06-02 10", "03-25 01") + ",", False),
        (ROW.replace("06-02 10", "03-24 01") + ",", True),
        (ROW.replace("06-02 10", "10-31 01") + ",", False),
        (ROW.replace("06-02 10", "10-26 02") + ",", True),
        (ROW.replace("06-02 10", "06-31 10") + ",", False),
        (ROW.replace("2025-06-02", "02/06/2025") + ",", False),
        (ROW.replace("2025", "2050") + ",", False),
        (f"{ROW}Z,", False),
        (f"{ROW},050", False),
        (f"{ROW},-1", False),
        (f"{ROW[1:]},", False),
        (f"{ROW},50,7", False),
    ],
)
def test_which_rows_are_staged(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, row: str, is_plain: bool
) -> None:
    staged: list[str | bytes] = []
    monkeypatch.setattr(TableLoader, "stage_text", lambda _, text: staged.extend(text))
    with tempfile.TemporaryDirectory() as folder:
        world = World(warehouse, Path(folder))
        world.completions("20260101", row, f'"000009"{ROW[6:]},')
        land(world, "lms/completions", ALWAYS)
        world.close()
    assert b"".join(text for text in staged if isinstance(text, bytes)).startswith(b"1,") is (
        not is_plain
    )


def check(warehouse: Settings, name: str, contents: Sequence[bytes]) -> None:
    """Land the files with and without the shorter way, and compare what was written."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(warehouse, Path(folder))
        found = []
        for plain_from in (NEVER, ALWAYS):
            world.forget()
            for day, content in zip(DAYS, contents, strict=False):
                file = dataset(name).files.file.replace("YYYYMMDD", day)
                path = f"{dataset(name).files.folder}/{file}"
                dropped = world.drop(path, content, london_midnight(day))
                land(world, name, plain_from)
                dropped.unlink()
            found.append(result(world, name))
        world.close()
    assert found[0] == found[1]
