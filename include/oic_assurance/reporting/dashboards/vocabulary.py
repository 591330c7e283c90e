"""Write SQL that turns the codes in the marts into words for readers."""

from collections.abc import Mapping

from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.seeds import read_seed
from oic_assurance.reporting.points import Lazy
from oic_assurance.settings import PROJECT_ROOT

SENTENCE = "sentence"


def _vocabularies() -> Mapping[str, Mapping[str, str]]:
    # `sentence` has no list: `expression` makes the words from the code itself.
    sets: dict[str, dict[str, str]] = {SENTENCE: {}}
    for row in read_seed(PROJECT_ROOT, "code_label").rows:
        sets.setdefault(row["code_set"], {})[row["code"]] = row["label"]
    sets["exception"] |= read_declared(PROJECT_ROOT).exceptions
    points = read_seed(PROJECT_ROOT, "point_words").rows
    return sets | {"point": {row["point_code"]: row["title"] for row in points}}


#: The words for codes, by the name of the set of codes in the seed `code_label`.
VOCABULARIES = Lazy(_vocabularies)


def expression(column: str, vocabulary: str) -> str:
    """Return an SQL expression that turns the codes of a column into words.

    A code that is not in the vocabulary is returned unchanged. With `sentence`, the words are those
    of the code: `NOT_ASSURED` becomes `Not assured`.

    Raises:
        KeyError: If there is no such vocabulary.
    """
    if vocabulary == SENTENCE:
        return f"upper(substr({column}, 1, 1)) || lower(replace(substr({column}, 2), '_', ' '))"
    cases = " ".join(
        f"when '{code}' then '{word}'" for code, word in VOCABULARIES[vocabulary].items()
    )
    return f"case {column} {cases} else {column} end"
