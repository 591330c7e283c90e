#!/usr/bin/env python3
"""Verify a bundle of the OIC assurance warehouse. This file needs only Python 3.9 or later.

    python3 -B verify.py                   verifies the bundle that this file is in
    python3 -B verify.py FOLDER            verifies the bundle in a folder
    python3 -B verify.py FOLDER KEY        also requires a signature of the key with this SHA-256

This program reads only the bundle. It prints one sentence: what the bundle proves, or what is wrong
with it. The exit code is 0 if nothing is wrong, otherwise 1. Somebody who changes a bundle can also
change the copy of this file in it. To be sure, use a copy that did not come with the bundle.
"""

import csv
import hashlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
#: The marts whose rows are bundled. They hold figures, rules and decisions, and no record of a
#: person. All other marts are in the bundle with their fingerprints only.
FIGURES = (
    "assurance_disagreement",
    "assurance_exception_summary",
    "assurance_measure",
    "assurance_position",
    "assurance_position_day",
    "assurance_spc",
    "assurance_voice",
    "assurance_voice_month",
    "board_question",
    "data_quality_status",
    "dim_measure",
    "dim_point",
    "dim_recommendation",
    "restatement",
    "sign_off_reopening",
)
#: The errors that a file raises if its content has another form than a bundle's.
ODD = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, csv.Error)

# Ed25519 (RFC 8032, section 5.1). Points are pairs of coordinates modulo P.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


#: The name of a column.
NAME = re.compile("[a-z][a-z0-9_]*")


class BrokenError(Exception):
    """Something in the bundle is wrong. The message says what, in a sentence."""


def verify(folder: Path, key: str = "") -> str:
    """Return a sentence that says what the bundle proves.

    With `key`, the SHA-256 of a public key in hexadecimal, the bundle must be signed with that key.

    Raises:
        BrokenError: Something in the bundle is wrong.
    """
    try:
        return _verified(folder, key)
    except ODD as error:
        raise BrokenError(f"a file does not have the form of a bundle's ({error!r:.80})") from error


def _verified(folder: Path, key: str) -> str:
    manifest_bytes = read(folder / MANIFEST)
    files = check_files(folder, load(manifest_bytes, MANIFEST))
    publication = load(read(folder / "publication.json"), "publication.json")
    figures = check_tables(folder, publication)
    check_pack(folder, publication)
    signed = check_signature(folder, manifest_bytes, key)
    rolled_back = ", which was rolled back" if publication["was_withdrawn"] else ""
    return plain(
        f"Publication {publication['publication_id']}, as at {publication['as_at']}{rolled_back}: "
        f"all {files} files are as they were bundled, the {figures} tables of figures give the "
        f"fingerprint {publication['content_fingerprint']} that the checks passed, the pack names "
        f"it, and {signed}."
    )


def plain(text: str) -> str:
    """Return a text of the bundle, if it can be printed.

    Raises:
        BrokenError: The text has a character that cannot be printed, such as a control character
            that changes what a terminal shows.
    """
    if not text.isprintable():
        raise BrokenError("a name or a value has characters that cannot be shown")
    return text


def read(path: Path) -> bytes:
    """Return the bytes of a file of the bundle."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BrokenError(f"{path.name} cannot be read: {error.strerror}") from error


def load(content: bytes, name: str) -> Any:
    """Return the JSON content of a file of the bundle."""
    try:
        return json.loads(content)
    except ValueError as error:
        raise BrokenError(f"{name} is not JSON") from error


def check_files(folder: Path, manifest: Any) -> int:
    """Check that the bundle has the files of its manifest, unchanged. Return their number."""
    found = set()
    for path in folder.rglob("*"):
        name = plain(path.relative_to(folder).as_posix())
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise BrokenError(f"{name} is neither a file nor a folder")
        if path.is_file():
            found.add(name)
    listed = set(manifest["files"])
    for name in sorted(found - listed - {MANIFEST, SIGNATURE}):
        raise BrokenError(f"{name} is not in the manifest")
    for name in sorted(listed - found):
        raise BrokenError(f"{plain(name)} is missing")
    for name, wanted in sorted(manifest["files"].items()):
        if hashlib.sha256(read(folder / name)).hexdigest() != wanted["sha256"]:
            raise BrokenError(f"{name} was changed")
    return len(listed)


def check_tables(folder: Path, publication: Any) -> int:
    """Check the figures against the publication's fingerprints. Return the number of tables."""
    tables = publication["tables"]
    lines = "\n".join(
        f"{name} {tables[name]['rows']} {tables[name]['fingerprint']}" for name in sorted(tables)
    )
    if digest(lines) != publication["content_fingerprint"]:
        raise BrokenError("the fingerprints of the tables do not give that of the publication")
    expected = {name for name in FIGURES if f"marts.{name}" in tables}
    for kind in (".json", ".csv"):
        if {path.stem for path in (folder / "figures").glob(f"*{kind}")} != expected:
            raise BrokenError(f"figures/ does not have the {kind} file of every table of figures")
    for name in sorted(expected):
        table = load(read(folder / "figures" / f"{name}.json"), f"{name}.json")
        place = f"marts.{name}"
        columns = [column for column, _ in table["columns"]]
        if table["table"] != place or not all(NAME.fullmatch(column) for column in columns):
            raise BrokenError(f"figures/{name}.json is not the table {place}")
        if tables[place] != fingerprint(table):
            raise BrokenError(f"the rows of {place} are not those that the checks passed")
        if any(len(values(row)) != len(columns) for row in table["rows"]):
            raise BrokenError(f"a row of {place} does not have a value for each column")
        check_csv(folder / "figures" / f"{name}.csv", table)
    return len(expected)


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def fingerprint(table: Any) -> "dict[str, Any]":
    """Return the number of rows of a table and the digest of its columns and rows."""
    high = low = 0
    for row in table["rows"]:
        hashed = hashlib.sha256(row.encode("utf-8")).digest()
        high += int.from_bytes(hashed[:8], "big", signed=True)
        low += int.from_bytes(hashed[8:16], "big", signed=True)
    head = [f"{name} {kind}" for name, kind in table["columns"]]
    count = len(table["rows"])
    return {"rows": count, "fingerprint": digest("\n".join([*head, f"{count} {high} {low}"]))}


