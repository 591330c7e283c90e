"""Checks of the warehouse: whether it answers, rights of logins, unfinished work, and proofs."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg

from oic_assurance import clock
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.audit.chain import verify as verify_log
from oic_assurance.operations.backup.drill import FOLDER
from oic_assurance.operations.backup.set_aside import FOLDER as ASIDE
from oic_assurance.operations.backup.set_aside import files_set_aside
from oic_assurance.operations.doctor.checks import Finding
from oic_assurance.operations.pseudonyms.status import read_status
from oic_assurance.publishing.publication import find_current
from oic_assurance.publishing.rekeyed import present_tables
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.state.apply import ROLE
from oic_assurance.warehouse.connections import (
    READERS,
    connect,
    describe,
    reason,
    url,
    warehouse_url,
)
from oic_assurance.warehouse.embedded import is_running
from oic_assurance.warehouse.fingerprint import fingerprint_audited
from oic_assurance.warehouse.hardening.close import altered_logins, logs_plans, needed_statements
from oic_assurance.warehouse.logins import named
from oic_assurance.warehouse.migrate import missing_migrations
from oic_assurance.warehouse.processing_log import ALTERED_LOGIN
from oic_assurance.warehouse.roles import AUDITOR, INHERITED, LOGIN_ROLES, can_become
from oic_assurance.warehouse.rows import one_value

START = "`assurance db start`"
NO_RIGHTS = "nosuperuser nocreaterole nocreatedb noreplication nobypassrls"
LOAD = "load auto_explain and restart the server (docs/how-to/verify.md#what-is-read)"
WHO_USED_IT = "docs/how-to/protect.md#a-login-that-was-altered"
HARDEN = "an administrator runs what `assurance db hardening-sql` prints"
SET_BACK = f"{START}, or {HARDEN}"
GO_BACK = "`assurance publication rollback ID` to one that is sound, then `assurance run`"
_TOO_MUCH = """
select rolname::text,
    concat_ws(
        ', ',
        case when rolsuper then 'superuser' end,
        case when rolcreaterole then 'may create roles' end,
        case when rolcreatedb then 'may create databases' end,
        case when rolreplication then 'may replicate' end,
        case when rolbypassrls then 'sees every row' end
    )
from pg_catalog.pg_roles
where rolname = any (%s)
    and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)
order by rolname
"""
# Runs are a day apart, and each is to tell it once. The entries about a login begin alike.
_SET_BACK = """
select
    array(select substr(mark, 7) from unnest(concerns) as mark where starts_with(mark, 'login:')),
    min(split_part(what, ': ', 1)) || ': '
    || string_agg(distinct substr(what, strpos(what, ': ') + 2), '; '),
    min(logged_at)
