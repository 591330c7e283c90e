"""The screens of `assurance release`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.publishing.releases import Release
from oic_assurance.reporting.release.publisher import missing
from oic_assurance.reporting.release.wording import announced
from oic_assurance.reporting.screens.layout import moment, table, wrapped


@dataclass(frozen=True)
class Releases:
    """All releases, newest first."""

    releases: Sequence[Release]

    @property
    def standing(self) -> int | None:
        """Return the number of the newest release that is not withdrawn, or None."""
        return next((one.release_id for one in self.releases if one.withdrawn_at is None), None)


@dataclass(frozen=True)
class MadeRelease:
    """A release whose files were just written, and the entries missing in the publisher's file."""

    release: Release
    not_set: Sequence[str]

    @classmethod
    def of(cls, release: Release) -> "MadeRelease":
        """Return the record for a release."""
        return cls(release, missing(release.notes["publisher"]))


@dataclass(frozen=True)
class WithdrawnRelease:
    """A release that was just withdrawn, and the note next to its files, if they still exist."""

    release: Release
    note: Path | None


def releases_screen(releases: Releases) -> str:
    """Return a table of all releases. Below it, list withdrawn and incomplete releases."""
    if not releases.releases:
        return "No release has been made: `assurance release make --because …` makes one.\n"
    rows = [
        (
            "*" if one.release_id == releases.standing else "",
            str(one.release_id),
            moment(one.made_at),
            str(one.publication_id),
            _state(one),
            one.because,
        )
        for one in releases.releases
    ]
    lines = table(("", "Release", "Made", "Publication", "State", "Because"), rows)
    notes = [
        f"Release {one.release_id} withdrawn {moment(one.withdrawn_at)}: {one.withdrawn_because}"
        if one.withdrawn_at
        else f"The files of release {one.release_id} are not in place, because it was interrupted: "
        f"run `assurance release files {one.release_id}`."
        for one in releases.releases
        if one.withdrawn_at or one.placed_at is None
    ]
    return "\n".join([*lines, *(line for note in notes for line in ["", *wrapped(note)])]) + "\n"


def made_screen(made: MadeRelease) -> str:
    """Return where a release's files are, and what to do before the files are passed on."""
    one = made.release
    lines = [
        f"Release {one.release_id} of publication {one.publication_id}, as at {moment(one.as_at)}",
        "",
        one.folder,
        f"SHA256SUMS: {one.sums_sha256}",
        "",
        *wrapped(announced(one)),
    ]
    if made.not_set:
        text = (
            f"NOT SET, and the files say so: {', '.join(made.not_set)}. Set them in "
            "include/release/publisher.yml, or in the file that ASSURANCE_PUBLISHER names, before "
            "the next release."
        )
        lines += ["", *wrapped(text)]
    return "\n".join(lines) + "\n"


def withdrawn_screen(withdrawn: WithdrawnRelease) -> str:
    """Return the screen that says what was withdrawn, and what is left to do."""
    one = withdrawn.release
    note = (
        f"The note {withdrawn.note} is next to its files: copy it to where they were published."
        if withdrawn.note
        else f"The folder {one.folder} is gone, so no note was put there. Say it where the files "
        "were published."
    )
    text = (
        f"{note} Published files cannot be recalled. Later releases are still compared with their "
        "figures."
    )
    return "\n".join([f"Release {one.release_id} is withdrawn.", "", *wrapped(text)]) + "\n"


def _state(release: Release) -> str:
    if release.withdrawn_at:
        return "withdrawn"
    return "released" if release.placed_at else "not in place"
