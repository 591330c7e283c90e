"""The kinds of records that have a story, as `kinds.yml` beside this file gives them."""

import functools
from dataclasses import dataclass
from importlib import resources

import yaml


@dataclass(frozen=True)
class Behind:
    """A raw table that the records behind a story stand in, and the query for what to find there.

    `keys` gives texts, in a column `key`, that `column` of the raw table holds for them, and may
    give a moment, in a column `at`, where another version matters than the publication's latest.
    """

    dataset: str
    table: str
    column: str
    keys: str


@dataclass(frozen=True)
class Kind:
    """How the story of one kind of record is told: queries by title, the record itself first."""

    chapters: dict[str, str]
    behind: tuple[Behind, ...]


@functools.cache
def kinds() -> dict[str, Kind]:
    """Return every kind of record by its name."""
    file = resources.files("oic_assurance.operations.explain").joinpath("kinds.yml")
    text = file.read_text("utf-8")
    said = yaml.safe_load(text)
    # What the kinds share among themselves is no kind.
    del said["shared"]
    return {
        name: Kind(parts["chapters"], tuple(Behind(**one) for one in parts["behind"]))
        for name, parts in said.items()
    }
