"""Say why something in the folder of a dataset is not taken as a delivery."""

import re
from pathlib import PurePosixPath

from oic_assurance.sources.declarations.model import DAY, FilePlace

#: The reason given for a missing folder.
NO_FOLDER = "the folder does not exist"
#: The reasons given for what is no delivery, whatever its name. `state.problem` names other files.
HIDDEN = "it is a hidden or temporary file of a program"
NOT_FINISHED = "its name says that it is not finished"
#: The endings of the names of unfinished files.
UNFINISHED = (".part", ".tmp")
_COMPRESSED = (".gz", ".zip", ".bz2", ".xz", ".7z", ".zst")
#: What a program adds to a name when it saves a copy: `(1)`, ` - Copy`, `_v2`, `_final`.
_COPY = re.compile(r"[ _-]*(\(\d+\)|copy(\s*\(\d+\))?|v\d+|final|new|old|\d)$", re.IGNORECASE)
_ANY_DAY = re.compile(r"\d{4}[-_.]?\d{2}[-_.]?\d{2}|\d{2}[-_.]\d{2}[-_.]\d{4}")


def why_not_taken(name: str, place: FilePlace, *, is_folder: bool, is_link: bool) -> str | None:
    """Return why an entry of a folder is not a delivery, or None if the entry is a delivery."""
    if is_folder:
        return "it is a folder, and files in subfolders are not read"
    if is_link:
        return "it is a link, and links are not followed"
    if name.lower().endswith(UNFINISHED):
        return NOT_FINISHED
    if place.pattern.fullmatch(name):
        return None
    if name.startswith((".", "~$")):
        return HIDDEN
    if name.lower().endswith(_COMPRESSED):
        return f"it is compressed, and only {place.file} is taken"
    return _difference(PurePosixPath(name), place)


def _difference(name: PurePosixPath, place: FilePlace) -> str:
    """Say in what way a name differs from the declared name."""
    expected = PurePosixPath(place.file)
    if name.suffix.lower() != expected.suffix.lower():
        return f"it does not end with {expected.suffix}, and only {place.file} is taken"
    without_copy = _COPY.sub("", name.stem) + name.suffix
    if without_copy != name.name and place.pattern.fullmatch(without_copy):
        return f"it looks like a copy or another version of {without_copy}"
    if DAY in place.file and not _ANY_DAY.search(name.stem):
        return f"its name has no day, and only {place.file} is taken"
    return f"only {place.file} is taken"
