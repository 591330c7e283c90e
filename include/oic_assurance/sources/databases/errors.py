"""Errors of source databases: which ones can heal, told without values of records."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, DeliveryRefused, SourceUnavailable
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import reason as postgres_reason

#: SQLSTATE classes of failures that trying again can heal: connection, resources, intervention.
_CAN_HEAL = ("08", "53", "57", "40")
#: Errors that trying again does not mend, by the names of their classes.
_CANNOT_HEAL = {"ProgrammingError", "DataError", "IntegrityError", "NotSupportedError"}


class ContractBroken(DeliveryRefused):
    """A source table is not what its declaration says; only a change of one of them helps."""


def source_error(error: psycopg.Error, dataset: Dataset) -> Exception:
    """Turn an error of a source into one that can heal, or into a broken contract.

    It is told without its details, which can hold values.
    """
    text = f"{dataset.name}: {dataset.place} cannot be extracted: {postgres_reason(error)}."
    if error.sqlstate is None or error.sqlstate.startswith(_CAN_HEAL):
        return SourceUnavailable(text)
    return ContractBroken(text)


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
