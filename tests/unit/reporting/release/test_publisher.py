"""The publisher of the releases is read from a file, and errors name the mistakes in the file."""

from pathlib import Path

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.reporting.release.publisher import ENTRIES, read_publisher, require
from oic_assurance.settings import load_settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "publisher.yml"
    monkeypatch.setenv("ASSURANCE_PUBLISHER", str(path))
    return path


def test_the_file_of_the_project_sets_nothing_and_has_every_entry() -> None:
    publisher = read_publisher(load_settings())
    assert publisher == dict.fromkeys(ENTRIES)
    with pytest.raises(UsageError, match=r"does not set publisher, contact and licence\. Set each"):
        require(publisher, load_settings())


def test_what_is_set_is_read(file: Path) -> None:
    file.write_text("publisher:  Example\nnext_release: 2026-07-21\ncontact_phone: 101\n")
    publisher = read_publisher(load_settings())
    assert publisher["publisher"] == "Example"
    assert publisher["next_release"] == "2026-07-21"
    assert publisher["contact_phone"] == "101"
    assert publisher["licence"] is None
    with pytest.raises(UsageError, match=r"publisher\.yml does not set contact and licence"):
        require(publisher, load_settings())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("publischer: x", "Did you mean 'publisher'"),
        ("next_release: soon", "is not a day"),
        ("licence_url: javascript:alert(1)", "must begin with https://"),
        ("- a list", "one entry on each line"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_mistake_is_named(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_publisher(load_settings())


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(UsageError, match="ASSURANCE_PUBLISHER"):
        read_publisher(load_settings())
