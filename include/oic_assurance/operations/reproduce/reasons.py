"""Reasons why a recomputed publication can differ from the original."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from oic_assurance.builds.record import Build, get_build
from oic_assurance.builds.version import code_version, rules_fingerprint
from oic_assurance.publishing.candidate_checks import audited_content
from oic_assurance.publishing.publication import Publication
from oic_assurance.publishing.schemas import GENERATION, MARTS, PUBLISHED_SCHEMAS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.rows import one_row, one_value, relation_exists

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
    return [*_of_rules(settings, build), *_of_records(conn, publication, build)]


def _of_rules(settings: Settings, build: Build) -> Iterator[Reason]:
    today = code_version(settings)
    versions = f"then {build.code_version or 'not on record'}, now {today}"
    if build.rules_fingerprint != rules_fingerprint(settings):
        yield Reason("rules", f"The rules have changed since: {versions}.")
    elif build.code_version != today:
        yield Reason("code", f"The rules are the same, but the code has changed: {versions}.")


def _of_records(
    conn: psycopg.Connection, publication: Publication, build: Build
) -> Iterator[Reason]:
    """Yield the changes of the publication's records and of those that it was compared with."""
    seen = [build.build_id, *([build.compared_with] if build.compared_with else [])]
    number, last = one_row(conn, _ERASURES, (seen,), what="count of erasures")
    if number:
        times = "once" if number == 1 else f"{number} times"
        yield Reason(
            "erasure",
            f"Records of this publication were erased since, {times}, last on {last:%d %b %Y}. "
            "They are gone from raw and cannot be counted again.",
        )
    # The re-keying came after the tables had been dropped.
    if one_value(conn, _REKEYS, vars(publication)):
        yield Reason(
            "rekey",
            "The pseudonyms were replaced since, and its tables were no longer kept then. Tables "
            "without officers can be compared; for the others no fingerprint with the new "
            "pseudonyms is on record.",
        )
    # The mart `restatement` needs the rules and the tables of the compared publication.
    if build.compared_with:
        compared = f"It was compared with publication {build.compared_with}, "
        table = f"{GENERATION}.{MARTS.partition('assurance_measure', build.compared_with)}"
        if get_build(conn, build.compared_with).rules_fingerprint != build.rules_fingerprint:
            yield Reason(
                "compared",
                f"{compared}which was computed by older rules that are not here any more. So "
                "`restatement` cannot show the effect of the change of rules again.",
            )
        elif not relation_exists(conn, table):
            yield Reason(
                "compared",
                f"{compared}whose tables are no longer kept. So `restatement` cannot be computed "
                "again.",
            )
    audited = audited_content(conn, PUBLISHED_SCHEMAS, publication.publication_id)
    if audited != publication.content_fingerprint:
        yield Reason(
            "record",
            "The recorded fingerprints of its tables (audit.table_fingerprint) do not match the "
            "publication: it was built and audited again since, or the record was altered.",
        )
