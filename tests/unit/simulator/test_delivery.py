"""Dropped files are readable in every form and arrive on the right days. The newest are fresh."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from python_calamine import CalamineWorkbook

from simulator.delivery import drops, text, workbook
from simulator.delivery.dropzone import planned
from simulator.delivery.forms import (
    BOOK_FORMS,
    SERIAL_DATES,
    TEXT_FORMS,
    WITH_OFFSETS,
    BookForm,
    TextForm,
)
from simulator.moments import end_of
from simulator.period import Period
from simulator.world import World

ROWS: list[text.Row] = [("000731", date(2026, 3, 9), "Rushden – Oundle", None)]
NAMES = ("employee_no", "start_date", "unit", "leave_date")
DATED = ("hr/personnel", "hr/org_unit", "lms/completions", "hydra/attendance")


def read(form: TextForm, content: bytes) -> list[list[str]]:
    lines = content.decode(form.encoding)
    return list(csv.reader(io.StringIO(lines, newline=""), delimiter=form.delimiter))


@pytest.mark.parametrize("form", [*TEXT_FORMS, SERIAL_DATES, WITH_OFFSETS], ids=lambda f: f.name)
def test_every_text_form_holds_the_same_values(form: TextForm) -> None:
    content = text.render(form, NAMES, ROWS, "A title")
    lines = read(form, content)
    if form.title:
        assert lines.pop(0)[0] == "A title"
    if form.total:
        assert lines.pop()[0] == "Total: 1"
    headings = [cell.lower().replace(" ", "_") for cell in lines[0]]
    row = dict(zip(headings, lines[1], strict=True))
    assert set(headings) >= set(NAMES)
    assert row["employee_no"].strip() == ("731" if form.lost_zeros else "000731")
    assert row["start_date"] in ("2026-03-09", "09/03/2026", "46090")
    assert row["unit"] == "Rushden – Oundle"
    assert row["leave_date"].strip() == ""
    assert content == text.render(form, NAMES, ROWS, "A title")


def test_moments_are_written_in_local_time() -> None:
    summer = datetime(2026, 7, 1, 8, 5, tzinfo=UTC)
    assert text.written(TextForm(), "completed_at", summer) == "2026-07-01 09:05"
    assert text.written(WITH_OFFSETS, "completed_at", summer) == "2026-07-01T09:05:00+01:00"


@pytest.mark.parametrize("form", BOOK_FORMS, ids=lambda form: form.name)
def test_every_workbook_form_holds_the_same_values(form: BookForm) -> None:
    sheets = {"First": workbook.Sheet(NAMES, ROWS), "Second": workbook.Sheet(NAMES, [])}
    content = workbook.render(form, sheets, "A title")
    assert content == workbook.render(form, sheets, "A title")
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert set(book.sheet_names) >= {"First", "Second"}
    lines = book.get_sheet_by_name("First").to_python()
    row = lines[2 if form.title else 1]
    assert row[0] == (731 if form.numbers else "000731")
    assert row[1] == ("09/03/2026" if form.text_dates else date(2026, 3, 9))


@pytest.fixture(scope="module")
def dropped(world: World, period: Period) -> list[drops.Drop]:
    return planned(world, period)


def names(dropped: list[drops.Drop], dataset: str) -> set[str]:
    return {drop.name for drop in dropped if drop.dataset == dataset}


def test_each_file_is_dropped_on_its_day_or_up_to_three_days_later(
    dropped: list[drops.Drop], period: Period
) -> None:
    for drop in dropped:
        assert period.contains(drop.dropped_at)
        if drop.dataset in DATED:
            day = drop.name.split("_")[-1][:8]
            due = date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}")
            assert timedelta(0) <= drop.dropped_at.date() - due <= timedelta(days=3)
    personnel = names(dropped, "hr/personnel")
    assert {f"personnel_2026{day}.csv" for day in ("1122", "1123", "1124", "0601")} <= personnel
    assert "personnel_20260602.csv" not in personnel
    assert names(dropped, "governance/plans") == {"plan_register.xlsx"}


def test_the_newest_files_of_each_dataset_have_no_serious_fault(
    dropped: list[drops.Drop], period: Period
) -> None:
    fresh = [
        drop
        for drop in dropped
        if drop.fault not in drops.SERIOUS and not drop.name.endswith(".part")
    ]
    for dataset, days in dict(zip(DATED, (1, 7, 1, 7), strict=True)).items():
        last = max(drop.dropped_at for drop in fresh if drop.dataset == dataset)
        assert end_of(period.end) - last <= timedelta(days=days)
        assert not [
            drop
            for drop in dropped
            if drop.dataset == dataset
            and drop.fault in drops.SERIOUS
            and drop.dropped_at > end_of(drops.TEETHING_UNTIL) + timedelta(days=3)
        ]


def test_every_fault_of_the_source_contract_happens(dropped: list[drops.Drop]) -> None:
    seen = Counter(drop.fault for drop in dropped)
    wanted = {drops.LATE, drops.AGAIN, drops.CORRECTED, drops.PARTIAL, drops.EMPTY}
    assert seen.keys() >= wanted | {drops.TRUNCATED, drops.OTHER_DATASET}
    completions = [drop for drop in dropped if drop.dataset == "lms/completions"]
    assert len(names(completions, "lms/completions")) < 18 * 31 + len(completions) // 10
    days = {drop.name[12:20] for drop in completions if not drop.name.endswith(".part")}
    assert 3 <= (date(2026, 11, 24) - date(2025, 6, 1)).days + 1 - len(days) <= 20  # missing
    share = 1 - seen[None] / len(dropped)
    assert 0.02 <= share <= 0.15
    forms = {drop.form for drop in dropped}
    assert len(forms) > 12
