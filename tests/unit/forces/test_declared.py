"""A deployment has the forces of forces.yml, or one force if it has no such file."""

from pathlib import Path

import pytest

from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.forces.declared import declared_forces, own_variable


def test_without_a_file_there_is_one_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path))
    assert declared_forces() is None


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_FORCES", "/nowhere/forces.yml")
    with pytest.raises(UsageError, match="'/nowhere/forces\\.yml' is not a file"):
        declared_forces()


def test_the_file_is_in_the_state_folder_and_read_again_if_it_changes(deployment: Path) -> None:
    found = declared_forces()
    assert found is not None
    assert len(found.forces) == 2
    path = deployment / "forces.yml"
    path.write_text(path.read_text().replace("E23000021", "E23000020"))
    changed = declared_forces()
    assert changed is not None
    assert list(changed.forces) == ["E23000022", "E23000020"]


def test_an_unknown_force_is_an_error_that_lists_the_forces(deployment: Path) -> None:
    found = declared_forces()
    assert found is not None
    assert found.get(" e23000021 ").name == "Leicestershire Police"
    with pytest.raises(UnknownNameError, match="Choose one of E23000022, E23000021"):
        found.get("E23000999")


def test_a_variable_of_one_force_has_its_code_in_the_name() -> None:
    assert own_variable("E23000022", "ASSURANCE_EVIDENCE") == "ASSURANCE_E23000022_EVIDENCE"
