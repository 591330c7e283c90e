"""Make a release with its files, write its files again, and withdraw it."""

import logging
from pathlib import Path

from oic_assurance.errors import AssuranceError
from oic_assurance.publishing import releases
from oic_assurance.publishing.releases import Release, ReleaseContent
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.csv_files import METADATA, csv_file, csv_name, metadata_file
from oic_assurance.reporting.release.dataset import NAME as DATASET
from oic_assurance.reporting.release.dataset import dataset_file
from oic_assurance.reporting.release.folder import (
    add_note,
    place_draft,
    release_folder,
    remove_draft,
    write_draft,
)
from oic_assurance.reporting.release.publisher import read_publisher, require
from oic_assurance.reporting.release.spreadsheet import spreadsheet, spreadsheet_name
from oic_assurance.reporting.release.tables import file_tables
from oic_assurance.settings import Settings, name_of_force
from oic_assurance.storage.reports import fetch, share

LOG = logging.getLogger(__name__)
_NOTES = {"revisions", "first_shown", "previous", "withdrawn", "force_name", "changed_statuses"}


def make(
    settings: Settings,
    publication_id: int | None,
    because: str,
    who: str,
    to: Path | None = None,
    *,
    is_draft: bool = False,
) -> Release:
    """Make a release of a publication (by default, the current one), and place its files.

    The files are written into a draft folder, the release is recorded, and then the draft gets its
    final name. If the process is interrupted after the release is recorded, `write_again` completes
    it. With `is_draft`, the files say that they are a draft, and nothing is recorded or released.

    Raises:
        UsageError: The reason is missing, the folder `to` is not empty, the publisher's file is not
            valid or sets no publisher, contact or licence, or no release may be made from the
            publication.
        AssuranceError: Disclosure control does not allow the release, or a file cannot be written.
    """
    publisher = read_publisher(settings)
    if not is_draft:
        require(publisher, settings)
    drafts: list[Path] = []
    stated = {"publisher": publisher, "force_name": name_of_force(settings), "draft": is_draft}

    def write(content: ReleaseContent) -> tuple[str, str]:
        folder = release_folder(settings, None if is_draft else content.release_id, to)
        drafts.append(folder)
        return str(folder), write_draft(settings, folder, release_files(content))

    try:
        made = releases.make_release(settings, publication_id, because, who, stated, write)
    except BaseException:
        for folder in drafts:
            remove_draft(folder)
        raise
    if is_draft:
        place_draft(Path(made.folder), for_all=False)
        return made
    return _place(settings, made.release_id, Path(made.folder))


def write_again(settings: Settings, release_id: int, to: Path | None = None) -> Release:
    """Write a release's files again, from what was recorded when the release was made.

    Raises:
        UsageError: There is no such release, it is withdrawn, or the folder is not empty.
        AssuranceError: A file cannot be written. Or the files would differ from the released ones,
            because the code that writes them has changed since; then no file stays.
    """
    content = releases.read_content(settings, release_id)
    release = releases.get_release(settings, release_id)
    folder = release_folder(settings, release_id, to or Path(release.folder))
    # A release from before these notes were kept has other files, which this code cannot write.
    is_known = content.notes.keys() >= _NOTES
    if not is_known or write_draft(settings, folder, release_files(content)) != release.sums_sha256:
        remove_draft(folder)
        raise AssuranceError(
            f"The files of release {release_id} would not be those that were released: this code "
            "writes them differently. Use the code of that time, or copy the files from where "
            "they were published."
        )
    # A copy does not move the release: the note about a withdrawal belongs next to the files that
    # were released.
    is_copy = release.placed_at is not None and _folder_of(settings, release).is_dir()
    return _place(settings, release_id, folder, Path(release.folder) if is_copy else folder)


def withdraw(
    settings: Settings, release_id: int, because: str, who: str
) -> tuple[Release, Path | None]:
    """Withdraw a release, and put a note next to its files, which stay.

    Returns the release and the path of the note, or None instead of the path if the files' folder
    is gone or cannot be written. That is logged, because the release is withdrawn already: whoever
    calls this goes on, and nobody can withdraw the release again.

    Raises:
        UsageError: The reason is missing, there is no such release, or it is withdrawn already.
    """
    from oic_assurance.reporting.release.page import withdrawn_page

    release = releases.withdraw_release(settings, release_id, because, who)
    standing = next(
        (one for one in releases.list_releases(settings) if one.withdrawn_at is None), None
    )
    note = None
    try:
        note = add_note(_folder_of(settings, release), withdrawn_page(release, standing))
        if note is not None:
            share(settings, note)
    except AssuranceError as error:
        LOG.warning("The files do not say that release %s is withdrawn: %s", release_id, error)
    return release, note


def release_files(content: ReleaseContent) -> dict[str, bytes]:
    """Return a release's files, keyed by name. The same content always gives the same bytes."""
    # Importing what draws charts takes a third of a second, and other commands do without.
    from oic_assurance.reporting.release import page

    texts = wording.prose(content)
    tables = file_tables(content)
    files = {csv_name(table.name, content): csv_file(table) for table in tables}
    files[METADATA] = metadata_file(tables, content, texts)
    files[spreadsheet_name(content)] = spreadsheet(tables, content, texts)
    files[DATASET] = dataset_file(content, texts, files)
    files[page.QUALITY] = page.quality_page(content, texts)
    sizes = {name: len(file) for name, file in files.items()}
    files[page.NAME] = page.release_page(tables, content, texts, sizes)
    return files


def _folder_of(settings: Settings, release: Release) -> Path:
    """Return the folder of a release's files. It may be gone."""
    folder = Path(release.folder)
    if settings.reports and folder == release_folder(settings, release.release_id, None):
        # Another worker may have made the release, and then the files are only in the shared place.
        fetch(settings, folder)
    return folder


def _place(
    settings: Settings, release_id: int, folder: Path, recorded: Path | None = None
) -> Release:
    """Place a draft, and record where the release is: in this folder, or in `recorded`."""
    place_draft(folder)
    share(settings, folder)
    return releases.place(settings, release_id, str(recorded or folder))
