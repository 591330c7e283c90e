"""Unpack the parts of an Excel workbook within limits, before a library reads the workbook.

A ZIP file of a few kilobytes can unpack to gigabytes, and the sizes in its directory can be wrong.
So this module unpacks the needed parts, counts their bytes, and writes the parts to a new package.
Only the new package is passed to the library that reads the cells.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.files.xml_events import Start, read_elements

MEGABYTE = 1024 * 1024
#: The largest unpacked size that the directory of a workbook may state. A workbook that states more
#: is treated as a decompression bomb.
UNPACKED_BYTES = 512 * MEGABYTE
#: The largest unpacked size of all parts together that are needed to read the declared sheets.
NEEDED_BYTES = 128 * MEGABYTE
#: The largest number of XML tags in all these parts. A cell has four or more tags, and each tag
#: costs memory and time.
MOST_TAGS = 10_000_000
#: The largest unpacked size of a part that only describes the structure of the workbook.
SMALL_BYTES = 8 * MEGABYTE
CHUNK_BYTES = 256 * 1024
MOST_PARTS = 10_000

BOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
ALWAYS = ("[Content_Types].xml", "_rels/.rels", BOOK, RELATIONS)
TEXTS = "xl/sharedstrings.xml"
OTHER_KINDS = {
    "content.xml": "an OpenDocument spreadsheet",
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
}


class Package:
    """The parts of an .xlsx file. The part of a sheet can be found by the sheet's name.

    Raises:
        DeliveryRefused: The file is not an .xlsx file, is damaged, or exceeds a limit.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            self._archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DeliveryRefused(f"the workbook is damaged: {error}") from error
        self._names = self._checked_names()
        self.counts_from_1904 = False
        self._sheet_ids: dict[str, str] = {}
        self._targets: dict[str, str] = {}
        self._shared_parts: list[str] = []
        read_elements(self._small(BOOK), self._book_element, "the workbook")
        if RELATIONS in self._names:
            read_elements(self._small(RELATIONS), self._relation, "the workbook")

    @property
    def sheet_names(self) -> list[str]:
        """The names of the sheets, in the order of the workbook."""
        return list(self._sheet_ids)

    def unpacked(self, sheets: Iterable[str]) -> IO[bytes]:
        """Return an uncompressed package with only the parts that are needed to read these sheets.

        Raises:
            DeliveryRefused: The parts are damaged or exceed a limit.
        """
        wanted = {name.lower() for name in (*ALWAYS, TEXTS, "xl/styles.xml", *self._shared_parts)}
        wanted |= {self.sheet_part(sheet).lower() for sheet in sheets}
        packed, left, tags = io.BytesIO(), NEEDED_BYTES, 0
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
            for key in sorted(wanted & self._names.keys()):
                with target.open(self._names[key], "w") as part:
                    for chunk in self._chunks(self._names[key]):
                        left -= len(chunk)
                        tags += chunk.count(b"<")
                        if left < 0:
                            limit = _megabytes(NEEDED_BYTES)
                            raise DeliveryRefused(
                                f"its declared sheets unpack to more than {limit}"
                            )
                        if tags > MOST_TAGS:
                            raise DeliveryRefused(
                                f"its declared sheets have more than {MOST_TAGS:,} tags"
                            )
                        part.write(chunk)
        return packed

    def sheet_part(self, sheet: str) -> str:
        """Return the name of the package part that contains a sheet.

        Raises:
            DeliveryRefused: The part is missing.
        """
        name = self._targets.get(self._sheet_ids[sheet])
        if name is None or name.lower() not in self._names:
            raise DeliveryRefused(f"the workbook is damaged: the sheet {sheet} is not in it")
        return self._names[name.lower()]

    def _checked_names(self) -> dict[str, str]:
        parts = self._archive.infolist()
        names = {part.filename.lower(): part.filename for part in parts}
        if BOOK not in names:
            kind = next((kind for name, kind in OTHER_KINDS.items() if name in names), None)
            raise DeliveryRefused(
                f"it is {kind}, not an .xlsx workbook"
                if kind
                else "the workbook is damaged: the archive has no part xl/workbook.xml"
            )
        if len(names) < len(parts) or len(parts) > MOST_PARTS:
            raise DeliveryRefused("the workbook is damaged: it has a part twice, or too many parts")
        if sum(part.file_size for part in parts) > UNPACKED_BYTES:
            raise DeliveryRefused(f"the workbook unpacks to more than {_megabytes(UNPACKED_BYTES)}")
        return names

    def _small(self, key: str) -> Iterator[bytes]:
        left = SMALL_BYTES
        for chunk in self._chunks(self._names[key]):
            left -= len(chunk)
            if left < 0:
                raise DeliveryRefused(
                    f"a part of the workbook unpacks to more than {_megabytes(SMALL_BYTES)}"
                )
            yield chunk

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            with self._archive.open(name) as part:
                while chunk := part.read(CHUNK_BYTES):
                    yield chunk
        except RuntimeError as error:  # zipfile raises it for an encrypted member
            raise DeliveryRefused("the workbook is protected by a password") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise DeliveryRefused(f"the workbook is damaged: {error}") from error

    def _book_element(self, element: Start) -> None:
        if element.name == "workbookPr":
            self.counts_from_1904 = element.get("date1904") in ("1", "true")
        elif element.name == "sheet":
            name, identity = element.get("name") or "", element.get("id") or ""
            if name in self._sheet_ids:
                raise DeliveryRefused(f"the workbook is damaged: two sheets are called {name}")
            self._sheet_ids[name] = identity

    def _relation(self, element: Start) -> None:
        target, kind = element.get("Target"), element.get("Type") or ""
        if element.name != "Relationship" or not target:
            return
        part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
        self._targets[element.get("Id") or ""] = part
        if kind.endswith(("/sharedStrings", "/styles")):
            self._shared_parts.append(part)


def _megabytes(size: int) -> str:
    return f"{size // MEGABYTE} MB"
