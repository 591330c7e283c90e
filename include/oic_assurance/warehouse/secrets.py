"""Read passwords and keys (secrets) from the environment or from files in the state folder.

A secret that is in neither place is generated once and stored in the state folder. A secret that
somebody could guess is refused, and so is a file that another account can read or change.
"""

import math
import os
import re
import secrets
import stat
from pathlib import Path

from oic_assurance.commands import ENTERED
from oic_assurance.errors import ServerError, UsageError
from oic_assurance.settings import MAY_GENERATE, Settings, may_make_secrets
from oic_assurance.warehouse.folders import private_folder

#: The minimum length of a secret in characters, and its minimum estimated strength in bits. Anybody
#: who has the data can try any number of keys: 112 bits is the least that NIST SP 800-131A accepts
#: for a key. Passwords can be tried only at the server.
KEY_CHARACTERS, KEY_BITS = 32, 112.0
PASSWORD_CHARACTERS, PASSWORD_BITS = 16, 64.0
HOW_TO_MAKE = 'python -c "import secrets; print(secrets.token_hex(32))"'
_CLASSES = (("[a-z]", 26), ("[A-Z]", 26), ("[0-9]", 10))
# Five or more letters in a row count as words of up to ten letters each. Words are easier to guess
# than random letters.
_WORDS = re.compile("[A-Za-z][a-z]{4,}|[A-Z]{5,}")
_WORD_BITS, _WORD_LETTERS, _OTHER_BITS = 13.0, 10, 2.0


def variable_name(name: str) -> str:
    """Return the name of the environment variable that overrides the stored secret `name`.

    If the deployment has several forces, each has variables of its own, with its code in the name.
    """
    force = os.environ.get(ENTERED, "")
    return f"ASSURANCE_{force + '_' if force else ''}{name.upper()}"


def secret(settings: Settings, name: str) -> str:
    """Return the secret called `name`. If it does not exist yet, generate and store it first.

    Raises:
        UsageError: The secret is too short or too easy to guess; or it does not exist, and this
            host may not generate any.
        ServerError: The secret cannot be read or stored, is empty, or is readable by others.
    """
    known = find_secret(settings, name)
    if known is not None:
        return known
    if not may_make_secrets():
        raise UsageError(
            f"{variable_name(name)} is not set, and {MAY_GENERATE}=no: this host makes no secrets. "
            "Give it the value of the first host (docs/how-to/run-it.md#many-hosts)."
        )
    return keep(settings, name, new_value())


def find_secret(settings: Settings, name: str) -> str | None:
    """Return the secret called `name`, or None if it does not exist.

    Raises:
        UsageError: The secret is too short or too easy to guess.
        ServerError: The secret cannot be read, is empty, or is readable by others.
    """
    given = os.environ.get(variable_name(name), "")
    if given:
        check_strength(variable_name(name), given)
        return given
    path = settings.secrets_dir / name
    try:
        stored = path.read_text(encoding="utf-8").strip()
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(f"The secret {path} cannot be read: {_reason(error)}.") from error
    if not stored:
        raise ServerError(f"The secret {path} is empty: restore it from a back-up.")
    _check_private(path, found)
    check_strength(str(path), stored)
    return stored


def check_strength(name: str, value: str) -> None:
    """Check that a secret is hard to guess.

    If its name ends with `password`, the limits for passwords apply, otherwise those for keys.

    Raises:
        UsageError: The secret is too short or too easy to guess. The message does not quote it.
    """
    is_password = name.lower().endswith("password")
    characters = PASSWORD_CHARACTERS if is_password else KEY_CHARACTERS
    bits = PASSWORD_BITS if is_password else KEY_BITS
    if len(value) < characters:
        problem = f"has {len(value)} characters, and at least {characters} are needed"
    elif estimated_bits(value) < bits:
        problem = "is too easy to guess: it repeats itself, or consists of words or sequences"
    else:
        return
    raise UsageError(f"{name} {problem}. Make one with: {HOW_TO_MAKE}")


def estimated_bits(value: str) -> float:
    """Return an estimate of a secret's strength in bits. The estimate is on the low side.

    - The more kinds of characters the secret contains (small letters, capitals, digits), the more
      bits each letter or digit counts.
    - A character counts only one bit if it repeats the previous one or continues a sequence.
    - Letters that may form words count as words, which have fewer bits.
    - If the secret repeats parts of itself, the estimate is reduced in proportion.
    """
    rest = _WORDS.sub("\n", value)
    bits = _bits_of(rest)
    for word in _WORDS.findall(value):
        bits += min(math.ceil(len(word) / _WORD_LETTERS) * _WORD_BITS, _bits_of(word))
    parts = [value[place : place + 3] for place in range(len(value) - 2)]
    return bits * len(set(parts)) / len(parts) if parts else bits


def _bits_of(text: str) -> float:
    """Return the estimated strength of a string in bits, without looking for words in it."""
    alphabet = sum(size for pattern, size in _CLASSES if re.search(pattern, text))
    bits, before = 0.0, ""
    for character in text:
        if before and abs(ord(character) - ord(before)) <= 1:
            bits += 1.0
        else:
            bits += math.log2(alphabet) if character.isalnum() and alphabet else _OTHER_BITS
        before = character
    return bits


def _check_private(path: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise ServerError(
            f"The secret {path} can be read by other accounts (mode {mode:04o}): run "
            f"`chmod 600 {path}`, and make a new secret if somebody may have read it."
        )
    if found.st_uid != os.geteuid():
        raise ServerError(
            f"The secret {path} belongs to another account: the account that runs the warehouse "
            "must own it."
        )


def new_value() -> str:
    """Return a new random value of a secret.

    The estimated strength of 64 random hexadecimal digits is far above `KEY_BITS`, even if some of
    their letters count as words. So no generated secret is refused later.
    """
    return secrets.token_hex(32)


def keep(settings: Settings, name: str, value: str) -> str:
    """Store a secret that is not stored yet, and return what is stored.

    Raises:
        ServerError: The secret cannot be stored.
    """
    folder = settings.secrets_dir
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        private_folder(settings, folder).chmod(0o700)
        _write_private(draft, value)
        try:
            # Two processes can generate a secret of the same name at the same time. Making a hard
            # link fails if the file exists. So the second process notices that, and uses the value
            # of the first. A rename would replace the value of the first.
            os.link(draft, folder / name)
        except FileExistsError:
            value = (folder / name).read_text(encoding="utf-8").strip()
        finally:
            draft.unlink()
    except OSError as error:
        raise ServerError(f"No secret can be stored in {folder}: {_reason(error)}.") from error
    return value


def _write_private(path: Path, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
