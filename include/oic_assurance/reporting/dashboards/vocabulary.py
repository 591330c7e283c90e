"""The words that readers see for the codes of the marts, as SQL for any dialect."""

from collections.abc import Mapping

from oic_assurance.reporting.pack import words

SENTENCE = "sentence"

#: Words by vocabulary and code. They are those of the assurance pack.
VOCABULARIES: dict[str, Mapping[str, str] | Mapping[bool, str]] = {
    "points": words.POINT_NAMES,
    "statuses": {code: answer.word for code, answer in words.STATUSES.items()},
    "answers": {code: answer.answer for code, answer in words.STATUSES.items()},
    "views": words.VIEWS,
    "classes": words.CLASSES,
    "links": words.LINKS,
    "exceptions": words.EXCEPTIONS,
    "modules": words.MODULES,
    "causes": {code: words.sentence(cause) for code, cause in words.CAUSES.items()},
    "yes_or_no": {True: "Yes", False: "No"},
    "assured": {True: "Assured", False: "Not assured"},
    # For codes that are words already: `NOT_ASSURED` is shown as `Not assured`.
    SENTENCE: {},
}


def expression(column: str, vocabulary: str) -> str:
    """Return an SQL expression that turns the codes of a column into words.

    A code that the vocabulary lacks stays as it is.

    Raises:
        KeyError: If there is no such vocabulary.
    """
    if vocabulary == SENTENCE:
        return f"upper(substr({column}, 1, 1)) || lower(replace(substr({column}, 2), '_', ' '))"
    cases = " ".join(
        f"when {_literal(code)} then '{word}'" for code, word in VOCABULARIES[vocabulary].items()
    )
    known = VOCABULARIES[vocabulary]
    rest = "" if all(isinstance(code, bool) for code in known) else f" else {column}"
    return f"case {column} {cases}{rest} end"


def _literal(code: str | bool) -> str:
    return str(code).lower() if isinstance(code, bool) else f"'{code}'"
