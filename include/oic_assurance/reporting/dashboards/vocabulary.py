"""The words that readers see for the codes of the marts, as SQL that any dialect understands."""

from collections.abc import Mapping

from oic_assurance.reporting.pack import words

SENTENCE = "sentence"

#: Words by vocabulary and code; the assurance pack's, so that both say the same.
VOCABULARIES: dict[str, Mapping[str, str] | Mapping[bool, str]] = {
    "points": words.POINTS,
    "statuses": {code: answer.word for code, answer in words.STATUSES.items()},
    "answers": {code: answer.answer for code, answer in words.STATUSES.items()},
    "voices": words.VOICES,
    "classes": words.CLASSES,
    "links": words.LINKS,
    "exceptions": words.EXCEPTIONS,
    "modules": words.MODULES,
    "causes": {code: words.sentence(cause) for code, cause in words.CAUSES.items()},
    "yes_or_no": {True: "Yes", False: "No"},
    "assured": {True: "Assured", False: "Not assured"},
    # Codes that say what they mean once they are written as words are.
    SENTENCE: {},
}


def expression(column: str, vocabulary: str) -> str:
    """Return the SQL that gives a column's words."""
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
