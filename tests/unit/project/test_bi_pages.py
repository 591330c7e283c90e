"""The tables and columns named on the pages in docs/bi exist in the marts."""

import re
from pathlib import Path

import pytest

from oic_assurance.reporting.documents.marts import marts
from oic_assurance.settings import load_settings

PROJECT = load_settings().project_root
BI = PROJECT / "docs" / "bi"
#: The columns of `marts.publication`, which no dbt model declares: migrations create it, from
#: `0004_audit_evidence.sql` on.
PUBLICATION = {"publication_id", "as_at", "gate_verdict", "is_current"}
MARTS = {mart.name: mart for mart in marts(PROJECT) if mart.schema == "marts"}


def columns(table: str) -> set[str]:
    if table == "publication":
        return PUBLICATION
    return {column.name for column in MARTS[table].columns}


def test_every_column_in_dax_exists() -> None:
    text = (BI / "questions.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```dax\n(.*?)```", text, re.DOTALL)
    named = {pair for block in blocks for pair in re.findall(r"(\w+)\[(\w+)\]", block)}
    assert len(named) > 15
    assert [pair for pair in named if pair[1] not in columns(pair[0])] == []
    measures = {
        name for block in blocks for name in re.findall(r"^([A-Z][\w ,-]+?) =", block, re.M)
    }
    asked = {name for block in blocks for name in re.findall(r"(?<!\w)\[([^\]]+)\]", block)}
    assert asked <= measures


@pytest.mark.parametrize("page", sorted(BI.glob("*.md")), ids=lambda path: path.name)
def test_links_resolve(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
