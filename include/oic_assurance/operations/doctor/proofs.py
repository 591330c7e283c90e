"""Prove at night that what is kept is as it was: archive, log of processing, published tables."""

from collections.abc import Iterator

import psycopg

from oic_assurance.operations.audit.chain import verify as verify_log
from oic_assurance.publishing.publication import find_current
from oic_assurance.publishing.rekeyed import present_tables
from oic_assurance.publishing.schemas import GENERATION, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.state.apply import ROLE
from oic_assurance.state.observed import Finding, Look
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.fingerprint import fingerprint_tables

GO_BACK = "`assurance publication rollback ID` to one that is sound, then `assurance run`"


def look_at_log(settings: Settings) -> Iterator[Finding]:
    """Find whether an entry of the log of processing was changed, removed or inserted."""
    done = verify_log(settings)
    if done.is_intact:
        yield Finding("log of processing", "ok", f"all {done.entries:,} entries are as they were")
    else:
        more = f", and {len(done.findings) - 1} more" if len(done.findings) > 1 else ""
        what = f"{done.findings[0].sentence.rstrip('.')}{more}"
        yield Finding("log of processing", "failed", what, "`assurance audit verify`")


def look_at_tables(settings: Settings) -> Iterator[Finding]:
    """Compare the tables that readers see with the fingerprints that the gate recorded of them.

    A disk or a person can change a table that PostgreSQL still reads without an error.
    """
    with connect(settings, role=ROLE) as warehouse:
        current = find_current(warehouse)
        if current is None:
            return
        query = "select unnest(withdrawn_from) from audit.recall"
        changed_by_recalls = {name for (name,) in warehouse.execute(query).fetchall()}
        wrong, tables = [], 0
        for schema in PUBLISHED_SCHEMAS:
            wanted = present_tables(warehouse, schema, current.publication_id)
            parts = {name: schema.partition(name, current.publication_id) for name in wanted}
            try:
                stored = fingerprint_tables(warehouse, GENERATION, only=list(parts.values()))
            except psycopg.errors.DataCorrupted as error:
                what = f"publication {current.publication_id} cannot be read: {reason(error)}"
                yield Finding("published tables", "failed", what, GO_BACK)
                return
            for name, part in parts.items():
                tables += 1
                if f"{GENERATION}.{part}" not in changed_by_recalls and (
                    stored.get(part) != wanted[name]
                ):
                    wrong.append(f"{schema.name}.{name}")
    what = f"publication {current.publication_id}: "
    if wrong:
        what += f"{', '.join(wrong)} differ from what the gate has checked"
        yield Finding("published tables", "failed", what, GO_BACK)
    else:
        yield Finding("published tables", "ok", f"{what}all {tables} tables are as checked")


#: What the nightly upkeep looks at, because it takes longer with each year.
PROOFS = (
    Look("Proofs", "log of processing", look_at_log, ("log",)),
    Look("Proofs", "published tables", look_at_tables, ("tables",)),
)
