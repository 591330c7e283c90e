"""Errors of database drivers (PEP 249), whichever it is: what heals, and words without values."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from oic_assurance.errors import AssuranceError, SourceUnavailable
from oic_assurance.sources.databases.database import ContractBroken
from oic_assurance.sources.declarations.model import Dataset

#: Errors that trying again does not mend, by the names of their classes.
_CANNOT_HEAL = {"ProgrammingError", "DataError", "IntegrityError", "NotSupportedError"}


@contextmanager
def told(dataset: Dataset) -> Iterator[None]:
    """Turn an error of a driver into one that can heal, or into a broken contract."""
    try:
        yield
    except AssuranceError:
        raise
    except Exception as error:  # each driver has errors of its own
        # What is quoted in an error can be a value of a record.
        why = re.sub(r"'[^']*'|\"[^\"]*\"", "…", reason(error))
        text = f"{dataset.name}: {dataset.place} cannot be extracted: {why}."
        if _CANNOT_HEAL & _class_names(error):
            raise ContractBroken(text) from None
        raise SourceUnavailable(text) from None


def reason(error: Exception) -> str:
    """Return what a driver says went wrong, on one line."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return (line or type(error).__name__).rstrip(".")


def _class_names(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def is_of_a_driver(error: Exception) -> bool:
    """Tell whether an error is one of PEP 249's, whatever driver it comes from."""
    return bool({"Error", "DatabaseError", "InterfaceError"} & _class_names(error))
