"""Make the packs of the current publication, and replace the files of the previous packs."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from oic_assurance.reporting.pack import earlier
from oic_assurance.reporting.pack.content import board
from oic_assurance.reporting.pack.facts import board_facts, public_facts
from oic_assurance.reporting.pack.pages import board_page, public_page, write_pdf
from oic_assurance.reporting.pack.public import public
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

FOLDER = Path("reports") / "pack"
BOARD, PUBLIC = "assurance-pack", "public-release"


@dataclass(frozen=True)
class Pack:
    """The files of a pack: a self-contained HTML page, and a PDF with the same content."""

    page: Path
    paper: Path


def packs(settings: Settings) -> tuple[Pack, Pack]:
    """Return the paths of the Board's pack and the public pack. The files may not exist yet."""
    folder = settings.home / FOLDER
    return _files(folder, BOARD), _files(folder, PUBLIC)


def make_packs(settings: Settings, since: date | None = None) -> tuple[Pack, Pack]:
    """Make the packs of the current publication and return the paths of their files.

    The Board's pack shows what has changed since an earlier pack. Without `since`, the earlier pack
    is the previous one. With `since`, it is the last pack whose figures are as at that day or an
    earlier day.

    Raises:
        AssuranceError: If nothing has been published.
    """
    folder = private_folder(settings, settings.home / FOLDER)
    earlier_packs = folder / "earlier"
    earlier_packs.mkdir(mode=0o700, exist_ok=True)
    facts = board_facts(settings)
    compared_with = earlier.load(earlier_packs, facts, since)
    board_pack, public_pack = packs(settings)
    _write(board_pack, board_page(board(facts, compared_with)))
    _write(public_pack, public_page(public(public_facts(settings))))
    earlier.save(earlier_packs, facts)
    return board_pack, public_pack


def _files(folder: Path, name: str) -> Pack:
    return Pack(folder / f"{name}.html", folder / f"{name}.pdf")


def _write(pack: Pack, text: str) -> None:
    draft = pack.page.with_suffix(".new")
    write_pdf(text, draft)
    draft.replace(pack.paper)
    draft.write_text(text, encoding="utf-8")
    draft.replace(pack.page)
