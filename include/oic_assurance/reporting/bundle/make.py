"""Make a bundle of a publication, as a ZIP file that is an RO-Crate, and verify one."""

import hashlib
import json
import mimetypes
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.explain.publication_records import find
from oic_assurance.publishing.publication import ROLE, Publication
from oic_assurance.reporting.bundle import verify as verifier
from oic_assurance.reporting.bundle.contents import contents
from oic_assurance.reporting.pack.make import write_pack
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder, replacing
from oic_assurance.warehouse.processing_log import enter, publication_mark
from oic_assurance.warehouse.signatures import read_key, sign

FOLDER = Path("reports") / "bundle"
#: A bundle has about fifty files and a few megabytes.
MOST_FILES = 1000
MOST_BYTES = 1 << 30
#: The time of every file in the ZIP file, so that the same content gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """A bundle that was made, and its number of files.

    `has_rules` is False if this checkout has other rules than the publication.
    """

    file: Path
    publication_id: int
    is_signed: bool
    has_rules: bool
    files: int


@dataclass(frozen=True)
class Verified:
    """The result of verifying a bundle, in a sentence."""

    holds: bool
    is_signed: bool
    sentence: str
    exit_code: int


def make_bundle(
    settings: Settings, publication_id: int | None = None, key: Path | None = None
) -> Bundle:
    """Make the bundle of a publication. The default is the current publication.

    `key` is a file with an Ed25519 private key in PEM form, with which the bundle is signed.

    The bundle is logged as a disclosure.

    Raises:
        AssuranceError: The publication's tables are no longer kept, or they were changed since the
            checks.
        UsageError: Nothing has been published, there is no such publication, or the key cannot be
            read.
    """
    private = None if key is None else read_key(key)
    publication = find(settings, publication_id)
    number = publication.publication_id
    target = private_folder(settings, settings.home / FOLDER) / (
        f"assurance-bundle-of-publication-{number}.zip"
    )
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = Path(name)
        described: dict[str, str] = {}
        pack, _ = write_pack(settings, publication_id=number)
        (folder / "pack").mkdir()
        for made, kind in ((pack.page, "html"), (pack.paper, "pdf")):
            shutil.copyfile(made, folder / "pack" / f"assurance-pack.{kind}")
            described[f"pack/assurance-pack.{kind}"] = "The assurance pack"
        with connect(settings, role=ROLE) as conn:
            for place, content, what in contents(conn, settings, publication):
                path = folder / place
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
                described[place] = what
        shutil.copyfile(verifier.__file__, folder / "verify.py")
        described["verify.py"] = "A program that verifies this bundle without a network"
        _write_crate(folder, publication, described)
        manifest = _write_manifest(folder)
        if private is not None:
            signature = json.dumps(sign(private, manifest), indent=1) + "\n"
            (folder / verifier.SIGNATURE).write_text(signature, encoding="utf-8")
        try:
            verifier.verify(folder)
        except verifier.BrokenError as error:
            raise AssuranceError(
                f"The tables of publication {number} were changed since the checks, for example by "
                f"an update, so no bundle can prove them: {error}."
            ) from error
        files = _zip(folder, target)
    share(settings, target)
    _log(settings, number, target)
    has_rules = any(place.startswith("rules/") for place in described)
    return Bundle(target, number, key is not None, has_rules, files)


def verify_bundle(path: Path, key: str = "") -> Verified:
    """Verify a bundle: a ZIP file, or a folder into which one was unpacked.

    With `key`, the SHA-256 of a public key in hexadecimal, the bundle must be signed with that key.

    Raises:
        UsageError: The path is neither, or the ZIP file cannot be unpacked or has files that no
            bundle has.
    """
    with _unpacked(path) as folder:
        code, sentence = verifier.result(folder, key)
        is_signed = (folder / verifier.SIGNATURE).exists()
        return Verified(code in (0, verifier.UNSIGNED), is_signed, sentence, code)


def _write_crate(folder: Path, publication: Publication, described: Mapping[str, str]) -> None:
    """Write `ro-crate-metadata.json`, which describes a bundle as an RO-Crate 1.1.

    `described` maps the path of each file to what the file is, in words.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = f"OIC assurance, publication {publication.publication_id}"
    crate.description = (
        "The assurance pack of one publication, with the figures, fingerprints, rules, checks, "
        f"decisions and batches (by hash) behind it. As at {publication.as_at.isoformat()}."
    )
    crate.datePublished = publication.published_at
    crate.root_dataset["identifier"] = publication.content_fingerprint
    # An RO-Crate has a field for a licence. The force has the rights in the figures, so the bundle
    # grants no licence.
    crate.license = "The force decides who may use the figures."
    for place, what in sorted(described.items()):
        kind = mimetypes.guess_type(place)[0] or "application/octet-stream"
        crate.add_file(
            str(folder / place),
            dest_path=place,
            properties={"name": what, "encodingFormat": kind},
        )
    crate.metadata.write(folder)


def _write_manifest(folder: Path) -> bytes:
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    content = (json.dumps({"files": files}, indent=1) + "\n").encode("utf-8")
    (folder / verifier.MANIFEST).write_bytes(content)
    return content


def _zip(folder: Path, target: Path) -> int:
    names = sorted(path for path in folder.rglob("*") if path.is_file())
    with replacing(target) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as file:
        for path in names:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            file.writestr(entry, path.read_bytes())
    return len(names)


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path
        return
    if not zipfile.is_zipfile(path):
        raise UsageError(f"{path} is neither a bundle nor a folder with one.")
    with tempfile.TemporaryDirectory() as name:
        try:
            with zipfile.ZipFile(path) as file:
                _check_entries(path, file.infolist())
                file.extractall(name)
        # An encrypted file, or one that is compressed in an unknown way, raises a RuntimeError.
        except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise UsageError(f"{path} cannot be unpacked: {error}.") from error
        yield Path(name)


def _check_entries(path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse a ZIP file that is too large, or that programs would unpack in different ways.

    Raises:
        UsageError: The ZIP file has too many files or bytes, two names that are equal or differ
            only in case, or a name with an empty part, `.` or `..`.
    """
    names = [entry.filename for entry in entries if not entry.is_dir()]
    if len(names) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise UsageError(f"{path} is larger than a bundle.")
    parts = {part for name in names for part in name.split("/")}
    if len({name.casefold() for name in names}) < len(names) or parts & {"", ".", ".."}:
        raise UsageError(f"{path} has names that are no bundle's.")


def _log(settings: Settings, number: int, target: Path) -> None:
    """Log that the bundle was made for its readers (DPA 2018 section 62 requires it)."""
    with connect(settings, role=ROLE) as conn:
        enter(
            conn,
            "disclosure",
            f"{target.name} of publication {number}",
            to_whom="the holder of the bundle",
            because="so that its figures can be verified without the warehouse",
            concerns=[publication_mark(number)],
        )
