"""The pages of the documentation that git does not have: `make docs` makes them for the site.

They are the pages of datasets, expectations, measures and marts. The README of each of their
folders is in git, with comments in the places of the lists, which are filled in too.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents import datasets as dataset_pages
from oic_assurance.reporting.documents import dictionary, expectations, measure_pages
from oic_assurance.reporting.documents.generated import stale_after
from oic_assurance.reporting.documents.marts import NATIONAL_MODELS, marts, views
from oic_assurance.reporting.documents.measures import measures
from oic_assurance.reporting.documents.models import dbt_models
from oic_assurance.sources.declarations.load import datasets, datasets_of

DOCS = Path("docs")
README = "README.md"
#: Matches the place of a list in a README, with what stands there in git.
_PLACE = re.compile(r"<!-- list: (\w+) -->\n.*?<!-- end -->\n", re.DOTALL)


def pages(root: Path) -> dict[str, str]:
    """Return the Markdown of every page, keyed by its path in the folder `docs`.

    `root` is the root folder of the project.

    Raises:
        AssuranceError: If a declaration, a seed or a measure is not valid, or a README has not the
            places for its lists.
    """
    known, national = list(datasets().values()), list(datasets_of("national").values())
    stale = stale_after(root, "force") | stale_after(root, "national")
    measured = measures(root)
    tables = sorted([*marts(root), *views(root)], key=lambda mart: (mart.schema, mart.name))
    national_tables = sorted(marts(root, NATIONAL_MODELS), key=lambda mart: mart.name)
    made = {
        "datasets": {
            dataset_pages.page_file(one): dataset_pages.page(one, stale.get(one.name, ()))
            for one in (*known, *national)
        },
        "expectations": expectations.pages(),
        "measures": measure_pages.pages(measured, dbt_models(root)),
        dictionary.FOLDER: dictionary.pages(tables),
        dictionary.NATIONAL_FOLDER: dictionary.pages(national_tables),
    }
    lists = {
        "datasets": {
            "datasets": dataset_pages.listed(known),
            "national": dataset_pages.listed(national),
        },
        "expectations": {"tables": expectations.listed()},
        "measures": {"measures": measure_pages.listed(measured)},
        dictionary.FOLDER: {
            "tables": dictionary.listed(tables),
            "relationships": dictionary.relationships(tables),
        },
        dictionary.NATIONAL_FOLDER: {"tables": dictionary.listed(national_tables)},
    }
    texts = {
        f"{folder}/{name}": text for folder, inside in made.items() for name, text in inside.items()
    }
    for folder, wanted in lists.items():
        texts[f"{folder}/{README}"] = _filled(root / DOCS / folder / README, wanted)
    return texts


def _filled(readme: Path, lists: Mapping[str, str]) -> str:
    text = readme.read_text(encoding="utf-8")
    if sorted(_PLACE.findall(text)) != sorted(lists):
        raise AssuranceError(f"{readme}: it must have one place for each of: {', '.join(lists)}.")
    return _PLACE.sub(lambda place: lists[place.group(1)], text)
