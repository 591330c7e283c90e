"""Add entries to the log of processing that DPA 2018 section 62 requires.

Every part of the project that collects, alters, shows, gives away, combines or erases records adds
an entry with `enter`. Apart from `enter`, only the collector of the server's own log adds to
`audit.processing_log` (`operations/audit/collect.py`).

An entry names the login of the session, which the server writes into it. An entry contains no
officer's number. It contains keyed hashes instead, which `record_mark` and `officer_mark` return.
With these hashes, the entries about a record or an officer can be found. Only the entry of an
explanation names its record, by the reference that the marts show, and that of a worklist has the
keys of its exceptions.
"""

import hashlib
import hmac
from collections.abc import Iterable
from contextlib import suppress
from typing import Literal

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.roles import AUDITOR
from oic_assurance.warehouse.rows import one_row
from oic_assurance.warehouse.secrets import secret

Action = Literal["collection", "alteration", "consultation", "disclosure", "combination", "erasure"]

#: The mark of the entries about logins that were not as they are declared.
ALTERED_LOGIN = "altered login"
SECRET = "processing_log_key"  # noqa: S105 - its name


class _Session:
    """Remembers whether this process has added an entry since it last sealed."""

    has_entered = False


_session = _Session()


def enter(
    connection: psycopg.Connection,
    action: Action,
    what: str,
    *,
    to_whom: str | None = None,
    because: str | None = None,
    run_id: str | None = None,
    record: str | Iterable[str] = (),
    concerns: Iterable[str] = (),
) -> int:
    """Add an entry in the transaction of `connection`, and return its id.

    The server adds the time, the login, the address and the transaction. Call `seal` after the
    commit, so that the entry is chained to the entries before it.

    Args:
        connection: A session that is logged in as a stage, as a purpose, or as `AUDITOR`.
        action: What was done with the records.
        what: Which records, in words. This never contains a value from a record.
        to_whom: Who received the records of a disclosure.
        because: The reason that a person gave.
        run_id: The run that the processing belongs to.
        record: The mark of a record or officer, or several marks (see `record_mark`,
            `officer_mark`).
        concerns: The marks of what else the entry is about (see `batch_mark` and the functions
            after it).
    """
    marks = [record] if isinstance(record, str) else list(record)
    _session.has_entered = True
    (entry,) = one_row(
        connection,
        "select audit.enter_processing(%s, %s, %s, %s, %s, %s, %s)",
        (
            action,
            what,
            to_whom,
            because,
            run_id,
            list(dict.fromkeys([*marks, *concerns])),
            account_at_host(),
        ),
        what="answer of the log of processing",
    )
    return int(entry)


def seal(settings: Settings, *, role: str = AUDITOR) -> int:
    """Add the committed entries to the chain if they are not in it yet. Return their number.

    This waits only for another process that seals, never for a transaction that has added entries.
    """
    with connect(settings, role=role, autocommit=True) as connection:
        return seal_with(connection)


def seal_with(connection: psycopg.Connection) -> int:
    """Seal like `seal`, but in an open session, which must not be in a transaction."""
    _session.has_entered = False
    sealed, _, _ = one_row(
        connection, "select * from audit.seal_processing()", what="answer of the log of processing"
    )
    return int(sealed)


def has_unsealed() -> bool:
    """Tell whether this process has added entries since it last sealed."""
    return _session.has_entered


def seal_own(settings: Settings) -> None:
    """Seal if this process has added entries since it last sealed.

    A command calls this function when it ends. If sealing fails, the next process that seals adds
    these entries to the chain.
    """
    if has_unsealed():
        with suppress(AssuranceError, psycopg.Error):
            seal(settings)


# ---------------------------------------------------------------- what an entry is about


def record_mark(settings: Settings, dataset: str, row_key: str) -> str:
    """Return the mark of a record: its dataset, and a keyed hash of its key in raw."""
    return f"record:{dataset}:{_keyed(settings, 'record', dataset, row_key)}"


def value_mark(settings: Settings, value: str) -> str:
    """Return the mark of a value in a reader's query: a keyed hash of the value."""
    return f"value:{_keyed(settings, 'value', value)}"


def value_marks(settings: Settings, values: Iterable[str]) -> list[str]:
    """Return the marks of many values."""
    key = secret(settings, SECRET)
    return [f"value:{_hashed(key, settings.force_code, 'value', value)}" for value in values]


def officer_mark(settings: Settings, officer_key: str) -> str:
    """Return the mark of an officer: a keyed hash of the pseudonym.

    The log does not contain the pseudonym itself. The log is never changed, so it would still show
    the old pseudonym after a re-keying. Anybody who has the old key of the pseudonyms could then
    find the officer. `audit.officer_mark_before` lists the marks that an officer had before each
    re-keying.
    """
    return f"officer:{officer_name(settings, officer_key)}"


def officer_name(settings: Settings, officer_key: str) -> str:
    """Return how the log names an officer: with a keyed hash of the pseudonym."""
    return _keyed(settings, "officer", officer_key)


def dataset_mark(dataset: str) -> str:
    """Return the mark of all records of a dataset."""
    return f"dataset:{dataset}"


def batch_mark(batch_id: int) -> str:
    """Return the mark of the records of a batch."""
    return f"batch:{batch_id}"


def build_mark(build_id: int) -> str:
    """Return the mark of the records that a build used."""
    return f"build:{build_id}"


def publication_mark(publication_id: int) -> str:
    """Return the mark of the records in a publication."""
    return f"publication:{publication_id}"


def erasure_mark(erasure_id: int) -> str:
    """Return the mark of the records that an erasure removed."""
    return f"erasure:{erasure_id}"


def exception_mark(exception_key: str) -> str:
    """Return the mark of an exception, as `worklist.log_look` enters it."""
    return f"exception:{exception_key}"


def login_mark(login: str) -> str:
    """Return the mark of a login of the warehouse."""
    return f"login:{login}"


def mart_mark(mart: str) -> str:
    """Return the mark of a mart that a reader has queried."""
    return f"mart:{mart}"


def _keyed(settings: Settings, *parts: str) -> str:
    return _hashed(secret(settings, SECRET), settings.force_code, *parts)


def _hashed(key: str, *parts: str) -> str:
    return hmac.new(key.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()
