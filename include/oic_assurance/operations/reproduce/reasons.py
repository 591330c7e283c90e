"""What is known of why a publication, computed again, may be another than it was."""

from dataclasses import dataclass

import psycopg

from oic_assurance.builds.recompute import Knowledge, knowledge_of
from oic_assurance.builds.version import code_version, rules_fingerprint
from oic_assurance.publishing.evidence import audited_content
from oic_assurance.publishing.publication import Publication
from oic_assurance.publishing.schemas import FACES, GENERATION, MARTS
from oic_assurance.settings import Settings

_ERASURES = """
select count(distinct erasure_id), max(erased_at)
from audit.publication_before_erasure
where publication_id = any(%s)
"""


@dataclass(frozen=True)
class Reason:
    """Something that is no longer as it was: what, in words for who asks."""

    #: `rules`, `code`, `erasure`, `compared` or `record`.
    kind: str
    words: str


def reasons(
    conn: psycopg.Connection, settings: Settings, publication: Publication, known: Knowledge
) -> list[Reason]:
    """Return what has changed since a publication and can make it another when computed again."""
    compared = knowledge_of(conn, known.compared_with) if known.compared_with else None
    found = [
        _code(settings, known),
        _erasures(conn, known),
        _compared(conn, known, compared),
        _record(conn, publication),
    ]
    return [reason for reason in found if reason is not None]


def _code(settings: Settings, known: Knowledge) -> Reason | None:
    today = code_version(settings)
    versions = f"then {known.code_version or 'not on record'}, now {today}"
    if known.rules_fingerprint != rules_fingerprint(settings):
        return Reason("rules", f"The rules have changed since: {versions}.")
    if known.code_version != today:
        return Reason("code", f"The rules are the same, the code is another: {versions}.")
    return None


def _erasures(conn: psycopg.Connection, known: Knowledge) -> Reason | None:
    """Look for erasures since, of what it saw or what the one saw that it was compared with."""
    seen = [known.build_id, *([known.compared_with] if known.compared_with else [])]
    row = conn.execute(_ERASURES, (seen,)).fetchone()
    if row is None or not row[0]:
        return None
    number, last = row
    times = "once" if number == 1 else f"{number} times"
    return Reason(
        "erasure",
        f"Records that it had seen were erased since, {times}, last on {last:%d %b %Y}: "
        "they are gone from raw, and cannot be counted again.",
    )


def _compared(
    conn: psycopg.Connection, known: Knowledge, compared: Knowledge | None
) -> Reason | None:
    """Look whether there still is what the mart `restatement` rests on."""
    if compared is None:
        return None
    if compared.rules_fingerprint != known.rules_fingerprint:
        return Reason(
            "compared",
            f"It was compared with publication {compared.build_id}, computed by older rules that "
            "are no longer here: what a change of rules did, `restatement` cannot say again.",
        )
    table = MARTS.partition("assurance_measure", compared.build_id)
    row = conn.execute("select to_regclass(%s) is null", (f"{GENERATION}.{table}",)).fetchone()
    if row and row[0]:
        return Reason(
            "compared",
            f"It was compared with publication {compared.build_id}, whose tables are no longer "
            "kept: `restatement` cannot be computed again.",
        )
    return None


def _record(conn: psycopg.Connection, publication: Publication) -> Reason | None:
    """Hold the record of the tables' fingerprints against the publication's own."""
    audited = audited_content(conn, FACES, publication.publication_id)
    if audited == publication.content_fingerprint:
        return None
    return Reason(
        "record",
        "The record of its tables (audit.table_fingerprint) is not that of the publication: it "
        "was built and audited once more since, or altered.",
    )
