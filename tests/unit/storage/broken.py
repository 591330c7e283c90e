"""A file system whose server cannot be reached."""

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

#: Its URL. The password in it must not be shown.
URL = "broken://clerk:sw0rdfish@host/archive"


class Broken(MemoryFileSystem):
    """A file system of which every action fails."""

    protocol = "broken"

    def _fail(self, *_: object, **__: object) -> None:
        raise ConnectionError(f"no answer from {URL}")

    open = put_file = find = rm_file = makedirs = mv = _fail


fsspec.register_implementation("broken", Broken, clobber=True)
