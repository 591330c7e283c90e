"""Names of columns that no dataset may extract, and the rules for protective markings.

The rules apply to every declaration, including those that a deployment adds. A column's name does
not prove what the column contains. But narratives and names of people are usually in columns with
the names that are listed here. So the rules find a mistake when a declaration is copied from
another one and its columns are not reviewed.
"""

import re
from collections.abc import Iterable, Iterator

from oic_assurance.sources.declarations.model import DatabasePlace, Dataset, FilePlace
from oic_assurance.sources.declarations.yaml_lines import Path

Problem = tuple[Path, str]

#: The systems whose records are law enforcement records under part 3 of the DPA 2018.
LAW_ENFORCEMENT_SYSTEMS = ("rms", "intelligence")
#: The markings up to OFFICIAL-SENSITIVE, and their names in the scheme before 2014. A declaration
#: may admit no other.
HIGHEST = ("OFFICIAL", "OFFICIAL-SENSITIVE", "NOT PROTECTIVELY MARKED", "PROTECT", "RESTRICTED")

# Words inside a column's name, between underscores.
_WORDS = (
    "narrative|synopsis|free_text|source_identity|source_identities|informants?|chis"
    "|surnames?|forenames?|firstname|lastname|fullname|nickname|alias|aliases|maiden"
    "|dob|birth|birthday|address|addresses|postcode|post_code|e_?mail|e_?mails|phone|phones"
    "|telephone|mobile|passport|nino|national_insurance|nhs_number"
)
# Words for things whose names are not names of people. A column may be called `unit_name`, because
# `unit` is in this list. It may not be called `victim_name`, because `victim` is not in it.
_THINGS = (
    "unit|team|station|district|directorate|force|agency|system|course|module|session|policy|plan"
    "|role|rank|grade|type|kind|category|code|file|table|product|venue|site|operation|measure"
)
_PROTECTED = re.compile(rf"(^|_)({_WORDS})(_|$)|^names?$")
_NAME = re.compile(r"(?P<of>[a-z0-9]+)_names?$")
_NAME_OF_THING = re.compile(_THINGS)
_MARKING = re.compile(r"(^|_)(marking|gpms|gsc|security_class(ification)?)(_|$)")


def is_protected(name: str) -> bool:
    """Tell whether a column with this name usually contains a narrative or identifies a person.

    `name` is in small letters, with underscores between its words.
    """
    found = _NAME.search(name)
    is_name = found is not None and not _NAME_OF_THING.fullmatch(found["of"])
    return is_name or _PROTECTED.search(name) is not None


def is_marking(name: str) -> bool:
    """Tell whether a column with this name usually contains a protective marking.

    The name can be in any case, with blanks or underscores between its words.
    """
    return _MARKING.search("_".join(re.findall("[a-z0-9]+", name.casefold()))) is not None


def undeclared_markings(found: Iterable[str], declared: Iterable[str]) -> list[str]:
    """Return the columns of a source that look like a marking and are not declared."""
    known = set(declared)
    return [name for name in found if name not in known and is_marking(name)]


def privacy_problems(dataset: Dataset) -> Iterator[Problem]:
    """Yield a problem for each column that may not be extracted, and for each wrong protection.

    The protections are the ceiling of protective markings, and the classification of the dataset.
    Each can be missing or too weak.
    """
    place = dataset.place
    marked = False
    for number, table in enumerate(dataset.tables):
        for name in table.names:
            path: Path = ("tables", number, "columns", name)
            if is_protected(name):
                yield path, f"{name} may identify a person or hold a narrative: do not extract it"
            if is_marking(name):
                marked = True
                yield from _without_ceiling(place, name, path)
    if isinstance(place, DatabasePlace):
        yield from _ceiling_problems(place)
        marked = marked or place.marking is not None
    systems = {dataset.name.partition("/")[0]}
    if isinstance(place, DatabasePlace):
        systems.add(place.system)
    is_of_police = marked or not systems.isdisjoint(LAW_ENFORCEMENT_SYSTEMS)
    if is_of_police and dataset.classification != "law_enforcement":
        why = "it has protective markings" if marked else "its system is one of law enforcement"
        yield ("classification",), f"{why}: the classification must be law_enforcement"


def _without_ceiling(place: DatabasePlace | FilePlace, name: str, path: Path) -> Iterator[Problem]:
    if isinstance(place, FilePlace):
        yield (
            path,
            f"{name} is a marking, and a file is archived whole: have the rows with a high marking"
            " and this column removed before the delivery",
        )
    elif place.marking is None or place.marking.column != name:
        yield path, f"{name} is a marking, so the place needs a ceiling: declare it as `door`"


def _ceiling_problems(place: DatabasePlace) -> Iterator[Problem]:
    for name in place.never_extracted:
        if is_marking(name):
            yield (
                ("place", "never_extracted"),
                f"{name} is a marking: extract it, and declare the ceiling as `door`",
            )
    if place.marking is None:
        return
    for marking in place.marking.admits:
        if marking.strip().upper() not in HIGHEST:
            yield (
                ("place", "door"),
                f"{marking} is above the highest marking that the warehouse may hold, which is"
                " OFFICIAL-SENSITIVE",
            )
