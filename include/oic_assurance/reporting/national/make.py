"""Make the pack of the national warehouse: a page for screens and a PDF for paper."""

from oic_assurance.reporting.pack.facts import rows_of_publication, texts
from oic_assurance.reporting.pack.make import Pack, log_disclosure, write_files
from oic_assurance.reporting.release.publisher import read_publisher
from oic_assurance.settings import Settings

_QUERIES = (
    "publication",
    "force_state",
    "position",
    "funnel",
    "funnel_limit",
    "comparison_group",
    "restatement",
    "source",
)


def make_national_pack(settings: Settings, publication_id: int | None = None) -> Pack:
    """Make the pack of a national publication, log the disclosure, and return the files' paths.

    The default is the current publication.

    Raises:
        AssuranceError: If nothing has been published, there is no such publication, or its tables
            are not kept.
        UsageError: If the publisher's file, which has the contact, is not valid.
    """
    # Importing what draws charts takes a third of a second.
    from oic_assurance.reporting.national.content import national_pack

    found = texts(settings, [f"national/{name}" for name in _QUERIES])
    queries = {name.removeprefix("national/"): text for name, text in found.items()}
    _, facts = rows_of_publication(settings, publication_id, queries)
    pack = write_files(settings, national_pack(facts, read_publisher(settings)), publication_id)
    log_disclosure(
        settings,
        pack,
        facts,
        to_whom="the readers of the national view",
        because="so that the forces can be compared",
    )
    return pack
