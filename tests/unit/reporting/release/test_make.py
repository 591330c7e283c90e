"""The files of a release: which there are, their description, and their pages for people."""

import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from python_calamine import CalamineWorkbook

from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.paper.shapes import SHAPES
from oic_assurance.reporting.release.folder import sums_file
from oic_assurance.reporting.release.make import release_files
from oic_assurance.reporting.release.page import release_page, withdrawn_page
from oic_assurance.reporting.release.tables import file_tables
from oic_assurance.reporting.release.wording import prose
from tests.unit.reporting.release.content import (
    PUBLISHER,
    release_content,
    release_record,
)

CONTENT = release_content()
NOTHING_SET = dict.fromkeys(PUBLISHER)
PAGES = ("index.html", "quality.html", "WITHDRAWN.html")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return release_files(CONTENT)


@pytest.fixture(params=PAGES)
def page(files: dict[str, bytes], request: pytest.FixtureRequest) -> str:
    """Each page of a release, one after the other."""
    notice = withdrawn_page(release_record(2, "a wrong unit"), release_record(1))
    return {**files, "WITHDRAWN.html": notice}[request.param].decode("utf-8")


@pytest.fixture(scope="module")
def text(files: dict[str, bytes]) -> str:
    return words_of(files["index.html"])


@pytest.fixture(scope="module")
def quality(files: dict[str, bytes]) -> str:
    return words_of(files["quality.html"])


def test_every_kind_of_file_is_there(files: dict[str, bytes]) -> None:
    tables = (
        "assurance_position", "assurance_period", "assurance_total", "assurance_withheld",
        "assurance_revision", "code_force", "code_point", "code_measure", "code_unit",
        "code_status",
    )  # fmt: skip
    assert set(files) == {
        *(f"{name}_2026-05-01.csv" for name in tables),
        "assurance_figures_2026-05-01.xlsx", "csv-metadata.json", "dataset.jsonld", "index.html",
        "quality.html",
    }  # fmt: skip


def test_no_name_of_a_file_has_a_space_or_a_capital(files: dict[str, bytes]) -> None:
    assert [name for name in files if not re.fullmatch(r"[a-z0-9_.-]+", name)] == []


def test_a_release_late_in_the_evening_has_the_day_of_london() -> None:
    late = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
    content = replace(CONTENT, made_at=late)
    assert "assurance_period_2026-05-02.csv" in release_files(content)


def test_the_same_content_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    assert release_files(release_content()) == files


def test_the_dataset_names_its_files_with_their_hashes(files: dict[str, bytes]) -> None:
    described = json.loads(files["dataset.jsonld"])
    assert (described["@context"], described["@type"]) == ("https://schema.org/", "Dataset")
    for name in ("name", "description", "license", "publisher", "datePublished", "identifier"):
        assert described[name]
    assert described["temporalCoverage"] == "2025-01-01/2025-10-31"
    for part in described["distribution"]:
        content = files[part["contentUrl"]]
        assert part["sha256"] == hashlib.sha256(content).hexdigest()
        assert part["contentSize"] == f"{len(content)} B"
    data = {name for name in files if name.endswith((".csv", ".xlsx", "csv-metadata.json"))}
    assert {part["contentUrl"] for part in described["distribution"]} == data
    types = {part["contentUrl"].rpartition(".")[2]: part["encodingFormat"]
             for part in described["distribution"]}  # fmt: skip
    assert types == {
        "csv": "text/csv",
        "json": "application/csvm+json",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }


def test_the_page_leads_programs_to_the_description(files: dict[str, bytes]) -> None:
    read = Reader(files["index.html"].decode("utf-8"))
    described = [one for one in read.all("link") if one.get("rel") == "describedby"]
    assert [one["href"] for one in described] == ["dataset.jsonld"]


def test_a_licence_is_not_invented() -> None:
    files = release_files(release_content(publisher=NOTHING_SET))
    described = json.loads(files["dataset.jsonld"])
    assert "license" not in described
    assert "publisher" not in described


