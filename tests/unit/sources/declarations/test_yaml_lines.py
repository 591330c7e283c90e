"""The error for a mistake in the YAML of a declaration names the line."""

import pytest

from oic_assurance.sources.declarations import yaml_lines
from tests.unit.sources.declarations.examples import (
    FILE,
    Mistake,
    check_mistake,
    error_of,
    name_of,
)

MISTAKES: list[Mistake] = [
    (FILE, "delivery: full", "delivery: full\ndelivery: changes", 6,
     "delivery occurs twice, first in line 5"),
    (FILE, "      persons:", "      kind: {type: text, description: Again.}\n      persons:", 17,
     "kind occurs twice, first in line 15"),
    (FILE, "{type: integer,", "{type: integer, type: text,", 17, "type occurs twice"),
    (FILE, "      persons:", "      on:", 17, "YAML does not read the name on as a text: quote it"),
    (FILE, "One referral.", "2026-13-45", 11, "YAML reads 2026-13-45 as a date: quote it"),
    (FILE, "Public", "\0Public", 7, "characters are not allowed"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=name_of)
def test_an_error_names_file_and_line(mistake: Mistake) -> None:
    check_mistake(mistake)


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_an_empty_file_is_an_error(text: str) -> None:
    assert error_of(text, "a_b.yml") == "a_b.yml, line 1: the file is empty."


def test_text_that_is_not_yaml_names_its_line() -> None:
    with pytest.raises(yaml_lines.YamlMistake, match="not YAML") as caught:
        yaml_lines.read("kind: file\nplace: [file\n")
    assert caught.value.line > 1


def test_the_line_of_a_part_is_found_by_its_path() -> None:
    lined = yaml_lines.read("a: 1\nb:\n  - c: 2\n  - d: 3\n")
    assert lined.content == {"a": 1, "b": [{"c": 2}, {"d": 3}]}
    assert lined.line(()) == 1
    assert lined.line(("b",)) == 2
    assert lined.line(("b", 1, "d")) == 4
    assert lined.line(("b", 1, "missing")) == 4
