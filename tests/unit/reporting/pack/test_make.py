"""Each file of the pack is whole, whoever else makes the pack at the same time."""

from dataclasses import replace
from pathlib import Path

import pytest

from oic_assurance.reporting.pack import make
from oic_assurance.reporting.paper.document import Document
from oic_assurance.settings import load_settings


def test_two_processes_make_the_pack_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(load_settings({}), home=tmp_path)
    mine, other = (Document(name, name, []) for name in ("of the run", "of a person"))

    def write(document: Document, path: Path) -> None:
        path.write_text(f"PDF {document.name}")
        if document is mine:
            # The other process begins later and ends earlier.
            make.write_files(settings, other, None)

    monkeypatch.setattr(make, "write_pdf", write)
    monkeypatch.setattr(make, "write_page", lambda document, path: path.write_text(document.name))
    pack = make.write_files(settings, mine, None)
    assert pack.paper.read_text() == "PDF of the run"
    assert pack.page.read_text() == "of the run"
    assert set(pack.page.parent.iterdir()) == {pack.page, pack.paper}
