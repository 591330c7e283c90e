"""The pages of the documentation that git does not have: `make docs` makes them for the site.

They are the pages of datasets, expectations, measures and marts. Pages that list them or count
something are in git, with comments in the places of the lists, which are filled in too. All words
of the pages stand in the folder `templates`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from expectations.catalogue import suites, suites_of, suites_of_kind
from expectations.vocabulary import Severity, Stage, Suite
from oic_assurance.builds.seeds import Row, read_seeds
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents.marts import MODELS, NATIONAL_MARTS, Mart, marts, views
from oic_assurance.reporting.documents.measures import Measure, measures
from oic_assurance.reporting.documents.over_time import over_time
from oic_assurance.reporting.metrics import METRICS
from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.templates import templates
from oic_assurance.settings import Kind
from oic_assurance.sources.declarations.load import datasets, datasets_of
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.declarations.yaml_lines import load_yaml
from oic_assurance.state.apply import problem_kinds

DOCS = Path("docs")
#: The folders of the pages, in `docs`.
DATASETS, EXPECTATIONS, MEASURES = "datasets", "expectations", "measures"
DICTIONARY, NATIONAL_DICTIONARY = "bi/dictionary", "bi/national"
METRICS_PAGE, RULES_PAGE = "reference/metrics.md", "rules-and-tests.md"
DECISIONS = "decisions"
#: Matches the place of a list in a page, with what stands there in git.
_PLACE = re.compile(r"<!-- list: (\w+) -->\n.*?<!-- end -->\n", re.DOTALL)
_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
_STAGES: dict[str, Stage] = {
    "Raw tables": "landing",
    "Marts before publication": "marts",
    "Sealed marts, which show the results of the gate": "sealed",
}
_SCHEMAS = {"candidate": "marts", "candidate_public": "public_release"}
#: The folders of dbt models whose unit tests are the rules, with the headings of their lists.
_RULES = {
    "staging": "Which version of a record counts",
    "intermediate": "How records become figures",
    "restatement": "Why a figure changed",
    "marts": "What readers see",
    "national": "The national view",
}


@dataclass(frozen=True)
class UnitTest:
    """A dbt unit test: its name, the SQL file of its model, what it shows, and what it expects."""

    name: str
    model: Path
    description: str
    expected: str


def pages(root: Path) -> dict[str, str]:
    """Return the Markdown of every page, keyed by its path in the folder `docs`.

    `root` is the root folder of the project.

    Raises:
        AssuranceError: If a declaration, a seed or a measure is not valid, or a page in git has not
            the places for its lists.
    """
    of_force, national = list(datasets().values()), list(datasets_of("national").values())
    known = measures(root)
    tables = sorted([*marts(root), *views(root)], key=lambda mart: (mart.schema, mart.name))
    national_tables = sorted(marts(root, NATIONAL_MARTS), key=lambda mart: mart.name)
    stages = {heading: list(suites_of(stage)) for heading, stage in _STAGES.items()}
    others = {suite.name for suite in suites()}
    stages["The national warehouse"] = [
        suite for suite in suites_of_kind("national") if suite.name not in others
    ]
    by_point = {
        point.name: [one for one in known if one.entry["point"] == code]
        for code, point in POINTS.items()
    }
    rules = {heading: unit_tests(root, layer) for layer, heading in _RULES.items()}
    lists: dict[str, dict[str, str]] = {
        f"{DATASETS}/README.md": {
            "datasets": _fill("datasets.md.j2", datasets=of_force),
            "national": _fill("datasets.md.j2", datasets=national),
        },
        f"{EXPECTATIONS}/README.md": {"tables": _fill("expectations.md.j2", stages=stages)},
        f"{MEASURES}/README.md": {"measures": _fill("measures.md.j2", points=by_point)},
        f"{DICTIONARY}/README.md": {
            "tables": _fill("marts.md.j2", marts=tables),
            "relationships": _fill("relationships.md.j2", marts=tables),
        },
        f"{NATIONAL_DICTIONARY}/README.md": {"tables": _fill("marts.md.j2", marts=national_tables)},
        f"{DECISIONS}/README.md": {"decisions": _decisions(root / DOCS / DECISIONS)},
        RULES_PAGE: {"rules": _fill("rules.md.j2", rules=rules)},
        METRICS_PAGE: {
            "metrics": _fill("metrics.md.j2", metrics=METRICS),
            "kinds": ", ".join(f"`{code}`" for code in problem_kinds()) + ".\n",
        },
    }
    return {
        **dataset_pages(root, "force"),
        **dataset_pages(root, "national"),
        **{
            f"{EXPECTATIONS}/{_place(suite)}.md": suite_page(suite)
            for described in stages.values()
            for suite in described
        },
        **measure_pages(known, [test for tests in rules.values() for test in tests]),
        **{f"{DICTIONARY}/{mart.place}.md": mart_page(mart) for mart in tables},
        **{f"{NATIONAL_DICTIONARY}/{mart.place}.md": mart_page(mart) for mart in national_tables},
        **{place: _filled(root / DOCS / place, wanted) for place, wanted in lists.items()},
    }


def dataset_pages(root: Path, kind: Kind) -> dict[str, str]:
    """Return the page of each dataset of a kind of warehouse, on which its owner can check it."""
    stale = stale_after(root, kind)
    return {
        f"{DATASETS}/{page_file(one)}": dataset_page(one, stale.get(one.name, ()))
        for one in datasets_of(kind).values()
    }


def dataset_page(dataset: Dataset, stale: Iterable[Row]) -> str:
    """Return the page of a dataset.

    `stale` has the rows of the policy that say after how many days the dataset is stale.
    """
    what = "extraction" if dataset.kind == "database" else "delivery"

    def say(row: Row) -> str:
        days = row["stale_after_days"]
        return f"if the last {what} is older than {days} day{'s' if days > 1 else ''}"

    said = over_time(stale, say, otherwise="not set by the policy")
    return _fill("dataset.md.j2", dataset=dataset, stale=said)


def page_file(dataset: Dataset) -> str:
    """Return the file name of a dataset's page."""
    return f"{dataset.name.replace('/', '_')}.md"


