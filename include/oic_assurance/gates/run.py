"""Audits one stage of a build: all suites in one process, evidence kept, verdict given."""

from collections.abc import Sequence

from expectations.catalogue import suites_of
from expectations.vocabulary import STAGES, Stage, Suite
from oic_assurance.builds.record import Build
from oic_assurance.errors import UsageError
from oic_assurance.gates.evidence import fingerprints
from oic_assurance.gates.logging import silenced
from oic_assurance.gates.places import Places
from oic_assurance.gates.results import save
from oic_assurance.gates.verdict import Outcome, Verdict, decide
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, sqlalchemy_url

GATE_ROLE = "oic_gate"


def audit_stage(settings: Settings, build: Build, stage: Stage) -> Verdict:
    """Run a stage's suites on a build and store the results; a failed check does not raise.

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
        audited = fingerprints(connection, suites, places)
        connection.commit()
        outcomes = run_suites(settings, suites, places)
        verdict = decide(stage, suites, outcomes)
        save(connection, build, verdict, outcomes, audited)
    return verdict


def run_suites(settings: Settings, suites: Sequence[Suite], places: Places) -> list[Outcome]:
    """Run suites and return the outcome of every expectation, in their order."""
    with silenced():
        # Great Expectations takes seconds to import: only the task that needs it pays for it.
        from oic_assurance.gates.auditor import Auditor

        with Auditor(sqlalchemy_url(settings, role=GATE_ROLE), places) as auditor:
            return auditor.audit(*suites)
