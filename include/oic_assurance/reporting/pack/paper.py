"""Write the pack as a PDF of A4 sheets, tagged for screen readers (PDF/UA-1)."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oic_assurance.reporting.pack.content import Board
from oic_assurance.reporting.paper.shapes import SHAPES

TEMPLATES = Path(__file__).with_name("templates")
MARKING = "OFFICIAL-SENSITIVE"


def write_pdf(board: Board, path: Path) -> None:
    """Write the Board's pack as a PDF. The errors are those of `write_paper`."""
    write_paper("board.typ", {**asdict(board), "marking": MARKING, "shapes": SHAPES}, path)


def write_paper(template: str, content: Mapping[str, Any], path: Path) -> None:
    """Write a PDF from a template and its content, which must be plain data.

    Typst refuses to write a file that breaks PDF/UA-1, for example if a chart has no description.
    """
    import typst
    from font_source_sans_pro import font_directory

    path.write_bytes(
        typst.compile(
            TEMPLATES / template,
            sys_inputs={"content": json.dumps(content)},
            font_paths=[font_directory],
            ignore_system_fonts=True,
            pdf_standards="ua-1",
        )
    )
