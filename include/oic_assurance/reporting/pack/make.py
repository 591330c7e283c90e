"""Makes the packs from what readers see, and puts each where it replaces the one before."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from oic_assurance.reporting.pack.content import board
from oic_assurance.reporting.pack.facts import board_facts, public_facts
from oic_assurance.reporting.pack.memory import recall, remember
from oic_assurance.reporting.pack.pages import board_page, on_paper, public_page
from oic_assurance.reporting.pack.public import public
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

FOLDER = Path("reports") / "pack"
BOARD, PUBLIC = "assurance-pack", "public-release"


@dataclass(frozen=True)
class Pack:
    """Where a pack lies: one page that needs nothing else, and the same on paper."""

    page: Path
    paper: Path


def packs(settings: Settings) -> tuple[Pack, Pack]:
    """Return where the pack for the Board and the public version are, once they were made."""
    folder = settings.home / FOLDER
    return _place(folder, BOARD), _place(folder, PUBLIC)


def make_packs(settings: Settings, since: date | None = None) -> tuple[Pack, Pack]:
    """Make the packs of the publication that readers see and return where they are.

    Changes are told since the last pack of `since` or before, by default since the one before.
    """
    folder = private_folder(settings, settings.home / FOLDER)
    memory = folder / "earlier"
    memory.mkdir(mode=0o700, exist_ok=True)
    facts = board_facts(settings)
    for_the_board, for_the_public = packs(settings)
    _write(for_the_board, board_page(board(facts, recall(memory, facts, since))))
    _write(for_the_public, public_page(public(public_facts(settings))))
    remember(memory, facts)
    return for_the_board, for_the_public


def _place(folder: Path, name: str) -> Pack:
    return Pack(folder / f"{name}.html", folder / f"{name}.pdf")


def _write(pack: Pack, text: str) -> None:
    draft = pack.page.with_suffix(".new")
    on_paper(text, draft)
    draft.replace(pack.paper)
    draft.write_text(text, encoding="utf-8")
    draft.replace(pack.page)
