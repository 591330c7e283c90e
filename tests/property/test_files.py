"""The same people give the same records in raw, whatever the form of their personnel file."""

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.databases import Prepared, migrated
from tests.files.case import COLUMNS, Records
from tests.integration.landing.support import World

EXAMPLES = int(os.environ.get("FILE_EXAMPLES", "10"))
NAMES = dataset("hr/personnel").tables[0].names
PROFILE = settings(
    max_examples=EXAMPLES,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DATES: dict[str, Callable[[date], str]] = {
    "ISO": date.isoformat,
    "British": lambda day: f"{day:%d/%m/%Y}",
    "short British": lambda day: f"{day.day}/{day.month}/{day.year}",
    "with a time": lambda day: f"{day} 00:00:00",
    "British with a time": lambda day: f"{day:%d/%m/%Y} 09:30",
    "serial": lambda day: str((day - date(1899, 12, 30)).days),
}
HEADERS: dict[str, Callable[[str], str]] = {
    "as declared": str,
    "capitals": str.upper,
    "words": lambda name: name.replace("_", " ").title(),
    "signs": lambda name: f"{name.replace('_', '-')}.",
}


@dataclass(frozen=True)
class Form:
    """The form of a file, such as its encoding, delimiter, spelling and lines around the rows."""

    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    header: str = "as declared"
    dates: str = "ISO"
    title: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    quote_all: bool = False
    padding: str = ""
    keeps_zeros: bool = True
    extra: bool = False
    last_end: bool = True
    shuffled: int | None = None

    def write(self, people: list[dict[str, str | date | None]]) -> bytes:
        names = [*NAMES, *(["shoe size"] if self.extra else [])]
        if self.shuffled is not None:
            random.Random(self.shuffled).shuffle(names)
        rows = [[HEADERS[self.header](name) for name in names]]
        rows += [[self._cell(name, person.get(name)) for name in names] for person in people]
        lines = [self.delimiter.join(map(self._quoted, row)) for row in rows]
        text = self.newline.join([*self.title, *lines, *self.total])
        return (text + (self.newline if self.last_end else "")).encode(self.encoding)

    def _cell(self, name: str, value: str | date | None) -> str:
        if isinstance(value, date):
            value = DATES[self.dates](value)
        if name == "employee_no" and value and not self.keeps_zeros:
            value = value.lstrip("0")
        return f"{self.padding}{value or ''}{self.padding}"

    def _quoted(self, cell: str) -> str:
        if self.quote_all or any(sign in cell for sign in (self.delimiter, '"', "\n", "\r")):
            return '"' + cell.replace('"', '""') + '"'
        return cell


def forms() -> st.SearchStrategy[Form]:
    titles = st.lists(st.sampled_from(["Personnel", "as at 1 January", ""]), max_size=3)
    totals = st.lists(st.sampled_from(["Total", "Rows: 3", "End of report"]), max_size=3)
    return st.builds(
        Form,
        encoding=st.sampled_from(
            ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
        ),
        delimiter=st.sampled_from([",", ";", "\t"]),
        newline=st.sampled_from(["\n", "\r\n", "\r"]),
        header=st.sampled_from(sorted(HEADERS)),
        dates=st.sampled_from(sorted(DATES)),
        title=titles.map(tuple),
        total=totals.map(tuple),
        quote_all=st.booleans(),
        padding=st.sampled_from(["", "", " ", "  "]),
        keeps_zeros=st.booleans(),
        extra=st.booleans(),
        last_end=st.booleans(),
        shuffled=st.none() | st.integers(0, 1000),
    )


def people() -> st.SearchStrategy[list[dict[str, str | date | None]]]:
    # Encoded as Windows-1252, these letters are never valid UTF-8, so the encoding is recognised.
    # The same is true of the letters in real names.
    texts = st.text("aZ09 éÉñ,;\t\"'-/\n", max_size=12).map(lambda text: text.strip() or None)
    days = st.dates(date(2000, 1, 1), date(2026, 1, 31))
    person = st.fixed_dictionaries(
        {
            "employee_no": st.integers(1, 999_999).map(lambda number: f"{number:06d}"),
            "collar_no": texts,
            "employment_type": st.sampled_from(["OFFICER", "STAFF", "SPECIAL", "PCSO"]),
            "rank_grade": texts,
            "role_code": texts,
            "org_unit_code": texts,
            "start_date": days,
            "leave_date": st.none() | days,
            "absence_status": st.none() | st.sampled_from(["MATERNITY", "SECONDMENT"]),
            "shoe size": texts,
        }
    )
    return st.lists(person, min_size=1, max_size=8, unique_by=lambda one: one["employee_no"])


@pytest.fixture(scope="module")
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    with prepared.copy(migrated) as settings:
        yield settings


ONE = [
    {"employee_no": "000001", "employment_type": "STAFF", "start_date": date(2020, 1, 2)}
    | {"role_code": 'of "two"\nlines, or; more', "org_unit_code": "Café"}
]


@PROFILE
@given(people=people(), form=forms())
@example(
    people=ONE, form=Form("utf-16", ";", "\r\n", "words", "British", ("Personnel",), ("Total",))
)
@example(people=ONE, form=Form("cp1252", "\t", "\r", "capitals", "serial", quote_all=True))
def test_the_form_of_a_file_does_not_matter(
    warehouse: Settings, people: list[dict[str, str | date | None]], form: Form
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(warehouse, Path(folder))
        world.drop("hr/personnel/personnel_20260101.csv", form.write(people))
        report = world.land("hr/personnel")
        assert (report.refused, world.reasons("hr/personnel")) == ([], [])
        expected: Records = {
            str(person["employee_no"]): tuple(person.get(name) for name in COLUMNS["personnel"])
            for person in people
        }
        assert world.state("hr/personnel", COLUMNS["personnel"]) == expected
        world.close()
