"""Replace all pseudonyms with those of a new key (re-keying).

A re-keying has five steps. Its state is in `audit.rekey`, and after an interruption the next call
continues with the unfinished step:

1. **Begin.** The new key is chosen, and every earlier key is listed with its new key in
   `identity.key_change`. From then on, no run may start.
2. **Switch.** One transaction changes the pseudonyms, the current publication, the history of
   exceptions, the keys in stored check results, and the tables with which figures are explained.
   The hashes of erased records are hashed again with a new secret. After the commit, readers see
   new pseudonyms.
3. **Publications.** Each other kept publication is changed in its own transaction.
4. **Finish.** Earlier keys in files are replaced, the tables are searched for remaining earlier
   keys, the new key replaces the earlier one, and the list is emptied. From then on, runs may
   start.
5. **Clean** (`clean.py`). Dead rows, the planner's samples and old write-ahead log are removed.

No step needs the earlier key.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from oic_assurance.builds import runs
from oic_assurance.builds.development import PREFIX as DEVELOPMENT
from oic_assurance.builds.marts import CANDIDATES, drop_schemas
from oic_assurance.builds.record import Purpose, schema_prefix
from oic_assurance.errors import AssuranceError, ServerError, UsageError
from oic_assurance.landing.erased_keys import add_layer
from oic_assurance.landing.pseudonyms import (
    FORM,
    SECRET,
    KeyVersion,
    check_value,
    current_version,
    is_key_of,
)
from oic_assurance.operations.pseudonyms.files import replace_keys_in_files
from oic_assurance.operations.pseudonyms.tables import (
    keyed_columns,
    list_changes,
    publications_left,
    read_changes,
    rekey_publication,
    relations,
    replace_keys,
    replace_keys_in_texts,
    tables_with_earlier_keys,
)
from oic_assurance.publishing.approval import waits
from oic_assurance.publishing.publication import find_current
from oic_assurance.publishing.schemas import GENERATION
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import (
    CANDIDATE,
    PSEUDONYMS,
    PUBLISHING,
    RECOMPUTE,
    REKEY,
    take,
    take_in_transaction,
    try_take,
)
from oic_assurance.warehouse.processing_log import enter, officer_mark
from oic_assurance.warehouse.rows import find_value, named_rows, one_value
from oic_assurance.warehouse.secrets import check_strength, secret, variable_name

ROLE = "oic_rekey"
DRAFT = f"{SECRET}.next"
#: How long to wait for a stage of a run, a publication or a recomputation.
PATIENCE = "60s"
#: Purposes of builds other than daily builds. Their schemas are dropped, because every run or
#: command that needs such schemas makes new ones.
OTHER_PURPOSES: tuple[Purpose, ...] = ("deadline", "reproduce", "restate")

_SELECT: LiteralString = """
select rekey_id, because, from_version, to_version, is_generated, switched_at is not null as
    is_switched, finished_at is not null as is_finished, pseudonyms, without_number, evidence,
    left_in
