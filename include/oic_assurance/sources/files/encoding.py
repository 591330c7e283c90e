"""Detect the encoding of a delimited file. If the encoding is not certain, the file is refused."""

import codecs
from dataclasses import dataclass
from typing import IO

from oic_assurance.errors import DeliveryRefused

CHUNK_BYTES = 1024 * 1024
OTHER_FORMATS = {
    b"PK\x03\x04": "a workbook or an archive",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office document",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a compressed file",
    b"{\\rtf": "a rich text document",
}
MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml")


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file."""

    name: str
    #: How the decoder handles invalid bytes. "replace" is used if the file ends inside a character.
    errors: str = "strict"

    def decoder(self) -> codecs.IncrementalDecoder:
        """Return a decoder that decodes the file chunk by chunk."""
        return codecs.getincrementaldecoder(self.name)(self.errors)


def detect_encoding(stream: IO[bytes]) -> Encoding:
    """Return the encoding of a file.

    The first rule that applies decides:

    1. A byte-order mark says what the encoding is.
    2. If most bytes at every second place are zero, the encoding is UTF-16.
    3. If all bytes are valid UTF-8, the encoding is UTF-8.
    4. If all bytes are valid Windows-1252, the encoding is Windows-1252.

    A file in UTF-8 or UTF-16 that is cut off inside its last character is accepted. The replacement
    character stands for the incomplete character.

    Raises:
        DeliveryRefused: The file is in another format, or its encoding is not certain.
    """
    stream.seek(0)
    head = stream.read(4096)
    _refuse_other_formats(head)
    wide = _utf_16(head)
    if wide is not None:
        if _is_valid(stream, wide) is None:
            raise DeliveryRefused("it starts as UTF-16, but later bytes are not valid UTF-16")
        return Encoding(wide, "replace")
    if head.count(0) > len(head) / 100:
        raise DeliveryRefused("it has zero bytes but is not UTF-16: save it as UTF-8")
    name = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    valid = _is_valid(stream, name)
    if valid is not None:
        return Encoding(name, "strict" if valid else "replace")
    if name == "utf-8-sig":
        raise DeliveryRefused(
            "it has a UTF-8 byte-order mark but is not valid UTF-8: save it as UTF-8"
        )
    if not _is_valid(stream, "cp1252"):
        raise DeliveryRefused("it is not valid UTF-8, UTF-16 or Windows-1252: save it as UTF-8")
    if _holds_utf_8(stream):
        raise DeliveryRefused("it mixes UTF-8 with another encoding: save it as UTF-8")
    return Encoding("cp1252")


def _refuse_other_formats(head: bytes) -> None:
    for start, what in OTHER_FORMATS.items():
        if head.startswith(start):
            raise DeliveryRefused(f"it is {what}, not delimited text")
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(MARKUP):
        raise DeliveryRefused("it is a web page or XML, not delimited text")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise DeliveryRefused("it is UTF-32, which is not supported: save it as UTF-8")


def _utf_16(head: bytes) -> str | None:
    """Return the name of the UTF-16 encoding of a file, or None if the file is not UTF-16.

    A file with a byte-order mark of UTF-16 is UTF-16. A file without this mark counts as UTF-16 if
    most bytes at every second place are zero.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2], head[1::2]
    for high, low, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(head) > 3 and high.count(0) > 0.75 * len(high) > 15 * low.count(0):
            return name
    return None


def _is_valid(stream: IO[bytes], encoding: str) -> bool | None:
    """Tell whether all bytes are valid in an encoding.

    Return True if they are, False if only the last character is cut off, and None otherwise.
    """
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(CHUNK_BYTES):
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return None
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _holds_utf_8(stream: IO[bytes]) -> bool:
    """Tell whether a file that is not valid UTF-8 contains valid UTF-8 characters beyond ASCII.

    Such a file is damaged, or was joined from two files. If it were read as Windows-1252, each of
    these characters would become several wrong characters.
    """
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    while chunk := stream.read(CHUNK_BYTES):
        if not decoder.decode(chunk).isascii():
            return True
    return False
