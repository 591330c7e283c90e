"""Turns a function that returns promises into the suite of one table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from expectations.vocabulary import Promise, Stage, Suite, SuiteFunction, flatten


@dataclass(frozen=True)
class SuiteDefinition:
    """A suite function with the table it speaks about and what every table of its kind promises."""

    function: SuiteFunction
    stage: Stage
    dataset: str
    schema: str
    table: str
    key: tuple[str, ...]
    owner: str
    shared: tuple[Promise, ...] = ()
    versioned: bool = False

    @property
    def name(self) -> str:
        """The suite's name: its table, with the schema as a reader knows it."""
        return f"{self.schema}.{self.table}"

    def __call__(self) -> Suite:
        """Return the suite: what every table of its kind promises, then what this one does."""
        promises = [
            promise if promise.owner else replace(promise, owner=self.owner)
            for promise in (*self.shared, *flatten(self.function()))
        ]
        _check_names(self.name, promises)
        return Suite(
            name=self.name,
            stage=self.stage,
            dataset=self.dataset,
            schema=self.schema,
            table=self.table,
            key=self.key,
            words=(self.function.__doc__ or "").strip().partition("\n")[0],
            promises=tuple(promises),
            versioned=self.versioned,
        )


def _check_names(suite: str, promises: Sequence[Promise]) -> None:
    """Results are kept by name: two promises of one suite must not share one."""
    names = [promise.name for promise in promises]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{suite}: {', '.join(twice)} is promised twice")
