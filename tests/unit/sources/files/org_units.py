"""Make and read files of organisational units, for the tests of delimited text."""

import hashlib
import io

from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.tabular import read_tables

HEADER = "org_unit_code,org_unit_name,parent_org_unit_code,kind\n"
MEGABYTE = 1024 * 1024


def content(data: str | bytes) -> Content:
    """Return the file content for a string or bytes."""
    data = data.encode() if isinstance(data, str) else data
    return Content(io.BytesIO(data), len(data), hashlib.sha256(data).hexdigest())


def rows(data: str | bytes) -> list[list[str | int | None]]:
    """Return all rows of a file."""
    [reading] = read_tables(content(data), dataset("hr/org_unit"))
    return list(reading.rows)


def count(data: bytes) -> tuple[int, int]:
    """Return the number of rows in a file, and the number of broken rows among them."""
    [reading] = read_tables(content(data), dataset("hr/org_unit"))
    total = broken = 0
    for row in reading.rows:
        total += 1
        broken += row[1] is not None
    return total, broken


def repeated(line: bytes, size: int) -> bytes:
    """Return a file of about `size` bytes: the header, and then the same line again and again."""
    return HEADER.encode() + line * (size // len(line))
