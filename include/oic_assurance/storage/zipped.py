"""Put files into a ZIP file. The same files always give the same bytes."""

import io
import zipfile
from collections.abc import Mapping

#: The first moment that a ZIP file can hold.
_TIME = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """Return a ZIP file with these files, keyed by their paths in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, content)
    return file.getvalue()
