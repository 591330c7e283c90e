"""The folder of a force: which force it is of, and which files belong to it.

All that is one force's own is in it, and all that is in the checkout is the same for everybody.
docs/reference/force-folder.md describes the folder.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from oic_assurance.errors import UsageError
from oic_assurance.settings import FORCE_AREA, FORCE_FILE, force_areas

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

#: The version of the form that a folder must have.
FORM = 1
#: The folders in it, each with how the names of its files end.
PARTS = {"pledge": ".csv", "words": ".csv", "measures": ".yml", "sources": ".yml"}
_BESIDE = (FORCE_FILE, "README.md")


class FolderError(UsageError):
    """The folder of a force cannot be used. The message names the file, and the line if it can."""


@dataclass(frozen=True)
class ForceFolder:
    """What force.yml says."""

    form: int
    #: The ONS police force area code, and how reports call the force.
    code: str
    name: str
    #: The datasets that the force does without.
    without: tuple[str, ...] = ()


def read_force(folder: Path) -> ForceFolder:
    """Return what the file force.yml of a folder says.

    Raises:
        FolderError: There is no such file, it is not valid, or it has another version of the form.
    """
    from oic_assurance.sources.declarations import checked_yaml
    from oic_assurance.sources.declarations.load import datasets_of

    file = folder / FORCE_FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise FolderError(f"{file} cannot be read: {reason}.") from error
    lined = checked_yaml.read(text, str(file), _schema(), "the file", FolderError)
    found = ForceFolder(**{**lined.content, "without": tuple(lined.content.get("without", ()))})
    if found.form != FORM:
        line = lined.line(("form",))
        what = f"the folder has form {found.form}; allowed: form {FORM}, of this version"
        raise FolderError(f"{file}, line {line}: {what}.")
    if found.code not in force_areas():
        line = lined.line(("code",))
        raise FolderError(f"{file}, line {line}: '{found.code}' is not {FORCE_AREA}.")
    for place, name in enumerate(found.without):
        if name not in datasets_of("force"):
            line = lined.line(("without", place))
            known = ", ".join(datasets_of("force"))
            raise FolderError(f"{file}, line {line}: '{name}' is unknown; allowed: {known}.")
    return found


def strangers(folder: Path, homes: Mapping[str, str]) -> Iterator[str]:
    """Yield each file that does not belong into the folder, and what does.

    `homes` says for each seed in which part its file must be. Files whose name begins with a dot
    are nobody's business.
    """
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_dir() or any(one.startswith(".") for one in place.parts):
            continue
        part = place.parts[0] if len(place.parts) > 1 else ""
        if not part and place.name in _BESIDE:
            continue
        if part not in PARTS or len(place.parts) != len(("part", "file")):
            allowed = ", ".join([*_BESIDE, *(f"{one}/*{end}" for one, end in PARTS.items())])
            yield f"{path}: the folder of a force has no such file; allowed: {allowed}"
        elif path.suffix != PARTS[part]:
            yield f"{path}: the file has another ending; allowed: {part}/*{PARTS[part]}"
        elif path.suffix == ".csv" and homes.get(path.stem) != part:
            named = sorted(name for name, home in homes.items() if home == part)
            home = homes.get(path.stem)
            allowed = f"{home}/{path.name}" if home else ", ".join(named)
            yield f"{path}: {part}/ has no such file; allowed: {allowed}"


@functools.cache
def _schema() -> "Draft202012Validator":
    from oic_assurance.sources.declarations import checked_yaml

    schema = resources.files("oic_assurance.builds").joinpath("_force_schema.yml")
    return checked_yaml.validator(schema.read_text(encoding="utf-8"))
