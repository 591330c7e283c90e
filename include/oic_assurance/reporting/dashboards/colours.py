"""The colours of the dashboards. A colour has one meaning on every dashboard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.datasets import FOLDER, Dataset, read_yaml
from oic_assurance.reporting.dashboards.values import LOWER, UPPER

COLOURS = FOLDER / "colours.yml"
#: The meaning of the series that are drawn as a band.
INTERVAL = "interval"


@dataclass(frozen=True)
class Colours:
    """The colours of the series, and of the words in tables that have a colour.

    Attributes:
        meanings: Each colour, keyed by what it means.
        series: The meaning of each series, keyed by the name of the series.
        words: The meaning of each word that has a background colour in tables.
    """

    meanings: Mapping[str, str]
    series: Mapping[str, str]
    words: Mapping[str, str]

    def of_series(self, datasets: Iterable[Dataset]) -> dict[str, str]:
        """Return the colour of each series of charts of these datasets, keyed by its name.

        If a series has the name of a column for readers, Superset looks its colour up under the
        column's own name. It looks up a band under the names of its two ends. So both are keys too.
        """
        named = {name: self.meanings[meaning] for name, meaning in self.series.items()}
        columns = {
            column.name: named[column.title]
            for dataset in datasets
            for column in dataset.columns.values()
            if column.title in named
        }
        ends = {
            name + end: self.meanings[meaning]
            for name, meaning in self.series.items()
            if meaning == INTERVAL
            for end in (LOWER, UPPER)
        }
        return named | columns | ends

    @property
    def of_words(self) -> dict[str, str]:
        """The background colour of each word in tables."""
        return {word: self.meanings[meaning] for word, meaning in self.words.items()}


def colours(root: Path) -> Colours:
    """Return the colours that `colours.yml` gives.

    Raises:
        AssuranceError: If the file cannot be read, or uses a meaning without a colour.
    """
    described = read_yaml(root / COLOURS)
    given = Colours(described["meanings"], described["series"], described["words"])
    used = {*given.series.values(), *given.words.values()}
    if unknown := sorted(used - {*given.meanings}):
        raise AssuranceError(f"colours.yml: no colour for {', '.join(unknown)}.")
    return given
