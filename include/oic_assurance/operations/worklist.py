"""The worklist of a supervisor: open exceptions, and whom each one is about.

The marts name an officer by pseudonym only. Functions in the warehouse's schema `worklist` look up
the officer's number, and also the name if the deployment has filled `identity.directory`. They show
only the units of the session's login, and only after the look and its reason have been committed to
the log.
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.replay.corrections import new_file, shown
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import find_connection_uri
from oic_assurance.warehouse.connections import connect, connect_to, reason
from oic_assurance.warehouse.processing_log import enter
from oic_assurance.warehouse.roles import WORKLIST
from oic_assurance.warehouse.rows import one_value

#: The name of the Airflow connection with a supervisor's own login. If there is no such connection,
#: the worklist's own login is used, which sees every unit.
CONNECTION = "worklist"
SHORTEST_REASON, LONGEST_REASON = 10, 500
#: The kinds of numbers for which names can be given. A file of names has one of them as a column.
KINDS = ("employee_no", "collar_no")


@dataclass(frozen=True)
class Worklist:
    """The open exceptions of a login's units, oldest first, and the login that was used.

    They are rows of `worklist.exceptions`, whose columns are in `columns`. `number` is the
    officer's employee number or, if that could not be found, the collar number. `number_kind` says
    which of the two it is. Both are None if the exception is not about an officer, and `name` is
    None if there is no directory.
    """

    login: str
    columns: list[str]
    exceptions: list[dict[str, Any]]


def read_worklist(settings: Settings, unit: str | None, because: str, who: str) -> Worklist:
    """Log a look at the officers of open exceptions, and return the exceptions.

    `because` is the reason and `who` the person, as the operating system knows them. Both are
    logged. Without `unit`, the list covers all units that the login may see.

    Raises:
        UsageError: The reason is too short or too long, or the unit is none of the login's units.
        AssuranceError: Nothing is published yet.
        ServerError: The warehouse cannot be reached.
    """
    if len(because.strip()) < SHORTEST_REASON:
        raise UsageError(
            f"Say in at least {SHORTEST_REASON} characters why you need the list: "
            "the reason is logged."
        )
    logged = f"{because.strip()} ({who}, assurance worklist)"
    if len(logged) > LONGEST_REASON:
        longest = LONGEST_REASON - len(logged) + len(because.strip())
        raise UsageError(f"Say in at most {longest} characters why you need the list.")
    with _connect(settings) as connection:
        try:
            # The transaction that logs the look commits before any officer is shown.
            with connection.transaction():
                connection.execute("set transaction read write")
                look = one_value(
                    connection,
                    "select worklist.log_look(%s, %s)",
                    (logged, unit),
                )
            reader = connection.cursor(row_factory=dict_row)
            found = reader.execute("select * from worklist.exceptions(%s)", (look,)).fetchall()
        except psycopg.errors.UndefinedTable as error:
            raise AssuranceError("Nothing is published yet: run `assurance run` first.") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise UsageError(
                f"'{connection.info.user}' cannot see that worklist: {reason(error)}."
            ) from error
        columns = [column.name for column in reader.description or ()]
        return Worklist(connection.info.user, columns, found)


def write_worklist(worklist: Worklist, to: Path) -> None:
    """Write a worklist as CSV. Only the owner of the file can read it.

    Raises:
        AssuranceError: The file exists or cannot be written.
    """
    with new_file(to) as file:
        file.writerow(worklist.columns)
        for one in worklist.exceptions:
            cells = (
                value.isoformat() if isinstance(value, datetime) else value
                for value in one.values()
            )
            file.writerow(shown("" if cell is None else str(cell)) for cell in cells)


def fill_directory(settings: Settings, path: Path) -> tuple[int, int]:
    """Replace officers' names with those in a CSV file from the force's directory.

    The file has the columns `employee_no` or `collar_no`, and `name`. Names for numbers that are in
    no record in raw are left out. Names for the other kind of number stay. When an erasure deletes
    a number's pseudonym, the name is deleted too.

    Returns how many names were stored, and how many numbers in the file are in no record in raw.

    Raises:
        AssuranceError: The file cannot be read, lacks a column, or names a number twice.
    """
    kind, names = _read_names(path)
    with connect(settings, role="oic_landing") as connection, connection.cursor() as cursor:
        cursor.execute(
            "delete from identity.directory where force_code = %s and kind = %s",
            (settings.force_code, kind),
        )
        cursor.executemany(
            """
            insert into identity.directory (force_code, kind, identifier, name)
            select known.force_code, known.kind, known.identifier, %s
            from identity.pseudonym as known
            where known.force_code = %s and known.kind = %s and known.identifier = %s
            """,
            [(name, settings.force_code, kind, number) for number, name in names.items()],
        )
        stored: int = one_value(
            connection,
            "select count(*) from identity.directory where force_code = %s and kind = %s",
            (settings.force_code, kind),
        )
        enter(connection, "collection", f"names of {stored} officers, for the worklist")
    return stored, len(names) - stored


def _read_names(path: Path) -> tuple[str, dict[str, str]]:
    names: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            kind = next((one for one in KINDS if one in (rows.fieldnames or ())), None)
            if kind is None or "name" not in (rows.fieldnames or ()):
                raise AssuranceError(
                    f"{path} needs the columns name and {' or '.join(KINDS)}: add a first line."
                )
            for row in rows:
                number, name = (row[kind] or "").strip(), (row["name"] or "").strip()
                if number in names:
                    raise AssuranceError(
                        f"{path}, line {rows.line_num}: its number occurs twice: leave one out."
                    )
                if number and name:
                    names[number] = name
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "it is no CSV file in UTF-8"
        raise AssuranceError(f"{path} cannot be read: {why}.") from error
    return kind, names


def _connect(settings: Settings) -> psycopg.Connection:
    uri = find_connection_uri(CONNECTION)
    if uri is None:
        return connect(settings, role=WORKLIST, autocommit=True)
    return connect_to(uri, autocommit=True)
