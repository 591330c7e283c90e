"""The screens of `assurance publication`."""

from dataclasses import dataclass

from oic_assurance.publishing.publication import (
    Hold,
    Publication,
    current_hold,
    current_publication,
)
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    moment,
    short_moment,
    table,
    wrapped,
)
from oic_assurance.settings import Settings

PACK_IS_OLD = "The assurance pack still shows the other publication: run `assurance pack`."


@dataclass(frozen=True)
class Publications:
    """All publications, newest first, and the hold after a roll-back, if there is one."""

    publications: list[Publication]
    hold: Hold | None


def publications_screen(found: Publications) -> str:
    """Return a table of all publications. A star marks the current publication."""
    if not found.publications:
        return "Nothing has been published yet.\n"
    rows = [
        (
            "*" if item.is_current else "",
            str(item.publication_id),
            short_moment(item.published_at),
            short_moment(item.as_at),
            item.gate_verdict,
            item.code_version or NOTHING,
        )
        for item in found.publications
    ]
    head = ("", "publication", "published", "as at", "gate", "code")
    lines = table(head, rows, indent=0)
    for item in found.publications:
        if item.withdrawn_because:
            when = moment(item.withdrawn_at)
            lines += wrapped(
                f"Publication {item.publication_id} rolled back {when}: {item.withdrawn_because}"
            )
        if item.kept_because:
            lines += wrapped(
                f"Publication {item.publication_id} is kept and was never current, because "
                f"{item.kept_because}."
            )
    return "\n".join([*lines, *_hold(found.hold)]) + "\n"


def pointer_screen(settings: Settings) -> str:
    """Return the screen after a change of the current publication, such as a roll-back.

    It says which publication readers see now.
    """
    current = current_publication(settings)
    if current is None:
        return "Nothing has been published yet.\n"
    line = f"Readers see publication {current.publication_id}, as at {moment(current.as_at)}."
    hold = _hold(current_hold(settings))
    return "\n".join([*wrapped(line), *hold, *wrapped(PACK_IS_OLD)]) + "\n"


def _hold(hold: Hold | None, new_publication: int | None = None) -> list[str]:
    """Return lines about the hold after a roll-back. The list is empty if there is no hold.

    `new_publication` is the publication of the run that has just ended. During a hold, that
    publication waits for a release. None means that no run has just ended, or that the run made no
    publication.
    """
    if hold is None:
        return []
    waits = f"Publication {new_publication} waits. " if new_publication else ""
    text = (
        f"{waits}Readers see publication {hold.publication_id} since {moment(hold.since)}, "
        f"because {hold.reason}."
    )
    if hold.waiting and not new_publication:
        text += f" {count(hold.waiting, 'later one waits', 'later ones wait')}."
    return wrapped(f"{text} `assurance publication release` shows the newest.")
