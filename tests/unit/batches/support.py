"""File contents for tests of the archive."""

import hashlib
import io

from oic_assurance.sources.files.dropped import Content


def content(data: bytes, sha256: str | None = None) -> Content:
    """Return the content of a file. Without `sha256`, the content gets the right hash."""
    return Content(io.BytesIO(data), len(data), sha256 or hashlib.sha256(data).hexdigest())
