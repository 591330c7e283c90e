"""What a preview reads from dbt's manifest, and what it must not name."""

import json
from pathlib import Path

from oic_assurance.builds.declared import FILE
from oic_assurance.operations import preview
from tests.conftest import PROJECT_ROOT


def manifest(folder: Path, others: str = "", **macros: str) -> Path:
    """Write a manifest with macros of the project, and what a force has declared."""
    own = {
        name: {"name": name, "package_name": "oic_assurance", "macro_sql": text}
        for name, text in macros.items()
    }
    content = {"nodes": {}, "macros": own}
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "declared.json").write_text(others, encoding="utf-8")
    return folder


def test_a_changed_measure_is_named_by_its_code(tmp_path: Path) -> None:
    text = (PROJECT_ROOT / FILE).read_text(encoding="utf-8")
    before = preview._checksums(manifest(tmp_path, declared=text))
    wrong = text.replace("met: intelligence_class = 'submitted_in_time'", "met: is_compliant")
    after = preview._checksums(manifest(tmp_path, declared=wrong))
    changed = {one for one in before | after if before.get(one) != after.get(one)}
    assert changed == {("measure", "nccu_intel_in_time")}


def test_a_changed_measure_of_a_force_is_named_too(tmp_path: Path) -> None:
    text = (PROJECT_ROOT / FILE).read_text(encoding="utf-8")
    declared = [{"measures": {"own": {"met": met}}, "records": {}} for met in ("is_met", "is_late")]
    before, after = (
        preview._checksums(manifest(tmp_path, json.dumps(one), declared=text)) for one in declared
    )
    assert {one for one in before | after if before.get(one) != after.get(one)} == {
        ("measure", "own")
    }


def test_an_officer_is_never_named() -> None:
    assert "officer" not in preview.NAMED_KINDS
    assert "person" not in preview.NAMED_KINDS
