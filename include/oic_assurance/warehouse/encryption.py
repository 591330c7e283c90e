"""Encrypt and decrypt streams with age, using keys that are kept outside the state folder.

age (https://age-encryption.org/v1) encrypts to a public key, the *recipient* (`age1…`). Only the
private key, the *identity* (`AGE-SECRET-KEY-1…`), can decrypt. Each block of 64 KiB is
authenticated, and so is the end of the stream: if a stream was changed, shortened or lengthened,
decrypting it fails.

The library reads the content to encrypt from a file, and writes decrypted content to a file. The
archive needs the opposite: it writes the content to encrypt, and reads decrypted content. So each
stream has a pipe, and a thread that runs the library at the other end of the pipe. Nothing is
written to a temporary file, and no stream is kept in memory as a whole.
"""

import fcntl
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyrage
from pyrage.x25519 import Identity, Recipient

from oic_assurance.errors import AssuranceError, UsageError

#: The first bytes of every encrypted stream.
MAGIC = b"age-encryption.org/v1\n"
IDENTITY_PREFIX, RECIPIENT_PREFIX = "AGE-SECRET-KEY-1", "age1"
_PIPE_BYTES = 1024 * 1024
_NO_KEY = "no matching keys found"
_OTHERS = stat.S_IROTH | stat.S_IWOTH | stat.S_IXOTH


class DecryptionError(AssuranceError):
    """An encrypted stream is damaged."""


class NoFittingKey(UsageError):  # noqa: N818 - named for what is missing
    """None of the given keys decrypts a stream. The stream may still be undamaged."""


@dataclass(frozen=True)
class Key:
    """The private keys for one purpose.

    New streams are encrypted with the public key of the first private key. Earlier streams may have
    been encrypted with the public key of any of them.
    """

    identities: tuple[Identity, ...]

    @property
    def recipient(self) -> Recipient:
        """The public key to which new streams are encrypted."""
        return self.identities[0].to_public()


def new_identity() -> Identity:
    """Return a new private key."""
    return Identity.generate()


def find_key(variable: str, home: Path | None = None) -> Key | None:
    """Return the key that an environment variable names, or None if the variable is not set.

    The value is an identity, or the path of a file with one identity per line. Lines that begin
    with `#` are comments, so a file written by `age-keygen` can be used as it is.

    Raises:
        UsageError: The value is not an identity, or the file is missing, readable by every user, or
            in the state folder `home`. A key stored beside what it encrypts would protect nothing.
    """
    given = os.environ.get(variable, "").strip()
    if not given:
        return None
    if given.startswith(IDENTITY_PREFIX):
        return Key(_identities(variable, given))
    path = Path(given).expanduser().resolve()
    if home is not None and path.is_relative_to(home.resolve()):
        raise UsageError(
            f"{variable}: {path} is in the state folder, where it would be stolen with what it "
            "protects: move the key to a place outside."
        )
    return Key(read_identities(path, variable))


def read_identities(path: Path, named_by: str) -> tuple[Identity, ...]:
    """Return the identities in a file. `named_by` is the setting to name in an error message.

    Raises:
        UsageError: The file cannot be read, is readable by every user, or contains no identity.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise UsageError(f"{named_by}: {path} is open to every user: run `chmod o= {path}`.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"{named_by}: {path} cannot be read: {why}.") from error
    return _identities(named_by, text)


def read_recipients(named_by: str, text: str) -> list[Recipient]:
    """Return the recipients (`age1…`) in a string, separated by commas, spaces or line breaks.

    Raises:
        UsageError: A part of the string is not a recipient.
    """
    found = []
    for part in text.replace(",", " ").split():
        try:
            found.append(Recipient.from_str(part))
        except pyrage.RecipientError as error:
            # A private key that was pasted here by mistake must not be shown.
            shown = "a private key" if part.startswith(IDENTITY_PREFIX) else f"'{part}'"
            raise UsageError(
                f"{named_by}: {shown} is not a public key of age ({RECIPIENT_PREFIX}…)."
            ) from error
    return found


def _identities(named_by: str, text: str) -> tuple[Identity, ...]:
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = tuple(
            Identity.from_str(line) for line in lines if line and not line.startswith("#")
        )
    except pyrage.IdentityError as error:
        # The message does not quote the line, which may be a key with a typing error.
        raise UsageError(
            f"{named_by}: a line is not a private key of age ({IDENTITY_PREFIX}…): "
            "`assurance backup new-key --to FILE` makes one."
        ) from error
    if not found:
        raise UsageError(f"{named_by}: there is no private key of age ({IDENTITY_PREFIX}…).")
    return found


class Encrypter:
    """Encrypts what is written to it, and writes the result to a file that stays open."""

    def __init__(self, target: BinaryIO, recipients: Sequence[Recipient]) -> None:
        read_end, write_end = _pipe()
        self._source = os.fdopen(read_end, "rb")
        self._sink = os.fdopen(write_end, "wb")
        self._target = _Target(target)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(list(recipients),), daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Encrypt some of the content.

        Raises:
            OSError: The file cannot be written, for example because the disk is full.
        """
        try:
            return self._sink.write(data)
        except BrokenPipeError:
            self._end()
            raise

    def finish(self) -> None:
        """Encrypt the rest of the content, and write it to the file.

        Raises:
            OSError: The file cannot be written.
        """
        with suppress(BrokenPipeError):
            self._sink.close()
        self._end()

    def discard(self) -> None:
        """End the thread without reporting an error. The file may be incomplete."""
        with suppress(OSError):
            self._sink.close()
        self._thread.join()

    def _run(self, recipients: list[Recipient]) -> None:
        try:
            pyrage.encrypt_io(self._source, cast(BinaryIO, self._target), recipients)
        except BaseException as error:
            self._error = error
        finally:
            # If the target failed, the next write to the pipe fails too.
            self._source.close()

    def _end(self) -> None:
        self._thread.join()
        if self._target.error is not None:
            raise self._target.error
        if self._error is not None:
            raise self._error


class _Target:
    """The file to which the library writes.

    Keeps the error of a failed write, because the library raises a different error instead.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Do nothing. The owner of the file flushes it."""


@contextmanager
def decrypted(source: BinaryIO, identities: Sequence[Identity]) -> Iterator[BinaryIO]:
    """Yield the decrypted content of a stream. The reader may stop before the end.

    Raises:
        NoFittingKey: None of the identities decrypts the stream.
        DecryptionError: The stream is damaged, shortened or lengthened.

    Both errors are raised when the block ends. They replace an error that the incomplete content
    has caused inside the block.
    """
    read_end, write_end = _pipe()
    content, sink = os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb")
    target = _Target(sink)
    failures: list[Exception] = []

    def run() -> None:
        try:
            pyrage.decrypt_io(source, cast(BinaryIO, target), list(identities))
        except Exception as error:
            failures.append(error)
        finally:
            with suppress(OSError):
                sink.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield content
    finally:
        content.close()
        thread.join()
        # If the reader stops early, the write to the pipe fails. The stream is not damaged then, so
        # no error is raised.
        if failures and target.error is None:
            why = str(failures[0]).lower()
            kind = NoFittingKey if _NO_KEY in why else DecryptionError
            raise kind(why) from failures[0]


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    # With a larger pipe, the threads switch less often. Only Linux can enlarge it.
    with suppress(AttributeError, OSError):
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return ends
