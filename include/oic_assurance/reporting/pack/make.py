"""Make the pack of the current publication, and replace the files of the previous pack."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from oic_assurance.reporting.pack import earlier
from oic_assurance.reporting.pack.content import board
from oic_assurance.reporting.pack.facts import Facts, board_facts
from oic_assurance.reporting.pack.pages import board_page, write_pdf
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.processing_log import enter, publication_mark

FOLDER = Path("reports") / "pack"
ROLE = "oic_publish"
NAME = "assurance-pack"


@dataclass(frozen=True)
class Pack:
    """The files of a pack: a self-contained HTML page, and a PDF with the same content."""

    page: Path
    paper: Path


def pack_files(settings: Settings) -> Pack:
    """Return the paths of the pack's files, which may not exist yet."""
    folder = settings.home / FOLDER
    return Pack(folder / f"{NAME}.html", folder / f"{NAME}.pdf")


def make_pack(settings: Settings, since: date | None = None) -> Pack:
    """Make the pack of the current publication, and return the paths of its files.

    The pack shows what has changed since an earlier pack. Without `since`, the earlier pack
    is the previous one. With `since`, it is the last pack whose figures are as at that day or an
    earlier day.

    The pack is logged as a disclosure.

    Raises:
        AssuranceError: If nothing has been published.
    """
    folder = private_folder(settings, settings.home / FOLDER)
    earlier_packs = folder / "earlier"
    earlier_packs.mkdir(mode=0o700, exist_ok=True)
    facts = board_facts(settings)
    compared_with = earlier.load(earlier_packs, facts, since)
    pack = pack_files(settings)
    _write(pack, board_page(board(facts, compared_with)))
    _log(settings, facts)
    earlier.save(earlier_packs, facts)
    return pack


def _log(settings: Settings, facts: Facts) -> None:
    """Log that the pack was made for its readers (DPA 2018 section 62 requires it)."""
    (publication,) = facts["publication"]
    number = publication["publication_id"]
    with connect(settings, role=ROLE) as connection:
        enter(
            connection,
            "disclosure",
            f"{NAME}.html and {NAME}.pdf of publication {number}",
            to_whom="the Accountability Board",
            because="so that the Board can hold the force to account",
            concerns=[publication_mark(number)],
        )


def _write(pack: Pack, text: str) -> None:
    draft = pack.page.with_suffix(".new")
    write_pdf(text, draft)
    draft.replace(pack.paper)
    draft.write_text(text, encoding="utf-8")
    draft.replace(pack.page)
