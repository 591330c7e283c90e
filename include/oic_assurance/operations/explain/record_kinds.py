"""The kinds of records whose history can be shown, as described in `kinds.yml`."""

import functools
from dataclasses import dataclass
from importlib import resources

from oic_assurance.errors import UnknownNameError
from oic_assurance.sources.declarations.yaml_lines import load_yaml


@dataclass(frozen=True)
class Behind:
    """A raw table whose rows belong to a history, and a query for the keys of those rows.

    `keys` is the query. Its column `key` holds the values to look for in `column` of the raw table.
    Its optional column `at` holds a moment: the version that was valid then is marked in the
    history. The default is the publication's as-at moment.
    """

    dataset: str
    table: str
    column: str
    keys: str


@dataclass(frozen=True)
class Kind:
    """One kind of record: the queries for the chapters of its history, and its raw tables.

    `chapters` maps each title to a query. The first chapter is the record itself.
    """

    chapters: dict[str, str]
    behind: tuple[Behind, ...]


def find_kind(name: str) -> Kind:
    """Return a kind of record.

    Raises:
        UnknownNameError: There is no such kind.
    """
    if name not in kinds():
        raise UnknownNameError("kind of record", name, kinds())
    return kinds()[name]


@functools.cache
def kinds() -> dict[str, Kind]:
    """Return every kind of record, keyed by name."""
    file = resources.files("oic_assurance.operations.explain").joinpath("kinds.yml")
    text = file.read_text("utf-8")
    described = load_yaml(text)
    # `shared` is not a kind: it holds queries that several kinds use.
    del described["shared"]
    return {
        name: Kind(parts["chapters"], tuple(Behind(**one) for one in parts["behind"]))
        for name, parts in described.items()
    }