class Reader(HTMLParser):
    """Collects tags with their attributes, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    read = Reader(page)
    (policy,) = [
        str(one["content"])
        for one in read.all("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    assert f"style-src 'sha256-{digest}'" in policy
    assert not [tag for tag, _ in read.tags if tag in {"script", "iframe", "object", "form"}]
    assert not [one for _, one in read.tags if "style" in one or any(k[:2] == "on" for k in one)]
    sources = [str(one[k]) for _, one in read.tags for k in ("src", "href") if one.get(k)]
    local = {"SHA256SUMS", *release_files(CONTENT)}
    # Only these addresses lead elsewhere, and only if a reader follows them.
    outside = {
        f"mailto:{PUBLISHER['contact_email']}", PUBLISHER["licence_url"],
        PUBLISHER["publisher_url"],
    }  # fmt: skip
    assert not [
        one for one in sources
        if not one.startswith(("#", "data:")) and one.partition("#")[0] not in local | outside
    ]  # fmt: skip


def test_the_page_can_be_read_by_everybody(page: str) -> None:
    read = Reader(page)
    assert read.all("html") == [{"lang": "en-GB"}]
    assert len(read.all("h1")) == len(read.all("main")) == 1
    ids = [str(one["id"]) for _, one in read.tags if one.get("id")]
    assert len(ids) == len(set(ids))
    labelled = [str(one["aria-labelledby"]) for _, one in read.tags if one.get("aria-labelledby")]
    assert set(labelled) <= set(ids)
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(one.get("scope") in {"col", "row"} for one in read.all("th"))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def index(content: ReleaseContent) -> bytes:
    """Return the page of a release, without the list of its files."""
    return release_page(file_tables(content), content, prose(content), {})


def words_of(page: bytes) -> str:
    return " ".join(" ".join(Reader(page.decode("utf-8")).text).split())


def test_every_link_to_a_place_on_a_page_arrives(page: str) -> None:
    read = Reader(page)
    ids = {str(one["id"]) for _, one in read.tags if one.get("id")}
    assert [one["href"] for one in read.all("a") if str(one["href"]).startswith("#")
            and str(one["href"])[1:] not in ids] == []  # fmt: skip


def test_the_page_says_who_how_how_well_and_what_comes_next(text: str) -> None:
    for words in (
        *(str(value) for name, value in PUBLISHER.items() if name != "next_release"),
        "Of 4 points: on 31 March 2026 Not yet for 1 and No for 1; on 1 May 2026 Yes for 1 and "
        "Not known for 1.",
        "Does Example do what the inspection",
        "No Overdue on 31 March 2026: the deadline had passed and the target was never reached.",
        "66.7% 60 of 90 people Target 95% Provisional",
        "Referrals with their document, status checks counted: 55.6% (50 of 90)",
        "including people absent long term: withheld, so that nobody",
        "Next release 1 August 2026",
        "Not all sources were up to date for: E-learning",
        "Withheld: the numbers are too small to publish.",
        "These are not official statistics",
    ):
        assert words in text
    assert "NOT SET" not in text


@pytest.mark.parametrize(
    ("status", "deadline", "answer", "words"),
    [
        (
            "in_progress",
            date(2026, 6, 30),
            "NOT_DUE",
            "Not due yet In progress on 31 March 2026: under way",
        ),
        (
            "in_progress",
            None,
            "NOT_YET",
            "Not yet In progress on 31 March 2026: under way",
        ),
        (
            "not_started",
            date(2026, 6, 30),
            "NOT_DUE",
            "Not due yet Not started on 31 March 2026: nothing",
        ),
        (
            "met_late",
            date(2026, 1, 31),
            "YES",
            "Yes Met late on 31 March 2026: the target was reached",
        ),
        (
            "slipping",
            date(2026, 1, 31),
            "NO",
            "No Slipping on 31 March 2026: worse than before",
        ),
        ("unclear", None, "NOT_YET", "Not yet No clear change on 31 March 2026: a smaller share"),
        ("slipping", None, "NO", "No Slipping on 31 March 2026: worse than before"),
    ],
)
def test_an_answer_says_the_status_of_the_day_of_its_figure(
    status: str, deadline: date | None, answer: str, words: str
) -> None:
    position = {
        **CONTENT.tables["assurance_position"][2],
        "status": status, "deadline": deadline, "answer_code": answer,
    }  # fmt: skip
    content = replace(CONTENT, tables={**CONTENT.tables, "assurance_position": [position]})
    assert words in words_of(index(content))


def test_a_status_read_through_the_code_list_is_that_of_the_page() -> None:
    """A share that is lower by chance alone is not called slipping anywhere."""
    found = {row["status"]: (row["title"], row["description"]) for row in _csv("code_status")}
    assert len({name for name, _ in found.values()}) == len(found)
    for code in found:
        position = {**CONTENT.tables["assurance_position"][0], "status": code}
        position["answer_code"] = "NOT_YET" if code == "unclear" else "NO"
        change = {"point_code": "NCCU_INTEL", "before": "unknown", "now": code}
        content = release_content(changed_statuses=[change])
        content = replace(content, tables={**CONTENT.tables, "assurance_position": [position]})
        files = release_files(content)
        (row,) = _csv("assurance_position", files)
        name, meaning = found[row["status"]]
        assert row["status_name"] == name
        page = words_of(files["index.html"])
        assert f"{name} on 31 March 2026: {meaning}." in page
        assert code == "unknown" or f"Unknown in release 1, {name} in this one." in page
        assert (SHAPES["falling"] in files["index.html"].decode()) == (code == "slipping")
        sheet = files["assurance_figures_2026-05-01.xlsx"]
        book = CalamineWorkbook.from_filelike(io.BytesIO(sheet))
        cells = {cell for line in book.get_sheet_by_name("Points").to_python() for cell in line}
        assert cells & {name for name, _ in found.values()} == {name}


def _csv(table: str, files: dict[str, bytes] | None = None) -> list[dict[str, str]]:
    text = (files or release_files(CONTENT))[f"{table}_2026-05-01.csv"].decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("records", "number", "words"),
    [
        (79, 3, "At most 79 records broke a rule, and 3 files were refused. No figure has them."),
        (0, 1, "No record broke a rule, and 1 file was refused. No figure has them."),
        (4, 0, "At most 4 records broke a rule, and no file was refused. No figure has them."),
        (0, 0, "No record broke a rule, and no file was refused."),
    ],
)
def test_what_is_left_out_stands_beside_the_figure(records: int, number: int, words: str) -> None:
    position = {
        **CONTENT.tables["assurance_position"][0],
        "records_left_out_at_most": records, "files_left_out": number,
    }  # fmt: skip
    content = replace(CONTENT, tables={**CONTENT.tables, "assurance_position": [position]})
    files = release_files(content)
    assert f"Left out {words}" in words_of(files["index.html"])
    (row,) = _csv("assurance_position", files)
    assert (row["records_left_out_at_most"], row["files_left_out"]) == (str(records), str(number))
    book = CalamineWorkbook.from_filelike(io.BytesIO(files["assurance_figures_2026-05-01.xlsx"]))
    lines = book.get_sheet_by_name("Points").to_python()
    head = next(i for i, line in enumerate(lines) if "Records left out, at most" in line)
    place = lines[head].index("Records left out, at most")
    assert lines[head + 1][place : place + 2] == [records, number]


def test_a_figure_of_people_is_of_a_day_and_a_figure_of_records_of_a_period(text: str) -> None:
    for words in (
        "Time of the figure 1 May 2025 to 31 March 2026",
        "Time of the figure at the end of March 2026",
        "72.0%, 108 of 150, at the end of August 2025",
        "Quarter, at the end of June 2025",
    ):
        assert words in text
    assert "1 August 2025 to 31 August 2025" not in text


def test_plans_have_no_month_that_is_not_over() -> None:
    def ends(as_at: datetime) -> list[date]:
        tables = {table.name: table for table in file_tables(replace(CONTENT, as_at=as_at))}
        rows = tables["assurance_period"].rows
        return [row["period_end"] for row in rows if row["point_code"] == "INTEL_PLAN"]

    assert ends(datetime(2025, 1, 31, 5, 30, tzinfo=UTC)) == []
    assert ends(datetime(2025, 2, 1, 5, 30, tzinfo=UTC)) == [date(2025, 1, 31)]


def test_the_page_says_what_is_new_and_what_was_revised(text: str) -> None:
    for words in (
        "The release before this one is release 1 of 1 February 2026.",
        "People who completed Hydra training: 1 new period.",
        "Hydra training: In progress in release 1, Overdue in this one.",
        "1 figure was revised.",
        "75.0%, 15 of 20 67.7%, 21 of 31 Release 1 of 1 Feb 2026 Records arrived late",
    ):
        assert words in text


def test_the_page_names_each_file_with_its_format_and_its_size(
    files: dict[str, bytes], text: str
) -> None:
    for name, content in files.items():
        if name != "index.html":
            size = f"{len(content) / 1024:,.0f} KiB" if len(content) > 1023 else f"{len(content)} b"
            assert re.search(rf"{re.escape(name)} .{{2,60}}{size}", text), name


@pytest.mark.parametrize(
    ("previous", "words"),
    [
        (None, "was not announced by an earlier release"),
        ("2026-05-01", "announced this release for 1 May 2026, and it came on that day"),
        ("2026-04-28", "announced this release for 28 April 2026. It came 3 days later."),
        (None, "No release before this one stands."),
    ],
)
def test_a_release_says_whether_it_kept_its_day(previous: str | None, words: str) -> None:
    before = previous and {"release_id": 1, "made_on": "2026-02-01", "announced": previous}
    assert words in words_of(index(release_content(previous=before, changed_statuses=[])))


def test_a_withdrawn_release_is_named_in_the_next_one() -> None:
    revision = {**CONTENT.notes["revisions"][0], "withdrawn_because": "a wrong unit"}
    withdrawn = {"release_id": 1, "withdrawn_on": "2026-03-01", "withdrawn_because": "a wrong unit"}
    files = release_files(
        release_content(
            previous=None, revisions=[revision], withdrawn=[withdrawn], changed_statuses=[]
        )
    )
    assert "Release 1 was withdrawn on 1 March 2026: a wrong unit" in words_of(files["index.html"])
    table = files["assurance_revision_2026-05-01.csv"]
    assert b'unplanned,"Corrects release 1, which was withdrawn: a wrong unit"' in table


def test_the_notice_of_a_withdrawal_says_why_and_what_to_use_instead() -> None:
    text = words_of(withdrawn_page(release_record(2, "a wrong unit"), release_record(1)))
    for words in ("Release 2 is withdrawn", "a wrong unit", "release 1 of 1 May 2026"):
        assert words in text
    alone = words_of(withdrawn_page(release_record(1, "a wrong unit"), None))
    assert "No release stands now." in alone


def test_the_report_on_quality_has_every_dimension(quality: str) -> None:
    for words in (
        "Relevance", "Accuracy and reliability", "Timeliness and punctuality",
        "Accessibility and clarity", "Comparability", "Coherence", "Confidentiality",
        "Planned revisions", "Unplanned revisions",
        "A number is shown only if it is 0, or at least 5",
        "1 of 19 shares of the whole force were revised",
        "Nobody outside the team",
    ):  # fmt: skip
        assert words in quality


def test_a_draft_says_so_on_each_page_and_sheet_and_in_each_name_of_data() -> None:
    files = release_files(release_content(publisher=NOTHING_SET, draft=True))
    for page in ("index.html", "quality.html"):
        assert "DRAFT. This is not a release." in words_of(files[page])
    assert "Publisher NOT SET" in words_of(files["index.html"])
    data = [name for name in files if name.endswith((".csv", ".xlsx"))]
    assert [name for name in data if not name.startswith("draft_")] == []
    for name in ("csv-metadata.json", "dataset.jsonld"):
        assert "DRAFT, not released" in files[name].decode("utf-8")
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(files["draft_assurance_figures_2026-05-01.xlsx"])
    )
    for name in book.sheet_names:
        if name not in ("Contents", "Notes"):
            cells = [str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row]
            assert any("DRAFT" in cell for cell in cells), name


def test_the_list_of_files_is_what_sha256sum_reads() -> None:
    files = {"b.csv": b"two", "a.csv": b"one"}
    assert sums_file(files).decode("utf-8").splitlines() == [
        f"{hashlib.sha256(b'one').hexdigest()}  a.csv",
        f"{hashlib.sha256(b'two').hexdigest()}  b.csv",
    ]
