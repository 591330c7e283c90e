"""Pseudonyms of officers: keyed hashes that stand for employee and collar numbers in the marts.

The secret key has a version, which is stored with each pseudonym. `audit.pseudonym_key` lists the
versions, with a check value for each key, but never the key itself. So a wrong key is noticed
before any pseudonym is made with it. `assurance access rekey` makes a new version.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.raw_tables import raw_name, raw_table_exists
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import PSEUDONYMS, take_in_transaction
from oic_assurance.warehouse.rows import find_row, one_record
from oic_assurance.warehouse.secrets import find_secret, secret, variable_name

SECRET = "pseudonym_key"  # noqa: S105 - its name
#: The number of hexadecimal digits of a pseudonym, and of the check value of a key.
DIGITS = 32
CHECK_DIGITS = 16
#: How the hashed string is composed. Deployments that have not been re-keyed since migration 0031
#: use the form without the force code.
FORM_WITHOUT_FORCE = 1
FORM = 2

_VERSION: LiteralString = """
select version, form, check_value, made_at
from audit.pseudonym_key
"""
_UNFINISHED: LiteralString = """
select rekey_id, to_version
from audit.rekey
where finished_at is null
"""


@dataclass(frozen=True)
class KeyVersion:
    """One version of the secret key for pseudonyms.

    `check_value` is None until the key is used for the first time. `made_at` is None if the key is
    from before migration 0031.
    """

    version: int
    form: int
    check_value: str | None
    made_at: datetime | None


def pseudonym(key: str, force_code: str, kind: str, identifier: str, *, form: int = FORM) -> str:
    """Return the pseudonym of an employee or collar number as 32 hexadecimal digits.

    `kind` is `employee_no` or `collar_no`. Without the secret key, nobody can find the number from
    the pseudonym. In the present form, the parts of the hashed string are separated by NUL, which
    no string in PostgreSQL can contain. So two different numbers never have the same hashed string.
    """
    if form == FORM_WITHOUT_FORCE:
        return _keyed_hash(key, f"{kind}:{identifier}")[:DIGITS]
    return _keyed_hash(key, "\0".join(("pseudonym", force_code, kind, identifier)))[:DIGITS]


def check_value(key: str, version: int) -> str:
    """Return the check value of a version's key, as 16 hexadecimal digits."""
    return _keyed_hash(key, "\0".join(("check", str(version))))[:CHECK_DIGITS]


def assign_pseudonyms(settings: Settings) -> int:
    """Give each employee and collar number in raw a pseudonym, unless it has one.

    Return how many pseudonyms are new.

    Raises:
        UsageError: The key is too weak.
        AssuranceError: The key is not the key of the current version, or a re-keying is unfinished.
    """
    with connect(settings, role="oic_landing") as connection:
        take_in_transaction(connection, PSEUDONYMS, shared=True)
        check_no_rekey(connection)
        version = current_version(connection)
        key = _key_of(settings, connection, version)
        new = connection.execute(
            SQL(
                """
                select distinct seen.kind, seen.identifier
                from ({}) as seen
                where
                    seen.identifier is not null
                    and not exists (
                        select from identity.pseudonym as p
                        where
                            p.force_code = %(force)s and p.kind = seen.kind
                            and p.identifier = seen.identifier
                    )
                """
            ).format(identifiers_query(connection)),
            {"force": settings.force_code},
        ).fetchall()
        force = settings.force_code
        rows = [
            (
                force,
                kind,
                number,
                pseudonym(key, force, kind, number, form=version.form),
                version.version,
            )
            for kind, number in new
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into identity.pseudonym
                    (force_code, kind, identifier, officer_key, key_version)
                values (%s, %s, %s, %s, %s)
                on conflict (force_code, kind, identifier) do nothing
                """,
                rows,
            )
    return len(rows)


def current_version(connection: psycopg.Connection) -> KeyVersion:
    """Return the version of the key with which pseudonyms are made now."""
    query = _VERSION + "where is_current"
    return one_record(connection, KeyVersion, query, what="current version of the pseudonyms' key")


def check_no_rekey(connection: psycopg.Connection) -> None:
    """Refuse work on pseudonyms while a re-keying is unfinished.

    Raises:
        AssuranceError: A re-keying was begun and is not finished.
    """
    unfinished = find_row(connection, _UNFINISHED)
    if unfinished is not None:
        raise AssuranceError(
            f"The pseudonyms are being re-keyed to version {unfinished[1]}: wait for the end of "
            "`assurance access rekey`. If it was interrupted, run it again."
        )


def is_key_of(connection: psycopg.Connection, version: KeyVersion, key: str) -> bool | None:
    """Tell whether a key is the key of a version.

    Returns None if this cannot be known yet, because the version has no check value and no
    pseudonym. A version from before migration 0031 has no check value until its key is used again.
    As long as it has none, the key is right if it gives a stored pseudonym again.
    """
    if version.check_value is not None:
        return hmac.compare_digest(version.check_value, check_value(key, version.version))
    known = find_row(
        connection,
        """
        select force_code, kind, identifier, officer_key
        from identity.pseudonym
        where key_version = %s
        limit 1
        """,
        (version.version,),
    )
    if known is None:
        return None
    force_code, kind, number, stored = known
    return hmac.compare_digest(stored, pseudonym(key, force_code, kind, number, form=version.form))


def identifiers_query(connection: psycopg.Connection) -> Composed:
    """Write the query for all employee and collar numbers in raw, each with its kind.

    Raw tables that do not exist yet are left out. The query has the parameter `force`, the force
    code.
    """
    parts: list[Composable] = [SQL("select null::text as kind, null::text as identifier")]
    for dataset in datasets().values():
        for table in dataset.tables:
            if not raw_table_exists(connection, dataset, table):
                continue
            parts += [
                SQL("select {}, {} from {} where force_code = %(force)s").format(
                    column.identifies, Identifier(column.name), raw_name(dataset, table)
                )
                for column in table.columns
                if column.identifies
            ]
    return SQL(" union ").join(parts)


def _key_of(settings: Settings, connection: psycopg.Connection, version: KeyVersion) -> str:
    """Return the key of the current version. Generate it if the version has not been used yet.

    Raises:
        UsageError: The key is too weak.
        AssuranceError: The key is not the one with which the pseudonyms were made.
    """
    key = find_secret(settings, SECRET)
    is_right = None if key is None else is_key_of(connection, version, key)
    if is_right is False or (key is None and _is_used(connection, version)):
        raise AssuranceError(
            f"The key of the pseudonyms is not the key of version {version.version}: give that key "
            f"in {variable_name(SECRET)} or in {settings.secrets_dir / SECRET}, or make a new "
            "version with `assurance access rekey`."
        )
    if key is None:
        key = secret(settings, SECRET)
    if version.check_value is None:
        connection.execute(
            "update audit.pseudonym_key set check_value = %s where version = %s",
            (check_value(key, version.version), version.version),
        )
    return key


def _is_used(connection: psycopg.Connection, version: KeyVersion) -> bool:
    query = "select from identity.pseudonym where key_version = %s limit 1"
    return version.check_value is not None or bool(
        find_row(connection, query, (version.version,)) is not None
    )


def _keyed_hash(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
