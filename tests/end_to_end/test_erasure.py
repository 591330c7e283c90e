"""After an erasure and the next publication, the record is nowhere in the state folder.

The archive, quarantine, dbt's artefacts, logs, packs and data docs are searched byte by byte. The
bytes of back-ups say nothing, because they are encrypted: docs/how-to/erase.md has their rule.
"""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from tests.end_to_end.terminal import Terminal, force
from tests.integration.landing.support import workbook

pytestmark = pytest.mark.slow

PERSON, COLLAR, ROLE = "987654", "QWXZ7731", "ZQJXVKROLE"
REFERRAL, REFERENCE = "987650001", "NCCUZQXJW88"
WANTED = [COLLAR.encode(), ROLE.encode(), REFERENCE.encode(), REFERRAL.encode()]
BLOCK = 4 * 1024 * 1024
#: The source databases. Their files still contain the record and are not searched.
SOURCES = ("rms", "intelligence")


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    with force("2026-04-01", seed="5") as made:
        put_records(made)
        yield made


def put_records(terminal: Terminal) -> None:
    """Put an officer and a referral with unique values into the sources.

    The officer is put into the newest personnel file and into the newest workbook, where a sheet
    that is not declared names the officer too. The referral is put into the RMS.
    """
    newest = max((terminal.home / "dropzone/hr/personnel").glob("personnel_*.csv"))
    columns = newest.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    values = {
        "employee_no": PERSON, "collar_no": COLLAR, "employment_type": "OFFICER",
        "rank_grade": "PC", "role_code": ROLE, "org_unit_code": "T1", "start_date": "2020-01-01",
    }  # fmt: skip
    row = ",".join(values.get("".join(c.lower().replace(" ", "_")), "") for c in columns)
    newest.write_bytes(newest.read_bytes().rstrip() + b"\n" + row.encode() + b"\n")
    book = newest_workbook(terminal)
    sheets = {
        name: CalamineWorkbook.from_path(book).get_sheet_by_name(name).to_python()
        for name in ("Sessions", "Attendance")
    }
    sheets["Attendance"].append([sheets["Sessions"][-1][0], PERSON, "Y", "PASS"])
    sheets["Notes"] = [[f"{COLLAR} asked for another day"]]
    book.write_bytes(workbook(sheets))
    with psycopg.connect(terminal.url("rms")) as source:
        source.execute(
            """
            insert into rms.nccu_referral (
                referral_id, referral_ref, reporting_officer_no, contacted_at, channel,
                referral_type, nccu_reference, created_at, updated_at
            ) values (
                %s, 'R' || %s, %s, '2026-04-15 10:00Z', 'PHONE', 'IMMIGRATION_CRIME', %s,
                '2026-04-15 11:00Z', '2026-04-15 11:00Z'
            )
            """,
            (REFERRAL, REFERRAL, COLLAR, REFERENCE),
        )


def newest_workbook(terminal: Terminal) -> Path:
    return max((terminal.home / "dropzone/hydra/attendance").glob("hydra_*.xlsx"))


def places_with(terminal: Terminal) -> set[str]:
    """Return the files of the state folder that contain one of the unique values.

    The sources' own files are not searched. The server is stopped during the search, so that
    everything in its memory has been written to disk.
    """
    with psycopg.connect(terminal.url("warehouse")) as warehouse:
        oids = warehouse.execute(
            "select oid::text from pg_database where datname = any(%s)", (list(SOURCES),)
        ).fetchall()
    terminal.does("db", "stop")
    left_out = [terminal.home / "dropzone"]
    left_out += [terminal.home / "postgres/data/base" / oid for (oid,) in oids]
    found = set()
    for path in terminal.home.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(folder) for folder in left_out):
            try:
                held = holds(path)
            except FileNotFoundError:
                continue
            if held:
                found.add(str(path.relative_to(terminal.home)))
    terminal.does("db", "start")
    return found


def holds(path: Path) -> bool:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        start = file.read(4)
        file.seek(0)
        if start in (b"PK\x03\x04", b"%PDF"):
            packed = _unpacked(file.read())
            return any(value in packed for value in WANTED)
        rest = b""
        while block := file.read(BLOCK):
            held = rest + block
            if any(value in held for value in WANTED):
                return True
            rest = held[-32:]
    return False


def _unpacked(data: bytes) -> bytes:
    """Return the bytes of a ZIP file or a PDF file, and of everything that is packed in it."""
    found = [data]
    if data.startswith(b"%PDF"):
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            with suppress(zlib.error):
                found.append(zlib.decompressobj().decompress(stream))
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            found += [_unpacked(parts.read(name)) if name.endswith((".zip", ".xlsx", ".pdf"))
                      else parts.read(name) for name in parts.namelist()]  # fmt: skip
    return b"\n".join(found)


def test_after_the_next_publication_no_byte_is_left(terminal: Terminal) -> None:
    terminal.does("run", "--as-at", "2026-04-21T05:30")
    before = places_with(terminal)
    for part in (
        "batches/hr/personnel",
        "batches/hydra",
        "batches/rms/nccu_referral",
        "data/pg_wal",
        "data/base",
    ):
        assert [place for place in before if part in place], part
    book = CalamineWorkbook.from_path(newest_workbook(terminal))
    attended = f"({book.get_sheet_by_name('Attendance').to_python()[-1][0]},{PERSON})"
    erased = {"hr/personnel": PERSON, "rms/nccu_referral": REFERRAL, "hydra/attendance": attended}
    terminal.does("pack", "make")
    for name, key in erased.items():
        shown = terminal.assurance("erase", "records", name, key, "--reason", "a test", "--dry-run")
        assert "Would be erased" in shown.stdout, shown.stdout + shown.stderr
        terminal.does("erase", "records", name, key, "--reason", "a test")
    early = terminal.assurance("erase", "finish")
    assert (early.returncode, "waiting for the next publication" in early.stdout) == (1, True)
    terminal.does("run", "--as-at", "2026-04-21T05:30")
    assert places_with(terminal) == set()
    explained = terminal.assurance("explain", "--record", "referral", f"R{REFERRAL}")
    assert "it was erased on" in " ".join(explained.stderr.split())
    assert "Nothing was erased since" in terminal.assurance("erase", "finish").stdout
    terminal.does("batch", "verify")
    with psycopg.connect(terminal.url("warehouse")) as warehouse:
        generations = warehouse.execute(
            "select distinct substring(tablename from '__([0-9]+)$')::int from pg_tables"
            " where schemaname = 'generation' order by 1"
        ).fetchall()
        assert generations == [(2,)]
        logged = warehouse.execute(
            "select publication_id, count(*) from audit.publication_before_erasure"
            " group by 1 order by 1"
        ).fetchall()
        assert logged == [(1, len(erased))]
