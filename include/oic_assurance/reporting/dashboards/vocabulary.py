"""Write SQL that turns the codes in the marts into words for readers."""

from collections.abc import Mapping

from oic_assurance.reporting.pack import words

SENTENCE = "sentence"

#: The vocabularies, keyed by name. Each maps codes to words. The assurance pack uses the same
#: words.
VOCABULARIES: dict[str, Mapping[str, str] | Mapping[bool, str]] = {
    "points": words.POINT_NAMES,
    "statuses": {code: answer.word for code, answer in words.STATUSES.items()},
    "answers": {code: answer.answer for code, answer in words.STATUSES.items()},
    "views": words.VIEWS,
    "classes": words.CLASSES,
    "links": words.LINKS,
    "exceptions": {**words.EXCEPTIONS, "NONE": "No open exception"},
    "modules": words.MODULES,
    "causes": {code: words.sentence(cause) for code, cause in words.CAUSES.items()},
    "yes_or_no": {True: "Yes", False: "No"},
    "differ_or_agree": {True: "Differ", False: "Agree"},
    "was_taken_back": {True: "Taken back", False: "–"},
    "assured": {True: "Assured", False: "Not assured"},
    # This vocabulary has no list. `expression` makes the words from the code itself: `NOT_ASSURED`
    # becomes `Not assured`.
    SENTENCE: {},
}


def expression(column: str, vocabulary: str) -> str:
    """Return an SQL expression that turns the codes of a column into words.

    A code that is not in the vocabulary is returned unchanged.

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
