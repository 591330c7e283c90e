"""Replace earlier keys in the files of the state folder: documents, logs and dbt's results.

If ASSURANCE_REPORTS_URL is set, the reports there are cleaned too.

Deliveries and the archive contain no pseudonyms. The database server's own files are cleaned
together with the tables.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.operations.pseudonyms.tables import TOKEN_IN_BYTES
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import SHARED, reports_store
from oic_assurance.storage.store import overwrite

#: Subfolders of the state folder that cannot contain a pseudonym or that other code handles.
LEFT_OUT = frozenset({"batches", "dropzone", "locks", "postgres", "secrets", "simulator"})


def replace_keys_in_files(settings: Settings, changes: Mapping[str, str]) -> int:
    """Replace the earlier keys in files, and return how many files were changed.

    Earlier and new keys have the same length. So they are replaced in place, and a process that is
    writing to a file, such as a log, can continue.

    Raises:
        ServerError: A file cannot be read or written, or the place of the reports cannot be
            reached.
    """
    encoded = {was.encode(): now.encode() for was, now in changes.items()}
    try:
        changed = sum(_replace(path, encoded) for path in _files(settings.home))
        store = reports_store(settings)
        shared = SHARED if settings.reports else ()
        for name in [name for top in shared for name in store.files(top)]:
            with store.open(name) as file:
                was = file.read()
            now = TOKEN_IN_BYTES.sub(lambda match: encoded.get(match.group(), match.group()), was)
            if now != was:
                overwrite(store, name, now)
                changed += 1
        return changed
    except OSError as error:
        raise ServerError(
            f"The file {error.filename} cannot be changed: {error.strerror}. Fix that and run "
            "`assurance access rekey` again."
        ) from error


def _files(home: Path) -> Iterator[Path]:
    if not home.is_dir():
        return
    for top in sorted(home.iterdir()):
        if top.name not in LEFT_OUT and not top.is_symlink():
            found = [top] if top.is_file() else sorted(top.rglob("*"))
            yield from (path for path in found if path.is_file() and not path.is_symlink())


def _replace(path: Path, changes: Mapping[bytes, bytes]) -> bool:
    found = [
        (match.start(), changes[match.group()])
        for match in TOKEN_IN_BYTES.finditer(path.read_bytes())
        if match.group() in changes
    ]
    if found:
        with path.open("r+b") as file:
            for place, now in found:
                file.seek(place)
                file.write(now)
    return bool(found)
