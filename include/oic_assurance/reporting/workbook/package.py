"""The parts of an XLSX file: reading, adding, linking and writing them.

The parts follow ECMA-376, Part 1, chapter 18 (SpreadsheetML), and Part 2 (packages).
"""

import io
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import quoteattr

from oic_assurance.reporting.templates import one_line, templates
from oic_assurance.storage.zipped import zipped

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK = "xl/workbook.xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass
class Package:
    """The parts of an XLSX file by path, and the content types of those that were added."""

    files: dict[str, bytes]
    types: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, text: str, kind: str) -> None:
        """Add a part with its content type."""
        self.files[path] = (_HEAD + text).encode("utf-8")
        self.types[path] = _TYPES + kind + "+xml"

    def link(self, source: str, kind: str, target: str) -> str:
        """Link a part to another, and return the link's ID."""
        folder, _, name = source.rpartition("/")
        path = f"{folder}/_rels/{name}.rels"
        known = self.files.get(
            path, f'{_HEAD}<Relationships xmlns="{_PACKAGE}"/>'.encode()
        ).decode()
        known = known.replace("/>", "></Relationships>") if "</Rel" not in known else known
        number = f"rId{known.count('<Relationship ') + 1}"
        one = f'<Relationship Id="{number}" Type="{LINKS}/{kind}" Target="{target}"/>'
        self.files[path] = known.replace("</Relationships>", f"{one}</Relationships>").encode()
        return number

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that a part has exactly once.

        Raises:
            ValueError: The part has it never, or more than once.
        """
        text = self.files[path].decode("utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{path} has {old!r} {text.count(old)} times")
        self.files[path] = text.replace(old, new).encode("utf-8")

    def text(self, path: str) -> str:
        """Return the text of a part."""
        return self.files[path].decode("utf-8")


def open_package(book: bytes) -> Package:
    """Return the parts of an XLSX file."""
    with zipfile.ZipFile(io.BytesIO(book)) as given:
        return Package({name: given.read(name) for name in given.namelist()})


def close_package(package: Package) -> bytes:
    """Return the XLSX file of the parts."""
    overrides = "".join(
        f'<Override PartName="/{path}" ContentType="{kind}"/>'
        for path, kind in package.types.items()
    )
    package.edit("[Content_Types].xml", "</Types>", f"{overrides}</Types>")
    return zipped(package.files)


def part(template: str, **content: object) -> str:
    """Return a part that XlsxWriter cannot write, from a template, on one line."""
    return one_line(_fill(template, main=MAIN, links=LINKS, **content))


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat()
    return f"{value.isoformat()}T00:00:00"


def _in_formula(name: str) -> str:
    return name if name.isidentifier() else "'" + name.replace("'", "''") + "'"


_fill = templates(
    Path(__file__).with_name("templates"),
    in_formula=_in_formula,
    letter=lambda column: chr(ord("A") + column),
    moment=_moment,
    quoted=quoteattr,
)
