"""Turns a function that returns expectations into the suite of one table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from expectations.vocabulary import Expectation, Stage, Suite, SuiteFunction, flatten
from oic_assurance.settings import Kind


@dataclass(frozen=True)
class SuiteDefinition:
    """A suite function, its table, and the expectations that the decorator adds.

    `shared` has the added expectations, and `shared_national` those for the national warehouse, if
    they differ there. `owner` applies to every expectation that names no owner.
    `versioned` says that the table keeps every version of a record, as raw tables do.
    """

    function: SuiteFunction
    stage: Stage
    dataset: str
    schema: str
    table: str
    key: tuple[str, ...]
    owner: str
    shared: tuple[Expectation, ...] = ()
    versioned: bool = False
    shared_national: tuple[Expectation, ...] | None = None

    @property
    def name(self) -> str:
        """The suite's name: schema and table."""
        return f"{self.schema}.{self.table}"

    def __call__(self, kind: Kind = "force") -> Suite:
        """Return the suite for a kind of warehouse: the shared expectations, then the function's.

        The description of the suite is the first line of the function's docstring.

        Raises:
            ValueError: Two expectations have the same name.

        """
        is_other = kind == "national" and self.shared_national is not None
        shared = self.shared_national if is_other else self.shared
        expectations = [
            expectation if expectation.owner else replace(expectation, owner=self.owner)
            for expectation in (*(shared or ()), *flatten(self.function()))
        ]
        _check_names(self.name, expectations)
        return Suite(
            name=self.name,
            stage=self.stage,
            dataset=self.dataset,
            schema=self.schema,
            table=self.table,
            key=self.key,
            description=(self.function.__doc__ or "").strip().partition("\n")[0],
            expectations=tuple(expectations),
            versioned=self.versioned,
        )


def _check_names(suite: str, expectations: Sequence[Expectation]) -> None:
    """Raise `ValueError` if two expectations of a suite have the same name.

    Results are stored under the names, so two expectations with one name would be confused.
    """
    names = [expectation.name for expectation in expectations]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise ValueError(
            f"{suite}: two expectations are called {', '.join(duplicates)}: rename one of them"
        )
