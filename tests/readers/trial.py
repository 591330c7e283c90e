"""One trial: a crowd of readers, and a storm of publications around them."""

from collections.abc import Mapping, Sequence

from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.retention import detach_old
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from tests.readers.copies import Copier
from tests.readers.crowd import crowd
from tests.readers.questions import dashboard_queries, learn
from tests.readers.report import Report
from tests.readers.storm import attached, storm

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
    tell: bool = False,
) -> Report:
    """Publish copies of what is published, under readers who know what they must be told."""
    copier = Copier.of_current(settings)
    publish(settings, copier.make())
    known = learn(url(settings, "bi"), dashboard_queries() if queries is None else queries)
    with crowd(url(settings, "bi"), known, kinds, readers) as together:
        done = storm(copier, publications, rollbacks, quiet, tell=tell)
    # What readers left no room for is done as soon as they leave some.
    detach_old(settings, patience=CATCH_UP_SECONDS)
    done.attached_afterwards = attached(settings)
    return Report(together, done)
