"""Translate errors of source databases into the errors of this project.

The messages leave out values of records. If another attempt can succeed, the error becomes
`SourceUnavailable`. Any other error becomes `ContractBroken`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, DeliveryRefused, SourceUnavailable
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import reason as postgres_reason

#: SQLSTATE codes or classes of failures that can pass: lost connections, transactions that were
#: rolled back, scarce resources, a lock that was not given, and intervention by an operator.
_TEMPORARY = ("08", "40", "53", "55P03", "57")
#: Error classes of PEP 249 for which another attempt does not help. All drivers use these names.
_PERMANENT = {"ProgrammingError", "DataError", "IntegrityError", "NotSupportedError"}


class ContractBroken(DeliveryRefused):
    """A source table differs from its declaration. The table or the declaration must change."""


def source_error(error: psycopg.Error, dataset: Dataset) -> Exception:
    """Return the error of this project for an error of a PostgreSQL source.

    The message leaves out the details of the original error, which can contain values of records.
    """
    text = f"{dataset.name}: {dataset.place} cannot be extracted: {postgres_reason(error)}."
    if error.sqlstate is None or error.sqlstate.startswith(_TEMPORARY):
        return SourceUnavailable(text)
    return ContractBroken(text)


@contextmanager
def translated_errors(dataset: Dataset) -> Iterator[None]:
    """Translate the errors that any driver raises inside the block.

    Raises:
        SourceUnavailable: Another attempt can succeed.
        ContractBroken: Another attempt would fail in the same way.
    """
    try:
        yield
    except AssuranceError:
        raise
    except Exception as error:  # each driver has its own error classes
        # Quoted text in an error message can be a value from a record, so it is left out.
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
