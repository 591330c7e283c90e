"""Look whether the sources still have what the declarations say."""

from collections.abc import Iterator, Sequence

from oic_assurance.errors import DeliveryRefused, SourceUnavailable, UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.snapshot import snapshot
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.declarations.protected import is_protected
from oic_assurance.sources.files.dropped import Dropzone
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.state.observed import Finding

AGREE = "the source and the declaration must agree: docs/how-to/add-a-source.md"
REVIEW = "decide whether to declare them: docs/how-to/add-a-source.md"
FORBID = "declare them under `never_extracted`, so that nobody extracts them by mistake"
CONNECT = "tell whoever runs the source, and see docs/how-to/connect-sources.md"


def look_at_databases(settings: Settings) -> Iterator[Finding]:
    """Compare every source table with its declaration.

    If a database cannot be reached, that is one finding about its connection.
    """
    lost: set[str] = set()
    for dataset in datasets().values():
        if dataset.kind != "database" or dataset.database.system in lost:
            continue
        try:
            with snapshot(settings, dataset) as source:
                yield _agreed(dataset.name, source.check_columns())
        except SourceUnavailable as error:
            lost.add(dataset.database.system)
            place = f"connection {dataset.database.system}"
            yield Finding(place, "failed", error.message, CONNECT, code="source")
        except (DeliveryRefused, UsageError) as error:
            yield Finding(dataset.name, "failed", error.message, AGREE)


def look_at_dropzone(settings: Settings) -> Iterator[Finding]:
    """Compare the newest file of every dataset with its declaration."""
    try:
        dropzone = Dropzone(settings)
        for dataset in datasets().values():
            if dataset.kind == "file":
                yield _file(dropzone, dataset)
    except SourceUnavailable as error:
        mount = "mount it, or tell whoever runs it"
        yield Finding("the dropzone", "failed", error.message, mount, code="source")


def _file(dropzone: Dropzone, dataset: Dataset) -> Finding:
    listing = dropzone.listing(dataset)
    if not listing.has_folder:
        if dataset.is_optional:
            return Finding(dataset.name, "ok", "this force does without it")
        what = f"the dropzone has no folder {dataset.files.folder}"
        return Finding(dataset.name, "advice", what, "`assurance sources create`")
    if not listing.files:
        what = f"no file is there that is called {dataset.files.file}"
        return Finding(dataset.name, "advice", what, "docs/reference/files.md")
    newest = listing.files[-1]
    try:
        with dropzone.read(newest) as content:
            notes = [reading.notes for reading in read_tables(content, dataset)]
    except FileNotFoundError:
        return Finding(dataset.name, "unknown", f"{newest.name} was removed just now")
    except DeliveryRefused as error:
        return Finding(dataset.name, "failed", f"{newest.name}: {error.message}", AGREE)
    return _agreed(
        dataset.name, [name for note in notes for name in note.get("columns_kept_out", ())]
    )


def _agreed(subject: str, new: Sequence[str]) -> Finding:
    """Return the finding on a source that has every declared column, and the columns `new`."""
    if not new:
        return Finding(subject, "ok", "as declared")
    protected = [name for name in new if is_protected(name.strip().lower().replace(" ", "_"))]
    if protected:
        what = f"new columns that must not be extracted: {', '.join(protected)}"
        return Finding(subject, "attention", what, FORBID)
    return Finding(subject, "advice", f"new columns: {', '.join(new)}", REVIEW)
