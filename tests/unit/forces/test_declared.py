"""A deployment has the forces of forces.yml, or one force if it has no such file.

The file is checked before anything runs. Each mistake is named with its line.
"""

from pathlib import Path

import pytest

from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.forces.declared import (
    ForcesError,
    declared_forces,
    own_variable,
    read_file,
    read_forces,
)

FILE = Path("forces.yml")
TWO = """\
servers:
  east: {tasks_at_once: 2}
forces:
  - code: E23000022
    name: Northamptonshire Police
    accountable_body: The Commissioner for Northamptonshire
    server: east
    starts_after_minutes: 5
    connections: {rms: north_rms}
    settings: {ASSURANCE_RUN_DEADLINE: "08:00"}
  - code: E23000021
    name: Leicestershire Police
    accountable_body: The Commissioner for Leicestershire
    owner: east-midlands-data
"""
SECOND = 11


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


def test_the_forces_are_read_in_the_order_of_the_file() -> None:
    found = read_forces(TWO, FILE)
    assert list(found.forces) == ["E23000022", "E23000021"]
    assert found.servers == {"east": 2}
    north, south = found.forces.values()
    assert (north.server, north.starts_after_minutes) == ("east", 5)
    assert north.connections == {"rms": "north_rms"}
    assert (north.owner, south.owner) == ("data-engineering", "east-midlands-data")


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("code: E23000021", "code: Leicestershire", SECOND, "ONS police force area code"),
        ("code: E23000021", "code: E23000040", SECOND, "not the ONS code of a police force area"),
        ("code: E23000021", "code: E23000022", SECOND, "the force E23000022 occurs twice"),
        ("    owner:", "    onwer:", SECOND + 3, "'onwer' is unknown"),
        ("server: east", "server: west", 7, "'west' is not one of the servers"),
        ("tasks_at_once: 2", "tasks_at_once: 0", 2, "minimum"),
        ("starts_after_minutes: 5", "starts_after_minutes: 500", 8, "maximum"),
        ('"08:00"', "8", 10, "8 is not a text: quote it"),
        ("ASSURANCE_RUN_DEADLINE", "RUN_DEADLINE", 10, "the name of a setting"),
        (
            "ASSURANCE_RUN_DEADLINE",
            "ASSURANCE_PSEUDONYM_KEY",
            10,
            "a secret does not belong here: set ASSURANCE_E23000022_PSEUDONYM_KEY",
        ),
        ("ASSURANCE_RUN_DEADLINE", "ASSURANCE_HOME", 10, "write ASSURANCE_HOME as `home`"),
        (
            "    owner: east-midlands-data",
            "    connections: {rms: north_rms}",
            SECOND + 3,
            "the force E23000022 has 'north_rms' too",
        ),
        (
            "    owner: east-midlands-data",
            "    connections: {rms: e23000022_rms}",
            SECOND + 3,
            "the force E23000022 has 'e23000022_rms' too",
        ),
        ("north_rms", "e23000021_rms", SECOND, "the force E23000022 uses its connection"),
        ("{rms: north", "{rsm: north", 9, "'rsm' is unknown: choose one of backup, "),
        ("{rms: north", "{smtp_default: north", 9, "all forces share the connection"),
        ("east-midlands-data", "!env OWNER", SECOND + 3, "not plain YAML"),
        ("code: E23000021", "code: K04000001", SECOND, "is the code of the kind national"),
    ],
)
def test_a_mistake_is_named_with_its_line(before: str, after: str, line: int, message: str) -> None:
    assert before in TWO
    with pytest.raises(ForcesError) as raised:
        read_forces(TWO.replace(before, after), FILE)
    assert raised.value.message.startswith(f"forces.yml, line {line}: ")
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("north", "south", "message"),
    [
        *(
            (f"{key}: /srv/x", f"{key}: {same}", f"the force E23000022 has the same {key}")
            for key in ("home", "dropzone", "archive", "reports")
            for same in ("/srv/x/", "/srv/y/../x")
        ),
        # The workers of a queue hold the secrets of one force.
        ("queue: east", "queue: east", "line 14: the force E23000022 has the queue 'east' too"),
    ],
)
def test_two_forces_may_not_share_a_place_or_a_queue(north: str, south: str, message: str) -> None:
    text = TWO.replace("server: east", north).replace("    owner:", f"    {south}\n    owner:")
    with pytest.raises(ForcesError, match=message):
        read_forces(text, FILE)


@pytest.mark.parametrize(
    ("north", "south", "inner", "outer"),
    [
        ("/srv/in", "/srv/in/south", "E23000021", "E23000022"),
        ("/srv/in/n", "/srv/in", "E23000022", "E23000021"),
    ],
)
def test_a_dropzone_inside_that_of_another_force_is_refused(
    north: str, south: str, inner: str, outer: str
) -> None:
    text = TWO.replace("    server: east", f"    dropzone: {north}").replace(
        "    owner:", f"    dropzone: file://{south}\n    owner:"
    )
    message = (
        f"line {SECOND + 3}: the dropzone of the force {inner} is inside the dropzone of the force "
        f"{outer}, which would see its files"
    )
    with pytest.raises(ForcesError, match=message):
        read_forces(text, FILE)
    beside = text.replace("/srv/in/", "/srv/in-")
    assert len(read_forces(beside, FILE).forces) == 2


def test_the_password_in_a_url_is_not_shown() -> None:
    url = "postgresql://reader:s3cr3t-w0rd@host/rms"
    with pytest.raises(ForcesError) as raised:
        read_forces(TWO.replace("{rms: north_rms}", f'{{rms: "{url}"}}'), FILE)
    assert raised.value.message.startswith("forces.yml, line 9: ")
    assert "s3cr3t-w0rd" not in raised.value.message


def test_a_force_with_declarations_of_its_own_may_name_further_connections() -> None:
    text = TWO.replace("{rms: north_rms}", "{crm: north_crm}")
    with pytest.raises(ForcesError, match="'crm' is unknown"):
        read_forces(text, FILE)
    own = text.replace("ASSURANCE_RUN_DEADLINE", "ASSURANCE_DECLARATIONS")
    assert read_forces(own, FILE).forces["E23000022"].connections == {"crm": "north_crm"}


def test_a_home_that_nobody_has_is_named_with_its_line() -> None:
    text = TWO.replace("    server: east", "    home: ~nobody-at-all/x")
    with pytest.raises(ForcesError, match="line 7: '~nobody-at-all/x' is not a folder"):
        read_forces(text, FILE)


def test_a_folder_is_relative_to_the_file(tmp_path: Path) -> None:
    text = TWO.replace("    server: east", "    home: north\n    dropzone: s3://drops/north")
    north = read_forces(text, tmp_path / "forces.yml").forces["E23000022"]
    assert north.home == str(tmp_path / "north")
    assert north.dropzone == "s3://drops/north"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "forces.yml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ForcesError, match=r"forces\.yml cannot be read: it is not UTF-8"):
        read_file(path)
