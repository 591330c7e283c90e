"""After a roll-back to a publication of an earlier version, what it does not have is said."""

from collections.abc import Iterator

import pytest

from oic_assurance import pipeline
from oic_assurance.errors import AssuranceError
from oic_assurance.publishing.retention import detach_old
from oic_assurance.reporting.pack.facts import rows_of_publication
from oic_assurance.reporting.pack.make import pack_files
from oic_assurance.settings import Settings
from oic_assurance.state.read import open_problems
from tests.databases import Prepared, administrator
from tests.integration.publishing.marts import published

WHY = "a wrong file was delivered on Monday"
#: The earlier version had no products, and its units had no kind.
MISSING = "fct_product"
QUERIES = {
    "product": "select * from marts.fct_product",
    "unit": "select unit.org_unit_code, unit.kind from marts.dim_org_unit as unit order by 1",
}


def upgraded(settings: Settings) -> None:
    """Publish with the earlier version, which is publication 1, and then with this one."""
    published(settings)
    with administrator(settings) as session:
        session.execute("drop table marts.fct_product cascade")
        session.execute("alter table marts.dim_org_unit drop column kind cascade")
    published(settings, scale=2)


@pytest.fixture
def older(prepared: Prepared) -> Iterator[Settings]:
    with prepared.copy(upgraded) as settings:
        yield settings


def missing(settings: Settings) -> list[tuple[str, str, str]]:
    return [
        (one.title, one.what, one.what_to_do)
        for one in open_problems(settings)
        if one.problem_code == "older"
    ]


def test_after_a_roll_back_the_tables_that_it_does_not_have_are_named(older: Settings) -> None:
    assert missing(older) == []
    pipeline.roll_back(older, 1, WHY)
    told = (
        "Readers see a publication of an earlier version",
        "an earlier version made publication 1, so the table that it did not have is empty: "
        "fct_product",
    )
    assert missing(older) == [(*told, "assurance run")]
    published(older, scale=3)
    assert missing(older) == [(*told, "assurance publication release --reason …")]
    pipeline.release_hold(older, "it was mended")
    assert missing(older) == []


def test_a_table_that_was_given_up_is_not_missing(older: Settings) -> None:
    with administrator(older) as session:
        session.execute("drop table generation.fct_product__2")
    assert missing(older) == []


@pytest.mark.parametrize("is_detached", [True, False])
def test_what_it_does_not_have_is_read_as_empty(older: Settings, is_detached: bool) -> None:
    if is_detached:
        assert detach_old(older, attached=1).detached == [1]
    number, rows = rows_of_publication(older, 1, QUERIES)
    assert (number, rows["product"]) == (1, [])
    assert rows["unit"][:2] == [
        {"org_unit_code": "U1", "kind": None}, {"org_unit_code": "U10", "kind": None}
    ]  # fmt: skip
    _, newer = rows_of_publication(older, 2, QUERIES)
    assert len(newer["product"]) == 20
    assert newer["unit"][0]["kind"] is not None


def test_before_the_first_publication_of_a_version_a_run_is_advised(older: Settings) -> None:
    with pytest.raises(AssuranceError, match="`assurance run` makes one"):
        rows_of_publication(older, 1, {"newest": "select * from marts.of_tomorrow"})


def test_a_pack_of_another_publication_that_cannot_be_made_again_is_removed(
    older: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The marts of these tests lack what the pack needs."""
    pack = pack_files(older)
    pack.page.parent.mkdir(parents=True, exist_ok=True)
    for path in (pack.page, pack.paper):
        path.write_text('<main data-publication="2">', encoding="utf-8")
    pipeline.roll_back(older, 2, WHY)
    assert pack.page.exists()
    pipeline.roll_back(older, 1, WHY)
    assert not pack.page.exists()
    assert not pack.paper.exists()
    (told,) = [one.message for one in caplog.records if "pack" in one.message]
    assert told.startswith(
        "The assurance pack is removed, because it shows another publication than readers see. "
        "That of publication 1 is not made: "
    )
    assert "`assurance pack make` makes it" in told
