"""Write the pack as a PDF of A4 sheets, tagged for screen readers (PDF/UA-1)."""

import json
from dataclasses import asdict
from pathlib import Path

from oic_assurance.reporting.pack.content import Board
from oic_assurance.reporting.pack.shapes import SHAPES

TEMPLATE = Path(__file__).with_name("templates") / "board.typ"
MARKING = "OFFICIAL-SENSITIVE"


def write_pdf(board: Board, path: Path) -> None:
    """Write the Board's pack as a PDF.

    Typst refuses to write a file that breaks PDF/UA-1, for example if a chart has no description.
    """
    import typst
    from font_source_sans_pro import font_directory

    content = {**asdict(board), "marking": MARKING, "shapes": SHAPES}
    path.write_bytes(
        typst.compile(
            TEMPLATE,
            sys_inputs={"content": json.dumps(content)},
            font_paths=[font_directory],
            ignore_system_fonts=True,
            pdf_standards="ua-1",
        )
    )
