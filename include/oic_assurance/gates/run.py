"""Audit one stage of a build: run its suites, store the results, and decide the verdict."""

from collections.abc import Sequence

from expectations.catalogue import suites_of
from expectations.vocabulary import STAGES, Stage, Suite
from oic_assurance.builds.record import Build
from oic_assurance.errors import UsageError
from oic_assurance.gates.logging import silenced
from oic_assurance.gates.required_checks import expected_suites
from oic_assurance.gates.results import save
from oic_assurance.gates.table_fingerprints import fingerprints
from oic_assurance.gates.table_names import Places
from oic_assurance.gates.verdict import Outcome, Verdict, decide
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, sqlalchemy_url

GATE_ROLE = "oic_gate"


def audit_stage(settings: Settings, build: Build, stage: Stage) -> Verdict:
    """Run a stage's suites on a build, and store the results. A failed check raises no exception.

    The fingerprints of the tables are computed before the suites read the tables. If a table
    changes during the audit or later, publication finds a different fingerprint and refuses the
    build.

    Raises:
        UsageError: There is no such stage.
    """
    if stage not in STAGES:
        raise UsageError(
            f"There is no stage '{stage}' to audit: choose one of {', '.join(STAGES)}."
        )
    places = Places(build)
    with connect(settings, role=GATE_ROLE) as connection:
        suites = expected_suites(connection, build.build_id, suites_of(stage))
        audited = fingerprints(connection, suites, places)
        connection.commit()
        outcomes = run_suites(settings, suites, places)
        verdict = decide(stage, suites, outcomes)
        save(connection, build, verdict, outcomes, audited)
    return verdict


def run_suites(settings: Settings, suites: Sequence[Suite], places: Places) -> list[Outcome]:
    """Run suites and return the outcome of every expectation, in order."""
    with silenced():
        # Importing Great Expectations takes seconds, so it is imported only when suites run.
        from oic_assurance.gates.auditor import Auditor

        with Auditor(sqlalchemy_url(settings, role=GATE_ROLE), places) as auditor:
            return auditor.audit(*suites)
