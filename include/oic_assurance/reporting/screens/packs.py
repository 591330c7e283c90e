"""The screen of `assurance pack`: the files that were written."""

from dataclasses import dataclass

from oic_assurance.reporting.pack.make import Pack


@dataclass(frozen=True)
class MadePacks:
    """The files of the Board's pack and of the public pack."""

    board: Pack
    public: Pack


def packs_screen(made: MadePacks) -> str:
    """Return the paths of the files of both packs, one path on a line."""
    return "".join(f"{pack.page}\n{pack.paper}\n" for pack in (made.board, made.public))
