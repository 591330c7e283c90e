"""Translate errors of source databases, without values of records in the message.

An error that another attempt can solve becomes `SourceUnavailable`. Any other becomes
`ContractBroken`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, DeliveryRefused, SourceUnavailable
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import reason as postgres_reason

#: SQLSTATE classes of failures that can pass: connection, resources, intervention, rollback.
_TEMPORARY = ("08", "53", "57", "40")
#: Class names of errors that another attempt does not solve. All drivers use them (PEP 249).
_PERMANENT = {"ProgrammingError", "DataError", "IntegrityError", "NotSupportedError"}


class ContractBroken(DeliveryRefused):
    """A source table differs from its declaration. One of the two must change."""


def source_error(error: psycopg.Error, dataset: Dataset) -> Exception:
    """Return the error to raise for an error of a PostgreSQL source.

    The message leaves out the details of the error, which can contain values.
    """
    text = f"{dataset.name}: {dataset.place} cannot be extracted: {postgres_reason(error)}."
    if error.sqlstate is None or error.sqlstate.startswith(_TEMPORARY):
        return SourceUnavailable(text)
    return ContractBroken(text)


@contextmanager
def translated_errors(dataset: Dataset) -> Iterator[None]:
    """Translate the errors of any driver.

    Raises:
        SourceUnavailable: Another attempt can succeed.
        ContractBroken: Another attempt fails in the same way.
    """
    try:
        yield
    except AssuranceError:
        raise
    except Exception as error:  # each driver has its own error classes
        # A quoted text in an error can be a value of a record.
        why = re.sub(r"'[^']*'|\"[^\"]*\"", "…", reason(error))
        text = f"{dataset.name}: {dataset.place} cannot be extracted: {why}."
        if _PERMANENT & _class_names(error):
            raise ContractBroken(text) from None
        raise SourceUnavailable(text) from None


def reason(error: Exception) -> str:
    """Return the first line of a driver's error message."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return (line or type(error).__name__).rstrip(".")


def _class_names(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def is_driver_error(error: Exception) -> bool:
    """Tell whether an error has one of the base classes that PEP 249 gives every driver."""
    return bool({"Error", "DatabaseError", "InterfaceError"} & _class_names(error))
