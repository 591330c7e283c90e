"""Reasons why a recomputed publication can differ from the original."""

from dataclasses import dataclass

import psycopg

from oic_assurance.builds.record import Build, get_build
from oic_assurance.builds.version import code_version, rules_fingerprint
from oic_assurance.publishing.candidate_checks import audited_content
from oic_assurance.publishing.publication import Publication
from oic_assurance.publishing.schemas import GENERATION, MARTS, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.rows import one_row, relation_exists

# Counts the re-keyings that came after the tables of a publication were dropped. Such a re-keying
# has recorded no fingerprints of these tables with the new pseudonyms.
_REKEYS = """
select count(*)
from audit.rekey as r
where r.started_at > %(published_at)s
    and not exists (
        select
        from audit.rekeyed_publication as kept
        where kept.rekey_id = r.rekey_id and kept.publication_id = %(publication_id)s
    )
"""
_ERASURES = """
select count(distinct erasure_id), max(erased_at)
from audit.publication_before_erasure
where publication_id = any(%s)
"""


@dataclass(frozen=True)
class Reason:
    """A change since a publication that can explain a difference, as a kind and a sentence."""

    #: `rules`, `code`, `erasure`, `rekey`, `compared` or `record`.
    kind: str
    text: str


def reasons(
    conn: psycopg.Connection, settings: Settings, publication: Publication, build: Build
) -> list[Reason]:
    """Return the known changes since a publication that can make its recomputation differ.

    `build` is the build of the publication.
    """
    compared = get_build(conn, build.compared_with) if build.compared_with else None
    found = [
        _code(settings, build),
        _erasures(conn, build),
        _rekeys(conn, publication),
        _compared(conn, build, compared),
        _record(conn, publication),
    ]
    return [reason for reason in found if reason is not None]


def _code(settings: Settings, build: Build) -> Reason | None:
    today = code_version(settings)
    versions = f"then {build.code_version or 'not on record'}, now {today}"
    if build.rules_fingerprint != rules_fingerprint(settings):
        return Reason("rules", f"The rules have changed since: {versions}.")
    if build.code_version != today:
        return Reason("code", f"The rules are the same, but the code has changed: {versions}.")
    return None


def _erasures(conn: psycopg.Connection, build: Build) -> Reason | None:
    """Return the erasures as a reason why the recomputed publication can differ.

    This covers erased records of the build and of the publication with which it was compared.
    Returns None if no such record was erased.
    """
    seen = [build.build_id, *([build.compared_with] if build.compared_with else [])]
    number, last = one_row(conn, _ERASURES.encode(), (seen,), what="count of erasures")
    if number == 0:
        return None
    times = "once" if number == 1 else f"{number} times"
    return Reason(
        "erasure",
        f"Records of this publication were erased since, {times}, last on {last:%d %b %Y}. They "
        "are gone from raw and cannot be counted again.",
    )


def _rekeys(conn: psycopg.Connection, publication: Publication) -> Reason | None:
    """Return a reason if the pseudonyms were replaced after the tables had been dropped."""
    values = {
        "published_at": publication.published_at,
        "publication_id": publication.publication_id,
    }
    if one_row(conn, _REKEYS.encode(), values, what="count of re-keyings")[0] == 0:
        return None
    return Reason(
        "rekey",
        "The pseudonyms were replaced since, and its tables were no longer kept then. Tables "
        "without officers can be compared; for the others no fingerprint with the new pseudonyms "
        "is on record.",
    )


def _compared(conn: psycopg.Connection, build: Build, compared: Build | None) -> Reason | None:
    """Return a reason if the mart `restatement` cannot be computed again as it was published.

    The computation needs the rules and the tables of the compared publication.
    """
    if compared is None:
        return None
    if compared.rules_fingerprint != build.rules_fingerprint:
        return Reason(
            "compared",
            f"It was compared with publication {compared.build_id}, which was computed by older "
            "rules that are not here any more. So `restatement` cannot show the effect of the "
            "change of rules again.",
        )
    table = MARTS.partition("assurance_measure", compared.build_id)
    if not relation_exists(conn, f"{GENERATION}.{table}"):
        return Reason(
            "compared",
            f"It was compared with publication {compared.build_id}, whose tables are no longer "
            "kept. So `restatement` cannot be computed again.",
        )
    return None


def _record(conn: psycopg.Connection, publication: Publication) -> Reason | None:
    """Return a reason if the fingerprints recorded for the tables do not match the publication."""
    audited = audited_content(conn, PUBLISHED_SCHEMAS, publication.publication_id)
    if audited == publication.content_fingerprint:
        return None
    return Reason(
        "record",
        "The recorded fingerprints of its tables (audit.table_fingerprint) do not match the "
        "publication: it was built and audited again since, or the record was altered.",
    )
