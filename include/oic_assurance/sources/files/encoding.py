"""How the bytes of a delimited file are read as text: told, never guessed."""

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
    b"{\\rtf": "a word processor's document",
}
MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml")


@dataclass(frozen=True)
class Encoding:
    """How a file's bytes are read as text."""

    name: str
    errors: str = "strict"

    def decoder(self) -> codecs.IncrementalDecoder:
        """Give a decoder that takes the file piece by piece."""
        return codecs.getincrementaldecoder(self.name)(self.errors)


def detect_encoding(stream: IO[bytes]) -> Encoding:
    """Tell a file's encoding, without guessing: a mark, a certain pattern, or what it is valid in.

    A file cut off inside its last character is still read; that character becomes a sign for it.
    """
    stream.seek(0)
    head = stream.read(4096)
    _refuse_other_formats(head)
    wide = _utf_16(head)
    if wide is not None:
        if _is_valid(stream, wide) is None:
            raise DeliveryRefused("it starts as UTF-16 but does not stay readable as that")
        return Encoding(wide, "replace")
    if head.count(0) > len(head) / 100:
        raise DeliveryRefused("it holds zero bytes and nothing that tells how it is encoded")
    name = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    valid = _is_valid(stream, name)
    if valid is not None:
        return Encoding(name, "strict" if valid else "replace")
    if name == "utf-8-sig":
        raise DeliveryRefused("it has the mark of UTF-8 but does not stay readable as that")
    if not _is_valid(stream, "cp1252"):
        raise DeliveryRefused("it is readable neither as UTF-8 nor as UTF-16 or Windows-1252")
    if _holds_utf_8(stream):
        raise DeliveryRefused("it is UTF-8 in one place and not in another")
    return Encoding("cp1252")


def _refuse_other_formats(head: bytes) -> None:
    for start, what in OTHER_FORMATS.items():
        if head.startswith(start):
            raise DeliveryRefused(f"it is {what}, not delimited text")
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(MARKUP):
        raise DeliveryRefused("it is a web page or XML, not delimited text")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise DeliveryRefused("it is UTF-32, which is not supported")


def _utf_16(head: bytes) -> str | None:
    """Name the UTF-16 that a file starts in, by its mark or because every other byte is a zero."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2], head[1::2]
    for silent, speaking, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(head) > 3 and silent.count(0) > 0.75 * len(silent) > 15 * speaking.count(0):
            return name
    return None


def _is_valid(stream: IO[bytes], encoding: str) -> bool | None:
    """Tell whether all bytes are valid: True, False when the last character is cut, or None."""
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
    """Tell whether a file that is no UTF-8 holds letters of it all the same.

    To read those as Windows-1252 would make two letters of one, in a file that was put together
    of two or damaged.
    """
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    while chunk := stream.read(CHUNK_BYTES):
        if not decoder.decode(chunk).isascii():
            return True
    return False