def check_csv(path: Path, table: Any) -> None:
    """Check that the readable copy of a table has the same values as its rows."""
    lines = list(csv.reader(io.StringIO(read(path).decode("utf-8"), newline="")))
    wanted = [[name for name, _ in table["columns"]]]
    wanted += [["" if value is None else value for value in values(row)] for row in table["rows"]]
    if lines != wanted:
        raise BrokenError(f"{path.name} does not have the values of {table['table']}")


def values(row: str) -> "list[str | None]":
    """Return the values of a row that PostgreSQL wrote as text, such as `(a,"b, c",)`."""
    found = []
    text, quoted, was_quoted, place = "", False, False, 1
    while place < len(row):
        char = row[place]
        if quoted:
            if char == "\\" or (char == '"' and row[place + 1] == '"'):
                place += 1
                text += row[place]
            elif char == '"':
                quoted = False
            else:
                text += char
        elif char == '"':
            quoted = was_quoted = True
        elif char == "," or (char == ")" and place == len(row) - 1):
            found.append(text if text or was_quoted else None)
            text, was_quoted = "", False
        else:
            text += char
        place += 1
    return found


def check_pack(folder: Path, publication: Any) -> None:
    """Check that the pack is that of the publication."""
    page = read(folder / "pack" / "assurance-pack.html").decode("utf-8")
    if publication["content_fingerprint"] not in page:
        raise BrokenError("the pack is not that of the publication")


def check_signature(folder: Path, manifest: bytes, wanted: str) -> str:
    """Check the signature of the manifest, if there is one. Return in words what it proves.

    `wanted` is the SHA-256 of the public key that must have signed. It is empty if a signature is
    not required.
    """
    if not (folder / SIGNATURE).exists():
        if wanted:
            raise BrokenError("nobody has signed the bundle")
        return "nobody has signed the bundle, so it does not prove who made it"
    signature = load(read(folder / SIGNATURE), SIGNATURE)
    key = bytes.fromhex(signature["public_key"])
    name = hashlib.sha256(key).hexdigest()
    message = f"{signature['signed_at']}\n{hashlib.sha256(manifest).hexdigest()}".encode()
    if not is_signed(key, message, bytes.fromhex(signature["signature"])):
        raise BrokenError("the signature does not belong to this bundle")
    if wanted and name != wanted.lower():
        raise BrokenError(f"another key has signed the bundle: {name}")
    return f"the holder of the key {name} signed it, by their clock at {signature['signed_at']}"


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature of a message was made with the private part of a key."""
    if len(signature) != 64 or len(key) != 32:
        return False
    try:
        point, commitment = unpacked(key), unpacked(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    # A public key of small order is refused. For such a key, somebody without a private key can
    # make a signature for any message.
    if scalar >= ORDER or times(8, point) == (0, 1):
        return False
    challenge = hashlib.sha512(signature[:32] + key + message).digest()
    factor = int.from_bytes(challenge, "little") % ORDER
    base = unpacked((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    return times(scalar, base) == plus(commitment, times(factor, point))


def unpacked(packed: bytes) -> "tuple[int, int]":
    """Return the point that 32 bytes stand for."""
    number = int.from_bytes(packed, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    return (P - x if x % 2 != sign else x), y


def plus(one: "tuple[int, int]", two: "tuple[int, int]") -> "tuple[int, int]":
    """Return the sum of two points."""
    (x1, y1), (x2, y2) = one, two
    product = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P) % P,
    )


def times(number: int, point: "tuple[int, int]") -> "tuple[int, int]":
    """Return a point added to itself `number` times."""
    total = (0, 1)
    while number:
        if number & 1:
            total = plus(total, point)
        point, number = plus(point, point), number >> 1
    return total


def main() -> int:
    """Verify the bundle in a folder, and say what holds."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    try:
        print(f"The bundle holds. {verify(folder, sys.argv[2] if len(sys.argv) > 2 else '')}")
    except BrokenError as error:
        print(f"THE BUNDLE DOES NOT HOLD: {error}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
