"""The word lists with which free text is searched for names of persons.

Free text must name roles, never persons. Landing searches it for first names, for titles, and for
capitalised words that are in none of these lists. docs/explanation/screening.md says what is found
and what is missed.

Each list is a text file beside this module. It has words in lower case, separated by spaces or line
breaks. Lines that begin with `#` are comments. A force adds words of its own, such as the names of
places, in the file that `ASSURANCE_ALLOWED_WORDS` names.
"""

import functools
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from oic_assurance.errors import UsageError
from oic_assurance.settings import allowed_words_file

_WORD = re.compile(r"[^\W\d_][\w'’-]*")


@dataclass(frozen=True)
class ScreeningWords:
    """The words that decide whether a text may name a person, in lower case and sorted."""

    #: Words that are no names, although they can begin with a capital letter.
    known: tuple[str, ...]
    #: Words of roles. Only they may follow a rank with a capital letter, as in "DCI Intelligence".
    roles: tuple[str, ...]
    #: First names that are no other English word.
    given: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all words. It changes when the force changes its list."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def screening_words() -> ScreeningWords:
    """Return the words of the project and of the deployment.

    Raises:
        UsageError: The file that `ASSURANCE_ALLOWED_WORDS` names cannot be read.
    """
    return _words(allowed_words_file())


@functools.cache
def _words(own: Path | None) -> ScreeningWords:
    """Read the lists once for each process."""
    allowed = _read_own(own) if own else set()
    roles = _built_in("roles.txt")
    known = roles | _built_in("proper_words.txt") | _built_in("common_words.txt") | allowed
    given = _built_in("given_names.txt") - allowed
    return ScreeningWords(tuple(sorted(known)), tuple(sorted(roles)), tuple(sorted(given)))


def _built_in(name: str) -> set[str]:
    return _listed(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _read_own(file: Path) -> set[str]:
    try:
        return _listed(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"ASSURANCE_ALLOWED_WORDS: {file} cannot be read: {reason}. Name a text file with one "
            "word or phrase a line."
        ) from error


def _listed(text: str) -> set[str]:
    """Return the words of a list in lower case, without the comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = (found.casefold() for line in lines for found in _WORD.findall(line))
    return {part for word in words for part in {word, *word.split("-")} if part}
