"""The fingerprints that published tables should have after their pseudonyms were replaced.

A re-keying replaces the pseudonyms in the tables of every kept publication, so their fingerprints
change. The fingerprints that the audit recorded stay as they were. For each changed table, the
re-keying records the fingerprints before and after, and proves that only the pseudonyms changed. So
the present fingerprint follows from the audited one, step by step:

1. The first re-keying must have found the audited fingerprint before its change.
2. Each later re-keying must have found the fingerprint that the previous re-keying left.

If somebody altered a table before a re-keying, that re-keying found a different fingerprint. Then
this re-keying and all later ones are ignored for the table. The table should still have the
fingerprint that it had before the alteration. So no re-keying can make an altered table look
correct.
"""

from collections import defaultdict
from collections.abc import Mapping

import psycopg

from oic_assurance.publishing.candidate_checks import audited_content, audited_tables
from oic_assurance.publishing.publication import Publication
from oic_assurance.publishing.schemas import PUBLISHED_SCHEMAS, PublishedSchema
from oic_assurance.warehouse.fingerprint import TableFingerprint, content_fingerprint

_STEPS = """
select table_name, rows, fingerprint_before, fingerprint_after
from audit.rekeyed_table
where publication_id = %s and schema_name = %s
order by table_name, rekey_id
"""


def present_tables(
    conn: psycopg.Connection, schema: PublishedSchema, publication_id: int
) -> dict[str, TableFingerprint]:
    """Return the fingerprint that each table of a publication should have now."""
    return _after_steps(
        audited_tables(conn, schema, publication_id),
        _steps(conn, schema.candidate, publication_id),
    )


def present_content(conn: psycopg.Connection, publication: Publication) -> str | None:
    """Return the fingerprint that all tables of a publication together should have now.

    If the record of the audited tables does not match the publication, returns the publication's
    own fingerprint, because then nothing shows what the tables should contain.
    """
    published = publication.content_fingerprint
    if audited_content(conn, PUBLISHED_SCHEMAS, publication.publication_id) != published:
        return published
    return content_fingerprint(
        {
            f"{schema.name}.{name}": fingerprint
            for schema in PUBLISHED_SCHEMAS
            for name, fingerprint in present_tables(
                conn, schema, publication.publication_id
            ).items()
        }
    )


def _steps(
    conn: psycopg.Connection, schema_name: str, publication_id: int
) -> dict[str, list[tuple[TableFingerprint, TableFingerprint]]]:
    steps = defaultdict(list)
    for name, rows, before, after in conn.execute(
        _STEPS.encode(), (publication_id, schema_name)
    ).fetchall():
        steps[name].append((TableFingerprint(rows, before), TableFingerprint(rows, after)))
    return steps


def _after_steps(
    audited: Mapping[str, TableFingerprint],
    steps: Mapping[str, list[tuple[TableFingerprint, TableFingerprint]]],
) -> dict[str, TableFingerprint]:
    present = dict(audited)
    for name in present.keys() & steps.keys():
        for before, after in steps[name]:
            if present[name] != before:
                break
            present[name] = after
    return present
