"""Run one trial: many readers read during a series of publications and roll-backs."""

from collections.abc import Mapping, Sequence

from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.retention import detach_old
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from tests.readers.activity import attached, run_activity
from tests.readers.copies import Copier
from tests.readers.crowd import crowd
from tests.readers.questions import dashboard_queries, learn
from tests.readers.report import Report

CATCH_UP_SECONDS = 300.0


def trial(
    settings: Settings,
    *,
    kinds: Sequence[str],
    readers: int,
    publications: int,
    rollbacks: int,
    quiet: float,
    queries: Mapping[str, str] | None = None,
) -> Report:
    """Publish copies of the current publication and roll back, while readers check the answers.

    Returns the results of the readers, and of the publications and roll-backs.
    """
    copier = Copier.of_current(settings)
    publish(settings, copier.make())
    known = learn(url(settings, "bi"), dashboard_queries() if queries is None else queries)
    with crowd(url(settings, "bi"), known, kinds, readers) as together:
        done = run_activity(copier, publications, rollbacks, quiet)
    # Retention cannot detach an old generation while a reader may still read it. All readers have
    # ended, so the remaining old generations can be detached now.
    detach_old(settings, patience=CATCH_UP_SECONDS)
    done.attached_afterwards = attached(settings)
    return Report(together, done)
