"""The pages that list every expectation: what it protects, how bad it is, and who puts it right."""

from collections import Counter
from collections.abc import Iterable

from expectations.catalogue import suites, suites_of
from expectations.vocabulary import Expectation, Severity, Stage, Suite

_STAGES: dict[Stage, str] = {
    "landing": "What was landed",
    "marts": "The marts, before they are published",
    "sealed": "The marts that quote the gate",
}
#: As readers know them: what is checked is still a candidate.
_SCHEMAS = {"candidate": "marts", "candidate_public": "public_release"}
_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")

_INDEX = """\
# Expectations

What is checked before anything is published: {count} expectations about {suites} tables, and beside
them dbt's own tests (in the dbt docs). How to add one:
[add-an-expectation.md](../how-to/add-an-expectation.md). What came of each in a run: the Data
Docs, and
`data_quality_status` in the marts.

- **critical**: nothing is published, the last publication stands.
- **warning**: it is published with a caveat that readers see.
- **info**: it is kept.

Rows that fail an expectation are kept by their key, never by their values.
"""

_STAGE = """
## {title}

| table | what it is | critical | warning | info |
|---|---|---:|---:|---:|
"""

_PAGE = """\
# {name}

{words}

| what must hold | protects | severity | who puts it right | name |
|---|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """Return the pages by their file names: an index, and one for each table."""
    return {"README.md": _index()} | {_file(suite): _page(suite) for suite in suites()}


def _index() -> str:
    text = _INDEX.format(count=len(_expectations(suites())), suites=len(suites()))
    for stage, title in _STAGES.items():
        text += _STAGE.format(title=title) + "".join(
            _line(
                f"[{_name(suite)}]({_file(suite)})",
                suite.description,
                *_severities(suite.expectations),
            )
            for suite in suites_of(stage)
        )
    return text


def _page(suite: Suite) -> str:
    ordered = sorted(
        suite.expectations,
        key=lambda expectation: (_SEVERITIES.index(expectation.severity), expectation.name),
    )
    return _PAGE.format(name=_name(suite), words=suite.description) + "".join(
        _line(
            expectation.description,
            expectation.dimension,
            expectation.severity,
            expectation.owner,
            f"`{expectation.name}`",
        )
        for expectation in ordered
    )


def _file(suite: Suite) -> str:
    return f"{_name(suite)}.md"


def _name(suite: Suite) -> str:
    return f"{_SCHEMAS.get(suite.schema, suite.schema)}.{suite.table}"


def _expectations(suites: Iterable[Suite]) -> list[Expectation]:
    return [expectation for suite in suites for expectation in suite.expectations]


def _severities(expectations: Iterable[Expectation]) -> list[int]:
    counted = Counter(expectation.severity for expectation in expectations)
    return [counted[severity] for severity in _SEVERITIES]


def _line(*cells: object) -> str:
    texts = [str(cell).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(texts)} |\n"
