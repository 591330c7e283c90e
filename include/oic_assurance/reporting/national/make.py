"""Make the pack of the national warehouse: a page for screens and a PDF for paper."""

from dataclasses import asdict

from oic_assurance.reporting.national.content import NationalPack, national_pack
from oic_assurance.reporting.pack.facts import QUERIES, ROLE, rows_of_publication
from oic_assurance.reporting.pack.make import FOLDER, Pack, pack_files
from oic_assurance.reporting.pack.pages import render
from oic_assurance.reporting.pack.paper import MARKING, write_paper
from oic_assurance.reporting.release.publisher import read_publisher
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.processing_log import enter, publication_mark

_QUERIES = (
    "publication",
    "force_state",
    "position",
    "funnel",
    "funnel_limit",
    "comparison_group",
    "history",
    "restatement",
    "source",
)


def make_national_pack(settings: Settings, publication_id: int | None = None) -> Pack:
    """Make the pack of a national publication, log the disclosure, and return the files' paths.

    The default is the current publication.

    Raises:
        AssuranceError: If nothing has been published, there is no such publication, or its tables
            are not kept.
        UsageError: If the publisher's file, which has the contact, is not valid.
    """
    private_folder(settings, settings.home / FOLDER)
    queries = {
        name: (settings.project_root / QUERIES / "national" / f"{name}.sql").read_text("utf-8")
        for name in _QUERIES
    }
    number, facts = rows_of_publication(settings, publication_id, queries)
    content = national_pack(facts, read_publisher(settings))
    pack = pack_files(settings, publication_id)
    draft = pack.page.with_suffix(".new")
    write_paper("national.typ", {**asdict(content), "marking": MARKING}, draft)
    draft.replace(pack.paper)
    draft.write_text(national_page(content), encoding="utf-8")
    draft.replace(pack.page)
    for made in (pack.page, pack.paper):
        share(settings, made)
    with connect(settings, role=ROLE) as connection:
        enter(
            connection,
            "disclosure",
            f"{pack.page.name} and {pack.paper.name} of publication {number}",
            to_whom="the readers of the national view",
            because="so that the forces can be compared",
            concerns=[publication_mark(number)],
        )
    return pack


def national_page(content: NationalPack) -> str:
    """Return the national pack as one HTML page."""
    return render("national.html.j2", pack=content)