from audit.rekey
"""
_UNCLEANED: LiteralString = """
where cleaned_at is null
order by rekey_id desc
limit 1
"""
_EVIDENCE = """
select publication_id, schema_name, table_name, rows, fingerprint_before, fingerprint_after
from audit.rekeyed_table
where rekey_id = %s
order by publication_id, schema_name collate "C", table_name collate "C"
"""

#: A function that is called with a sentence at the start of each step.
Told = Callable[[str], None]


#: A row of `_SELECT`. `without_number` is how many pseudonyms belonged to an erased number.
Rekey = Any


def rekey(
    settings: Settings,
    because: str | None,
    *,
    run_was_killed: bool = False,
    tell: Told = lambda _: None,
) -> Rekey:
    """Replace all pseudonyms with those of a new key, or finish an interrupted re-keying.

    The caller must clean the server's files afterwards (`clean.clean`). With `run_was_killed`, the
    record of a run that was killed is first closed.

    Raises:
        UsageError: There is no reason and nothing to finish, the new key is too weak or is the
            current key, or there are no pseudonyms.
        AssuranceError: A run, a publication or another re-keying is under way, or a build waits for
            a decision.
        ServerError: A file cannot be changed.
    """
    try:
        with _alone(settings) as connection:
            unfinished = find_unfinished(connection)
            if unfinished is None:
                uncleaned = named_rows(connection, _SELECT + _UNCLEANED)
                if uncleaned and because is None:
                    return uncleaned[0]
                if because is None or not because.strip():
                    raise UsageError("A re-keying needs a reason: give it with --reason.")
                if run_was_killed:
                    runs.close_interrupted(settings)
                tell("The new pseudonyms are computed.")
                unfinished = _begin(settings, connection, because.strip())
            else:
                tell(f"The re-keying to version {unfinished.to_version} continues.")
            return _go_on(settings, connection, unfinished, tell)
    except psycopg.Error as error:
        # The original error is suppressed because its details can hold keys.
        raise AssuranceError(
            f"The re-keying failed: {reason(error)}. Run `assurance access rekey` again."
        ) from None


def find_unfinished(connection: psycopg.Connection) -> Rekey:
    """Return the unfinished re-keying, or None."""
    return next(iter(named_rows(connection, _SELECT + "where finished_at is null")), None)


def get_rekey(connection: psycopg.Connection, rekey_id: int) -> Rekey:
    """Return a re-keying by its ID."""
    return named_rows(connection, _SELECT + "where rekey_id = %s", (rekey_id,))[0]


def evidence_of(connection: psycopg.Connection, rekey_id: int) -> str:
    """Return the SHA-256 of all fingerprints that a re-keying has recorded."""
    rows = connection.execute(_EVIDENCE.encode(), (rekey_id,)).fetchall()
    text = "\n".join(" ".join(map(str, row)) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _alone(settings: Settings) -> Iterator[psycopg.Connection]:
    """Yield a session that keeps out runs, publications, recomputations and other re-keyings."""
    with connect(settings, role=ROLE, autocommit=True) as connection:
        if not try_take(connection, REKEY):
            raise AssuranceError("Another process is re-keying the pseudonyms: wait until it ends.")
        connection.execute("select set_config('lock_timeout', %s, false)", (PATIENCE,))
        try:
            for lock in (CANDIDATE, PUBLISHING, RECOMPUTE):
                take(connection, lock)
        except psycopg.errors.LockNotAvailable as error:
            raise AssuranceError(
                "A run, a publication or a recomputation is under way: wait until it ends, and run "
                "`assurance access rekey` again."
            ) from error
        # The locks end with the session.
        yield connection


def _begin(settings: Settings, connection: psycopg.Connection, because: str) -> Rekey:
    with connection.transaction():
        take_in_transaction(connection, PSEUDONYMS)
        _check_nothing_under_way(settings, connection)
        current = current_version(connection)
        key, is_generated = choose_key(settings, connection, current)
        version = current.version + 1
        connection.execute(
            """
            insert into audit.pseudonym_key (version, form, check_value, made_at)
            values (%s, %s, %s, clock_timestamp())
            """,
            (version, FORM, check_value(key, version)),
        )
        with_number, without_number = list_changes(connection, key)
        if with_number == 0:
            raise UsageError("There are no pseudonyms yet, so there is nothing to re-key.")
        rekey_id = one_value(
            connection,
            """
            insert into audit.rekey (
                because, who, from_version, to_version, is_generated, pseudonyms, without_number
            )
            values (%s, %s || ', login ' || session_user, %s, %s, %s, %s, %s)
            returning rekey_id
            """,
            (
                because,
                account_at_host(),
                current.version,
                version,
                is_generated,
                with_number,
                without_number,
            ),
        )
        enter(
            connection,
            "alteration",
            f"re-keying {rekey_id} begun: {with_number} pseudonyms, from version "
            f"{current.version} of their key to version {version}: {because}",
        )
        return get_rekey(connection, rekey_id)


def _check_nothing_under_way(settings: Settings, connection: psycopg.Connection) -> None:
    running = find_value(connection, "select run_id from audit.run where finished_at is null")
    if running is not None:
        raise AssuranceError(
            f"Run {running} has not ended: wait until it ends. If it was killed, repeat the "
            "command with --run-was-killed."
        )
    owner = find_value(
        connection,
        """
        select build_id from audit.build where candidate_since is not null
        order by candidate_since desc, build_id desc limit 1
        """,
    )
    if owner is not None and waits(connection, settings, owner):
        raise AssuranceError(
            f"Build {owner} waits for a decision about its warnings, and a re-keying would drop "
            f"it: decide with `assurance publication approve {owner} --reason …` or `reject` first."
        )


def _go_on(settings: Settings, connection: psycopg.Connection, state: Rekey, tell: Told) -> Rekey:
    if not state.is_switched:
        tell("The current publication and the history of exceptions are changed.")
        _switch(settings, connection, state)
    for publication_id in publications_left(connection, state.rekey_id):
        tell(f"Publication {publication_id} is changed.")
        with connection.transaction():
            rekey_publication(connection, state.rekey_id, publication_id)
    tell("Files are changed, and the tables are searched for earlier keys.")
    _finish(settings, connection, state)
    return get_rekey(connection, state.rekey_id)


def _switch(settings: Settings, connection: psycopg.Connection, state: Rekey) -> None:
    """In one transaction, change everything that must agree with what readers see."""
    with connection.transaction():
        # The tables of unpublished builds are dropped. The next run makes new ones.
        for schema in CANDIDATES:
            connection.execute(
                sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            )
        for prefix in (DEVELOPMENT, *map(schema_prefix, OTHER_PURPOSES)):
            drop_schemas(connection, prefix)
        ours = [
            (one.schema, one.name)
            for one in relations(connection)
            if one.is_ours and one.schema != GENERATION
        ]
        for place in (*ours, ("audit", "exception_event")):
            if columns := keyed_columns(connection, *place):
                replace_keys(connection, sql.Identifier(*place), columns)
        replace_keys_in_texts(connection)
        connection.execute(
            """
            update identity.pseudonym as p
            set officer_key = k.new_key, key_version = %s
            from identity.key_change as k
            where k.old_key = p.officer_key
            """,
            (state.to_version,),
        )
        add_layer(settings, connection)
        # Each officer's earlier mark is recorded, so that earlier entries of the log can be found.
        officers = connection.execute(
            "select old_key, new_key from identity.key_change where kind = 'officer'"
        ).fetchall()
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into audit.officer_mark_before (mark, mark_before) values (%s, %s)",
                [
                    (officer_mark(settings, now), officer_mark(settings, was))
                    for was, now in officers
                ],
            )
        current = find_current(connection)
        left = publications_left(connection, state.rekey_id)
        if current is not None and current.publication_id in left:
            rekey_publication(connection, state.rekey_id, current.publication_id)
        connection.execute("update audit.pseudonym_key set is_current = false where is_current")
        connection.execute(
            "update audit.pseudonym_key set is_current = true where version = %s",
            (state.to_version,),
        )
        connection.execute(
            "update audit.rekey set switched_at = clock_timestamp() where rekey_id = %s",
            (state.rekey_id,),
        )


def _finish(settings: Settings, connection: psycopg.Connection, state: Rekey) -> None:
    replace_keys_in_files(settings, read_changes(connection))
    left_in = tables_with_earlier_keys(connection)
    install_key(settings, is_generated=state.is_generated)
    with connection.transaction():
        evidence = evidence_of(connection, state.rekey_id)
        # After this, nothing shows which earlier pseudonym belongs to a new one.
        connection.execute("truncate identity.key_change")
        publications, tables = connection.execute(
            """
            select count(distinct publication_id), count(*)
            from audit.rekeyed_table where rekey_id = %s
            """,
            (state.rekey_id,),
        ).fetchone() or (0, 0)
        connection.execute(
            """
            update audit.rekey
            set finished_at = clock_timestamp(), evidence = %s, left_in = %s
            where rekey_id = %s
            """,
            (evidence, left_in, state.rekey_id),
        )
        enter(
            connection,
            "alteration",
            f"re-keying {state.rekey_id} finished: {state.pseudonyms} pseudonyms of version "
            f"{state.to_version}, {tables} tables of {publications} publications; SHA-256 of their "
            f"fingerprints before and after: {evidence}",
        )


def choose_key(
    settings: Settings, connection: psycopg.Connection, current: KeyVersion
) -> tuple[str, bool]:
    """Return the key that the environment variable gives or, if it is unset, a generated key.

    Also return whether it was generated. Such a key waits in the file `pseudonym_key.next` until
    every table has the new pseudonyms. A key that an interrupted call generated is used again.

    Raises:
        UsageError: The given key is too weak, or it is the key of the current version.
        ServerError: The generated key cannot be stored.
    """
    given = os.environ.get(variable_name(SECRET), "")
    if not given:
        return secret(settings, DRAFT), True
    check_strength(variable_name(SECRET), given)
    if is_key_of(connection, current, given):
        raise UsageError(
            f"{variable_name(SECRET)} still has the key of version {current.version}: give the new "
            "key there, or unset it to have a key generated."
        )
    return given, False


def install_key(settings: Settings, *, is_generated: bool) -> None:
    """Replace the earlier key in its file with the new key.

    If an environment variable has the new key, the file is deleted instead.

    Raises:
        ServerError: The file cannot be replaced or deleted.
    """
    folder = settings.secrets_dir
    draft, stored = folder / DRAFT, folder / SECRET
    try:
        if not is_generated:
            stored.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
        elif draft.exists():
            draft.replace(stored)
        if folder.is_dir():
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise ServerError(
            f"The earlier key cannot be removed from {folder}: {error.strerror}. Fix that and run "
            "`assurance access rekey` again."
        ) from error
