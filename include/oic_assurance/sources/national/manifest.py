"""The manifest of a force's export: which files it has, and what each must be.

A force writes its manifest after the files that it lists, so a file without one is not whole yet.
The manifest says for each file its SHA-256 and its number of rows. So a file that was cut, changed
or put there by somebody else is refused before any of its rows is read.

A deployment signs its manifests with its key. So it shows if another deployment exports with the
code of the same force. The exports of older code are not signed.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from oic_assurance.errors import DeliveryRefused
from oic_assurance.warehouse.signatures import sign, signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: The version of the form of manifests and files. A manifest of another form is refused.
FORM = "oic-assurance-national/1"
#: The largest manifest that is read, in bytes.
LARGEST_MANIFEST = 64 * 1024
#: The longest name of a host that is shown. A longer one is cut.
LONGEST_HOST = 64
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class ManifestEntry:
    """One file in a manifest: its name, its SHA-256 and its number of rows without the header."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Exporter:
    """The deployment that made an export: the SHA-256 of its public key, and its host."""

    key: str
    host: str

    def __str__(self) -> str:
        """Return both in words."""
        return f"key {self.key} (host {self.host})"


def manifest_name(force: str, day: date) -> str:
    """Return the name of the manifest of a force for a day."""
    return f"manifest_{force}_{day:%Y%m%d}.json"


def write_manifest(
    force: str,
    day: date,
    entries: Sequence[ManifestEntry],
    host: str,
    private: "Ed25519PrivateKey",
) -> bytes:
    """Return a manifest as JSON in UTF-8. The deployment on `host` signs it with its key."""
    content: dict[str, Any] = {
        "form": FORM,
        "force_code": force,
        "day": day.isoformat(),
        "host": host,
        "files": [{"name": e.name, "sha256": e.sha256, "rows": e.rows} for e in entries],
    }
    content["signature"] = sign(private, _signed(content))
    return (json.dumps(content, indent=2) + "\n").encode()


def check_manifest(
    manifest: bytes | None, name: str, force: str, day: date, sha256: str
) -> tuple[ManifestEntry, Exporter | None]:
    """Return the entry of a file in its manifest, and who has signed it. None: nobody has.

    Args:
        manifest: The bytes of the manifest, or None if there is none.
        name: The name of the file.
        force: The force in the name of the file.
        day: The day in the name of the file.
        sha256: The SHA-256 of the file's bytes.

    Raises:
        DeliveryRefused: The manifest is missing, cannot be read, is of another force or day, does
            not list the file, or lists another SHA-256, or its signature is wrong. The message
            names the force.
    """
    if manifest is None:
        raise DeliveryRefused(
            f"force {force}: there is no {manifest_name(force, day)} that lists it: the export is "
            "not finished, or was interrupted"
        )
    content = _content(manifest, force, day)
    exporter = _exporter(content)
    if exporter is None and "signature" in content:
        raise _unusable(force, day, "its signature is wrong: it was changed after the export")
    if content.get("form") != FORM:
        raise _unusable(force, day, f"its form is not {FORM}")
    if content.get("force_code") != force or content.get("day") != day.isoformat():
        raise _unusable(force, day, "it is of another force or day")
    files = content.get("files")
    found = [
        file
        for file in (files if isinstance(files, list) else [])
        if isinstance(file, dict) and file.get("name") == name
    ]
    if len(found) != 1:
        raise _unusable(force, day, f"it lists the file {len(found)} times instead of once")
    entry = _entry(found[0], force, day)
    if entry.sha256 != sha256:
        raise DeliveryRefused(
            f"force {force}: its SHA-256 is {sha256}, and the manifest says {entry.sha256}: it was "
            "changed after the export, or is not whole"
        )
    return entry, exporter


def exporter_of(manifest: bytes) -> Exporter | None:
    """Return who has signed a manifest. None if nobody has, or it is not whole."""
    try:
        return _exporter(_content(manifest, "", date.min))
    except DeliveryRefused:
        return None


def _exporter(content: dict[str, Any]) -> Exporter | None:
    signature = content.get("signature")
    if not isinstance(signature, dict):
        return None
    try:
        key = signer(signature, _signed(content))
    except RecursionError:
        return None
    # Everybody who can write to the store can choose the host, which is shown in messages.
    host = str(content.get("host", ""))[:LONGEST_HOST]
    return Exporter(key, host if host.isprintable() else "?") if key else None


def _signed(content: dict[str, Any]) -> bytes:
    """Return the bytes that are signed: everything but the signature, in one fixed form."""
    unsigned = {name: value for name, value in content.items() if name != "signature"}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":")).encode()


def _content(manifest: bytes, force: str, day: date) -> dict[str, Any]:
    if len(manifest) > LARGEST_MANIFEST:
        raise _unusable(force, day, f"it is larger than {LARGEST_MANIFEST} bytes")
    try:
        content = json.loads(manifest.decode())
    except (ValueError, RecursionError) as error:
        raise _unusable(force, day, "it is not JSON in UTF-8") from error
    if not isinstance(content, dict):
        raise _unusable(force, day, "it is not a JSON object")
    return content


def _entry(file: dict[str, Any], force: str, day: date) -> ManifestEntry:
    name, sha256, rows = file.get("name"), file.get("sha256"), file.get("rows")
    is_sound = (
        isinstance(name, str)
        and isinstance(sha256, str)
        and _SHA256.fullmatch(sha256) is not None
        and isinstance(rows, int)
        and not isinstance(rows, bool)
        and rows >= 0
    )
    if not is_sound:
        raise _unusable(force, day, "its entry for the file has no SHA-256 or no number of rows")
    return ManifestEntry(str(name), str(sha256), int(str(rows)))


def _unusable(force: str, day: date, why: str) -> DeliveryRefused:
    return DeliveryRefused(f"force {force}: {manifest_name(force, day)} cannot be used: {why}")
