"""Screen of the packs that were made."""

from dataclasses import dataclass

from oic_assurance.reporting.pack.make import Pack


@dataclass(frozen=True)
class MadePacks:
    """The files of the Board's pack and of the public pack."""

    board: Pack
    public: Pack


def packs_screen(made: MadePacks) -> str:
    """Return the paths of the files, one on a line."""
    return "".join(f"{pack.page}\n{pack.paper}\n" for pack in (made.board, made.public))
