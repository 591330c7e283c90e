"""Content for tests of the archive."""

import hashlib
import io

from oic_assurance.sources.files.dropped import Content


def content(data: bytes, sha256: str | None = None) -> Content:
    """Return content with these bytes. The default of `sha256` is the right hash of the bytes."""
    return Content(io.BytesIO(data), len(data), sha256 or hashlib.sha256(data).hexdigest())
