"""Audits one stage of a build: all suites in one process, evidence kept, verdict given."""

from collections.abc import Sequence

import psycopg

from expectations.catalogue import suites_of
from expectations.vocabulary import STAGES, Stage, Suite
from oic_assurance.errors import UsageError
from oic_assurance.gates.places import Places
from oic_assurance.gates.quiet import quiet
from oic_assurance.gates.results import Fingerprints, save
from oic_assurance.gates.verdict import BuildUnderAudit, Outcome, Verdict, decide
from oic_assurance.publishing.fingerprint import fingerprint_tables
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, sqlalchemy_url

GATE_ROLE = "oic_gate"


def audit_stage(settings: Settings, build: BuildUnderAudit, stage: Stage) -> Verdict:
    """Run a stage's suites on a build and keep what they found; a broken promise does not raise.

    The tables' fingerprints are taken before they are read: a table that changes while it is
    audited, or afterwards, is not what the evidence is about, and publication will see that.
    """
    if stage not in STAGES:
        raise UsageError(
            f"There is no stage '{stage}' to audit: choose one of {', '.join(STAGES)}."
        )
    suites = suites_of(stage)
    places = Places(build)
    with connect(settings, role=GATE_ROLE) as connection:
        fingerprints = _fingerprints(connection, suites, places)
        connection.commit()
        outcomes = run_suites(settings, suites, places)
        verdict = decide(stage, suites, outcomes)
        save(connection, build, verdict, outcomes, fingerprints)
    return verdict


def run_suites(settings: Settings, suites: Sequence[Suite], places: Places) -> list[Outcome]:
    """Run suites and return the outcome of every promise, in their order."""
    with quiet():
        # Great Expectations takes seconds to import: only the task that needs it pays for it.
        from oic_assurance.gates.auditor import Auditor

        with Auditor(sqlalchemy_url(settings, role=GATE_ROLE), places) as auditor:
            return [outcome for suite in suites for outcome in auditor.audit(suite)]


def _fingerprints(
    connection: psycopg.Connection, suites: Sequence[Suite], places: Places
) -> Fingerprints:
    """Return the fingerprints of the tables that the suites are about, and of no others."""
    schemas = sorted({places.schema(suite.schema) for suite in suites})
    found = {
        (schema, table): fingerprint
        for schema in schemas
        for table, fingerprint in fingerprint_tables(connection, schema).items()
    }
    audited = {(places.schema(suite.schema), suite.table) for suite in suites}
    return {place: found[place] for place in sorted(audited & set(found))}