def stale_after(root: Path, kind: Kind) -> dict[str, list[Row]]:
    """Return the rows that say after how many days each dataset is stale."""
    rows: dict[str, list[Row]] = {}
    for row in read_seeds(root, kind)["policy_staleness"].rows:
        rows.setdefault(row["dataset"], []).append(row)
    return rows


def suite_page(suite: Suite) -> str:
    """Return the page of the expectations of a table: what each protects, and its severity."""
    ordered = sorted(
        suite.expectations, key=lambda one: (_SEVERITIES.index(one.severity), one.name)
    )
    return _fill("expectation.md.j2", suite=suite, expectations=ordered)


def mart_page(mart: Mart) -> str:
    """Return the page of a mart: its key, its columns and the tables to which it refers."""
    return _fill("mart.md.j2", mart=mart)


def unit_tests(root: Path, layer: str) -> list[UnitTest]:
    """Return the unit tests of the dbt models in a folder, which show the rules on a few rows."""
    models = {path.stem: path.relative_to(root) for path in (root / MODELS).rglob("*.sql")}
    return [
        UnitTest(
            test["name"],
            models[test["model"]],
            test["description"],
            # In the text of a value, a line break would be part of a word.
            str(test["expect"]).replace("\\n", " "),
        )
        for path in sorted((root / MODELS / layer).rglob("*.yml"))
        for test in load_yaml(path.read_text(encoding="utf-8")).get("unit_tests", ())
    ]


def measure_pages(known: Sequence[Measure], tests: Sequence[UnitTest]) -> dict[str, str]:
    """Return the page of each measure, which says what follows from the rules alone.

    It has those of `tests` that expect a row of the measure.
    """
    titles = {measure.code: measure.title for measure in known}
    return {
        f"{MEASURES}/{measure.code}.md": _fill(
            "measure.md.j2",
            measure=measure,
            titles=titles,
            point=POINTS[measure.entry["point"]].name,
            over_time=over_time,
            tests=[one for one in tests if re.search(rf"\b{measure.code}\b", one.expected)],
        )
        for measure in known
    }


def _decisions(folder: Path) -> str:
    titles = {
        page.name: page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        for page in sorted(folder.glob("[0-9]*.md"))
    }
    return "".join(f"- [{title}]({name})\n" for name, title in titles.items())


def _filled(page: Path, lists: Mapping[str, str]) -> str:
    text = page.read_text(encoding="utf-8")
    if sorted(_PLACE.findall(text)) != sorted(lists):
        raise AssuranceError(f"{page}: it must have one place for each of: {', '.join(lists)}.")
    return _PLACE.sub(lambda place: lists[place.group(1)], text)


def _place(suite: Suite) -> str:
    """Return the schema and name under which readers see the table of a suite."""
    return f"{_SCHEMAS.get(suite.schema, suite.schema)}.{suite.table}"


def _severities(suite: Suite) -> list[int]:
    found = [one.severity for one in suite.expectations]
    return [found.count(severity) for severity in _SEVERITIES]


def _role(measure: Measure, first: str, second: str) -> str:
    """Return whether a measure is the first or the second of its point, over time."""
    words = {"measure_code": first, "second_measure_code": second}

    def say(row: Row) -> str:
        return "".join(said for name, said in words.items() if row[name] == measure.code)

    return over_time(measure.points, say, otherwise="")


_fill = templates(
    Path(__file__).with_name("templates"),
    file=page_file, place=_place, role=_role, severities=_severities,
)  # fmt: skip
