"""Make the pack of a publication: a page for screens and a PDF for paper."""

import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from oic_assurance.reporting.pack.facts import ROLE, Facts, board_facts
from oic_assurance.reporting.pack.since import since_the_last_meeting
from oic_assurance.reporting.paper.document import Document, write_page, write_pdf
from oic_assurance.reporting.release.publisher import read_publisher
from oic_assurance.settings import Kind, Settings
from oic_assurance.storage.reports import share, unshare
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder, replacing
from oic_assurance.warehouse.processing_log import enter, publication_mark

FOLDER = Path("reports") / "pack"
#: The name of the pack of each kind of warehouse.
NAMES: Mapping[Kind, str] = {"force": "assurance-pack", "national": "national-pack"}


@dataclass(frozen=True)
class Pack:
    """The files of a pack: a self-contained HTML page, and a PDF with the same content."""

    page: Path
    paper: Path


def pack_files(settings: Settings, publication_id: int | None = None) -> Pack:
    """Return the paths of the pack's files, which may not exist yet.

    Without `publication_id`, the names are the same each day. With it, they contain the
    publication's number.
    """
    folder = settings.home / FOLDER
    name = NAMES[settings.kind]
    if publication_id is not None:
        name = f"{name}-of-publication-{publication_id}"
    return Pack(folder / f"{name}.html", folder / f"{name}.pdf")


def publication_of_pack(settings: Settings) -> int | None:
    """Return the publication that the pack in the reports folder shows, or None if none is known.

    There may be no pack, and a pack of an earlier version of the code names no publication.
    """
    try:
        page = pack_files(settings).page.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    found = re.search(r'data-publication="(\d+)"', page)
    return int(found[1]) if found else None


def make_pack(
    settings: Settings, since: date | None = None, publication_id: int | None = None
) -> Pack:
    """Make the pack of a publication for the Board, and return the paths of its files.

    The pack is logged as a disclosure. `write_pack` explains the arguments and the errors.
    """
    pack, facts = write_pack(settings, since, publication_id)
    log_disclosure(
        settings,
        pack,
        facts,
        to_whom="the Accountability Board",
        because="so that the Board can hold the force to account",
    )
    return pack


def write_pack(
    settings: Settings, since: date | None = None, publication_id: int | None = None
) -> tuple[Pack, Facts]:
    """Write the files of a publication's pack, and return their paths and the pack's data.

    The default is the current publication. The pack shows what has changed since the day `since`.
    Without `since`, it shows what has changed since the Board last met.

    Raises:
        AssuranceError: If nothing has been published, there is no such publication, its tables are
            not kept, or this version has published nothing yet.
        UsageError: If the publisher's file, which has the contact, is not valid, or if `since` is
            after the as-at day.
    """
    # Importing what draws charts takes a third of a second, and only who makes a pack needs it.
    from oic_assurance.reporting.pack.content import board
    from oic_assurance.reporting.paper.drawing import drawings_kept

    facts = board_facts(settings, publication_id)
    # A pack that is made again, or for a bundle, proves what it shows. So all of it is drawn.
    drawings = settings.home / FOLDER / "drawings.json"
    with drawings_kept(drawings) if publication_id is None else nullcontext():
        contents = board(
            facts,
            since_the_last_meeting(facts, since),
            read_publisher(settings),
            force=settings.force_name,
            body=settings.accountable_body,
        )
        return write_files(settings, contents, publication_id), facts


def write_files(settings: Settings, document: Document, publication_id: int | None) -> Pack:
    """Write a document as the pack of this warehouse, and return the paths of its files."""
    private_folder(settings, settings.home / FOLDER)
    pack = pack_files(settings, publication_id)
    for write, path in ((write_pdf, pack.paper), (write_page, pack.page)):
        with replacing(path) as draft:
            write(document, draft)
        share(settings, path)
    return pack


def remove_pack(settings: Settings) -> None:
    """Remove the pack whose name is the same each day.

    Raises:
        ServerError: ASSURANCE_REPORTS_URL cannot be reached.
        OSError: A file cannot be removed.
    """
    pack = pack_files(settings)
    for path in (pack.page, pack.paper):
        path.unlink(missing_ok=True)
        unshare(settings, path)


def log_disclosure(
    settings: Settings, pack: Pack, facts: Facts, *, to_whom: str, because: str
) -> None:
    """Log that a pack was made for its readers (DPA 2018 section 62 requires it)."""
    (publication,) = facts["publication"]
    number = publication["publication_id"]
    with connect(settings, role=ROLE) as connection:
        enter(
            connection,
            "disclosure",
            f"{pack.page.name} and {pack.paper.name} of publication {number}",
            to_whom=to_whom,
            because=because,
            concerns=[publication_mark(number)],
        )
