"""Read who publishes releases, from `include/release/publisher.yml` or the configured file."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.settings import Settings, publisher_file

DEFAULT = Path("include") / "release" / "publisher.yml"
#: The text in the files of a draft where the publisher has not set what a release needs.
NOT_SET = "NOT SET"
#: The entries of the publisher's file, each with its name in words.
ENTRIES = {
    "publisher": "publisher",
    "publisher_url": "publisher's web site",
    "contact": "contact",
    "contact_email": "e-mail address of the contact",
    "contact_phone": "telephone number of the contact",
    "licence": "licence",
    "licence_url": "address of the licence",
    "next_release": "date of the next release",
    "pre_release_access": "who sees the figures before they are released",
}
#: What a release needs: who publishes it, who answers for it, and what others may do with it.
REQUIRED = ("publisher", "contact", "licence")
_ADDRESSES = ("publisher_url", "licence_url")


def read_publisher(settings: Settings) -> dict[str, str | None]:
    """Return every entry of the file, with None for unset entries. Dates are ISO 8601 strings.

    Raises:
        UsageError: The file cannot be read, or an entry is not valid. The message names the file
            and the entry.
    """
    path = publisher_file() or settings.project_root / DEFAULT
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be read: {why}.") from error
    if not isinstance(given, dict):
        raise UsageError(f"{path} must have one entry on each line, such as `publisher: …`.")
    for name in given:
        if name not in ENTRIES:
            raise UnknownNameError("entry", str(name), ENTRIES, where=f"in {path}")
    return {name: _entry(path, name, given.get(name)) for name in ENTRIES}


def require(publisher: Mapping[str, Any], settings: Settings) -> None:
    """Refuse a release whose publisher, contact or licence nobody has set.

    Raises:
        UsageError: One of them is not set. The message says where to set it.
    """
    missing = [name for name in REQUIRED if not publisher[name]]
    if missing:
        raise UsageError(
            f"No release is made: {publisher_file() or DEFAULT} does not set "
            f"{' and '.join([', '.join(missing[:-1]), missing[-1]] if missing[1:] else missing)}. "
            "Set each in this file, or in the file that ASSURANCE_PUBLISHER names. "
            "`assurance release make --draft` shows the files before that."
        )


def shown(publisher: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what a release says of its publisher: entry, text, and an address or nothing.

    An entry that is not set is left out, unless a release needs it.
    """
    addresses = {
        "publisher_url": publisher["publisher_url"],
        "licence_url": publisher["licence_url"],
        "contact_email": f"mailto:{publisher['contact_email']}",
    }
    return [
        (words.capitalize(), publisher[name] or NOT_SET, addresses.get(name) or "")
        for name, words in ENTRIES.items()
        if name != "next_release" and (publisher[name] or name in REQUIRED)
    ]


def _entry(path: Path, name: str, value: object) -> str | None:
    if value is None or str(value).strip() == "":
        return None
    if name == "next_release":
        # YAML parses an unquoted day as a date.
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError as error:
            raise UsageError(
                f"{path}: next_release: '{value}' is not a day such as 2026-07-21."
            ) from error
    text = " ".join(str(value).split())
    if name in _ADDRESSES and not text.startswith("https://"):
        raise UsageError(f"{path}: {name}: '{text}' must begin with https://.")
    return text