from audit.processing_log
where concerns @> array[%(mark)s] and logged_at > now() - interval '26 hours'
group by concerns
"""
# The hardening lets every stage use the connections that no reader may occupy.
_MEMBER = """
select member.rolname::text, granted.rolname::text
from pg_catalog.pg_auth_members as m
inner join pg_catalog.pg_roles as granted on m.roleid = granted.oid
inner join pg_catalog.pg_roles as member on m.member = member.oid
where member.rolname = any (%s) and granted.rolname <> 'pg_use_reserved_connections'
order by member.rolname, granted.rolname
"""


def _refusal(settings: Settings, role: str) -> str | None:
    try:
        connect(settings, role=role).close()
    except AssuranceError as error:
        return error.message
    return None


def measure_server(settings: Settings) -> Iterator[Finding]:
    """Find whether the warehouse answers."""
    try:
        with connect(settings) as warehouse:
            place = describe(warehouse_url(settings))
            where = "embedded server" if is_running(settings) else "server"
            version = warehouse.info.parameter_status("server_version") or "?"
            yield Finding("warehouse", "ok", f"{where} with PostgreSQL {version}: {place}")
    except AssuranceError as error:
        yield Finding("warehouse", "failed", error.message, START)


def measure_migrations(settings: Settings) -> Iterator[Finding]:
    """Compare the migrations of this code with those that the warehouse has."""
    try:
        missing = missing_migrations(settings)
    except AssuranceError as error:
        yield Finding("migrations", "failed", error.message, "use the code of this warehouse")
        return
    if missing:
        names = ", ".join(one.name for one in missing[:3])
        what = f"{len(missing)} are not applied, the first are {names}"
        yield Finding("migrations", "advice", what, START)
    else:
        yield Finding("migrations", "ok", "all of this code's are applied")


def measure_logins(settings: Settings) -> Iterator[Finding]:
    """Log in as every stage, and compare the rights of its login with what it should have."""
    is_well = reads_log = True
    for role in LOGIN_ROLES:
        if error := _refusal(settings, role):
            is_well, reads_log = False, reads_log and role != AUDITOR
            yield Finding(role, "failed", error, START)
    with connect(settings, autocommit=True) as warehouse:
        logins = [*LOGIN_ROLES, *READERS.values()]
        for login, rights in warehouse.execute(_TOO_MUCH, (logins,)).fetchall():
            is_well = False
            what = f"has rights of the server: {rights}"
            yield Finding(login, "failed", what, f'`alter role "{login}" {NO_RIGHTS}` in psql')
        known = {(login, role) for login, role, _ in INHERITED}
        for login, role in warehouse.execute(_MEMBER, (logins,)).fetchall():
            if (login, role) not in known:
                is_well = False
                what = f"is a member of '{role}', which no login of a stage may be"
                yield Finding(login, "failed", what, f'`revoke "{role}" from "{login}"` in psql')
        if is_well:
            yield Finding("logins", "ok", f"all {len(LOGIN_ROLES)} log in, with their own rights")
        owner = str(one_value(warehouse, "select current_user"))
        if roles := can_become(warehouse, owner):
            what = f"'{owner}' can act as {len(roles)} other roles of the warehouse"
            yield Finding("owner", "advice", what, "docs/how-to/protect.md")
        # What is altered now is told in place of what was set back before.
        if reads_log:
            yield from _look_at_altered(settings)
        yield from _look_at_hardening(warehouse)


def _look_at_hardening(warehouse: psycopg.Connection) -> Iterator[Finding]:
    """Find whether the server is hardened, and which logins are not as they are declared."""
    needed = needed_statements(warehouse)
    altered = altered_logins(needed)
    if missing := [one for one in needed if one.login not in altered]:
        what = f"{len(missing)} statements are needed to harden it, log what is read, or tune it"
        yield Finding("server", "failed", what, HARDEN)
    else:
        yield Finding("server", "ok", "hardened: nothing is open to everybody")
    for login, changes in altered.items():
        what = f"the {named(login)} is not as declared: {'; '.join(dict.fromkeys(changes))}"
        yield Finding(login or "database", "failed", what, SET_BACK, code="logins")
    if not logs_plans(warehouse):
        what = "logs no plans, so it is not known what statements have read"
        yield Finding("server", "failed", what, LOAD)


def _look_at_altered(settings: Settings) -> Iterator[Finding]:
    """Find in the log of processing which logins were set back since the run before this one."""
    with connect(settings, role=AUDITOR) as warehouse:
        for logins, what, since in warehouse.execute(_SET_BACK, {"mark": ALTERED_LOGIN}):
            subject = (logins[0] or "database") if len(logins) == 1 else f"{len(logins)} logins"
            yield Finding(subject, "attention", what, WHO_USED_IT, since=since, code="logins")


def measure_readers(settings: Settings) -> Iterator[Finding]:
    """Log in as the reader of the published marts."""
    for name, login in READERS.items():
        try:
            psycopg.connect(url(settings, name), connect_timeout=5).close()
        except AssuranceError as error:
            yield Finding(login, "failed", error.message, START)
        except psycopg.Error:
            yield Finding(login, "failed", "does not log in with the stored password", START)
        else:
            yield Finding(login, "ok", "logs in")


def measure_leftovers(settings: Settings) -> Iterator[Finding]:
    """Find what interrupted work and restores have left: re-keyings and folders.

    An open run is on record, and the next run closes it.
    """
    is_well = True
    pseudonyms = read_status(settings)
    if any(one.finished_at is None for one in pseudonyms.rekeys):
        is_well = False
        what = "a re-keying was begun and is not finished"
        todo = "`assurance access rekey`"
        yield Finding("re-keying", "attention", what, todo, is_of_deployment=True)
    if pseudonyms.key_is_right is False:
        is_well = False
        what = "ASSURANCE_PSEUDONYM_KEY is not the key of the current version"
        yield Finding("pseudonyms", "failed", what, "`assurance access pseudonyms`")
    if (settings.home / FOLDER).exists():
        is_well = False
        what = f"{settings.home / FOLDER}: a drill is under way, or was interrupted"
        yield Finding("drill", "ok", f"{what}; the next one removes it")
    if aside := files_set_aside(settings):
        is_well = False
        (first, _), days = aside[0], settings.keep_set_aside_days
        what = f"{len(aside)} in {settings.home / ASIDE}, the oldest since {first:%d %b %Y}"
        if clock.utc_now() - first <= timedelta(days=days):
            rest = f"{what}: upkeep removes what is {days} days old and in the warehouse again"
            yield Finding("set-aside", "ok", rest)
        else:
            what += f": after {days} days, an only copy is left for a person"
            todo = "docs/how-to/restore.md#what-was-set-aside"
            yield Finding("set-aside", "attention", what, todo)
    if is_well:
        yield Finding("interrupted work", "ok", "has left nothing")


def measure_log(settings: Settings) -> Iterator[Finding]:
    """Find whether an entry of the log of processing was changed, removed or inserted."""
    done = verify_log(settings)
    if done.is_intact:
        yield Finding("log of processing", "ok", f"all {done.entries:,} entries are as they were")
    else:
        more = f", and {len(done.findings) - 1} more" if len(done.findings) > 1 else ""
        what = f"{done.findings[0].sentence.rstrip('.')}{more}"
        yield Finding("log of processing", "failed", what, "`assurance audit verify`")


# Tables that the warehouse itself has changed after their audit: a recall has removed rows.
_CHANGED_SINCE = "select unnest(withdrawn_from) from audit.recall"


def measure_tables(settings: Settings) -> Iterator[Finding]:
    """Compare the tables that readers see with the fingerprints that the gate recorded of them.

    A disk or a person can change a table that PostgreSQL still reads without an error.
    """
    with connect(settings, role=ROLE) as warehouse:
        current = find_current(warehouse)
        if current is None:
            return
        changed_since = {name for (name,) in warehouse.execute(_CHANGED_SINCE).fetchall()}
        wrong, tables = [], 0
        for schema in PUBLISHED_SCHEMAS:
            wanted = present_tables(warehouse, schema, current.publication_id)
            parts = {name: schema.partition(name, current.publication_id) for name in wanted}
            try:
                stored = fingerprint_audited(
                    warehouse, GENERATION, {part: wanted[name] for name, part in parts.items()}
                )
            except psycopg.errors.DataCorrupted as error:
                what = f"publication {current.publication_id} cannot be read: {reason(error)}"
                yield Finding("published tables", "failed", what, GO_BACK)
                return
            for name, part in parts.items():
                tables += 1
                if f"{GENERATION}.{part}" not in changed_since and (
                    stored.get(part) != wanted[name]
                ):
                    wrong.append(f"{schema.name}.{name}")
    what = f"publication {current.publication_id}: "
    if wrong:
        what += f"{', '.join(wrong)} differ from what the gate has checked"
        yield Finding("published tables", "failed", what, GO_BACK)
    else:
        yield Finding("published tables", "ok", f"{what}all {tables} tables are as checked")
