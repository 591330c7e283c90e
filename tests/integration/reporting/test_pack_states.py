"""In every state, the pack's sentences are those of the marts, and its first page fits a sheet.

One world publishes before a deadline, after one that was missed, with points that are met, and when
no file has come for weeks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
from pypdf import PdfReader

from oic_assurance.reporting.bundle.verify import answer, headline, in_words
from oic_assurance.reporting.pack.make import write_pack
from tests.end_to_end.page_tables import tables, words
from tests.integration.builds.restated_world import (
    STAFF,
    UNITS,
    RestatedWorld,
    attendance,
    change_one_record_of_each_kind,
    completions,
    dated,
    first_step,
    personnel,
    register,
    temporary_world,
)

# Four publications take more than a minute. In `make test`, a dbt unit test holds the sentences of
# every state, and tests/end_to_end/test_bundle.py the first page of a pack.
pytestmark = pytest.mark.slow

#: The days of the publications.
EARLY, MISSED, MET, STALE = DAYS = ("2025-12-20", "2026-02-17", "2026-05-05", "2026-06-20")
Rows = list[dict[str, Any]]


@dataclass
class Shown:
    """What a publication's marts have, and the pack that was made of it."""

    marts: dict[str, Rows]
    page: str
    sheets: list[str]


@pytest.fixture(scope="module")
def shown() -> Iterator[dict[str, Shown]]:
    """The publications, by their days."""
    with temporary_world() as world:
        yield {day: _published(world, day) for day in DAYS}


def _published(world: RestatedWorld, day: str) -> Shown:
    if day == MET:
        change_one_record_of_each_kind(world)
    if day != STALE:
        (done,) = [one for one in first_step().files if one.dataset == "lms/completions"]
        late = day == MET
        world.fill(
            dated("hr/org_unit", "org_unit", day, {"": UNITS}),
            personnel(day, STAFF),
            completions(day, done.sheets[""]),
            attendance(day, "PASS" if late else None),
            register(f"{day}T02:00", "E1" if late else None),
        )
    number = world.publish(f"{day}T05:30")
    pack, _ = write_pack(world.settings)
    names = ("answer", "headline", "caveat", "left_out", "position")
    query = "select * from marts.assurance_{} where publication_id = %s"
    marts = {name: world.ask(query.format(name), number) for name in names}
    page = pack.page.read_text(encoding="utf-8")
    sheets = [" ".join(sheet.extract_text().split()) for sheet in PdfReader(pack.paper).pages]
    return Shown(marts, page, sheets)


def test_the_publications_have_every_answer(shown: dict[str, Shown]) -> None:
    rows = chain.from_iterable(one.marts["answer"] for one in shown.values())
    assert {row["answer_code"] for row in rows} == {"YES", "NO", "NOT_YET", "NOT_DUE", "NOT_KNOWN"}


@pytest.mark.parametrize("day", DAYS)
def test_every_sentence_about_a_point_stands_on_its_card_and_its_page(
    shown: dict[str, Shown], day: str
) -> None:
    page = shown[day].page
    for row in shown[day].marts["answer"]:
        code = row["point_code"]
        link = f'<h3><a href="#{code}">'
        (card,) = [one for one in page.split('<article class="card">') if link in one]
        section = page.split(f'<section class="point" id="{code}"')[1].split("</section>")[0]
        on_card, on_page = words(card.split("</article>")[0]), words(section)
        told = {name: text for name, text in row.items() if name.endswith("_words") and text}
        for text in (row["answer"], row["status_word"], *told.values()):
            assert text in on_page or text == row["caveat_words"]
            assert text in on_card or text == row["change_words"]
        for caveat in shown[day].marts["caveat"]:
            assert caveat["point_code"] != code or caveat["words"] in on_page


@pytest.mark.parametrize("day", DAYS)
def test_the_answer_is_that_of_the_mart_and_the_numbers_give_it_again(
    shown: dict[str, Shown], day: str
) -> None:
    (mart,) = shown[day].marts["headline"]
    assert f"{mart['words']} {mart['detail']} Since" in words(shown[day].page)
    positions = {row["point_code"]: row for row in shown[day].marts["position"]}
    points = []
    for row in sorted(shown[day].marts["answer"], key=lambda row: row["place"]):
        numbers = {
            name: None if value is None else str(value)
            for name, value in positions[row["point_code"]].items()
        }
        assert answer(numbers) == row["answer_code"]
        points.append((in_words(numbers), answer(numbers), numbers["deadline"]))
    assert headline(points) == [mart["words"], mart["detail"]]


@pytest.mark.parametrize("day", DAYS)
def test_what_the_figures_leave_out_is_counted(shown: dict[str, Shown], day: str) -> None:
    listed = tables(shown[day].page).get("What the figures leave out", [])
    assert sorted((row[0], row[1], row[2]) for row in listed) == sorted(
        (row["dataset"], row["left_out_label"], f"{row['items']:,}")
        for row in shown[day].marts["left_out"]
    )


@pytest.mark.parametrize("day", DAYS)
def test_the_first_page_is_one_sheet(shown: dict[str, Shown], day: str) -> None:
    first, second, *_ = shown[day].sheets
    for heading in (
        "Are we assured?",
        "The points",
        "Since ",
        "Actions of the Board",
        "Questions to put",
    ):
        assert heading in first
    assert second.startswith("OFFICIAL-SENSITIVE Reporting to the NCCU")
