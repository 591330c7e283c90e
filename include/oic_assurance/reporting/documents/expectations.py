"""Generate the documentation pages of the expectations.

For each expectation of a table, a page shows what it protects, its severity and its owner.
"""

from collections import Counter
from collections.abc import Iterable

from expectations.catalogue import suites, suites_of, suites_of_kind
from expectations.vocabulary import Expectation, Severity, Stage, Suite
from oic_assurance.reporting.documents.markdown import row, title

_STAGES: dict[Stage, str] = {
    "landing": "Raw tables",
    "marts": "Marts before publication",
    "sealed": "Sealed marts, which show the results of the gate",
}
#: For each schema of the candidate: the schema in which readers see the same tables.
_SCHEMAS = {"candidate": "marts", "candidate_public": "public_release"}
_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")

_INDEX = """\
# Expectations

These {count} expectations about {suites} tables are checked before a publication. dbt's own tests
are checked too; the dbt docs list them. To add one:
[add-an-expectation.md](../how-to/add-an-expectation.md). The results of a run are in the Data Docs
and in the mart `data_quality_status`.

| severity | if the check fails |
|---|---|
| critical | Nothing is published. The last publication stays current. |
| warning | The build is published with a caveat that readers see, or it waits for an approval. |
| info | The failure is recorded. |

The record of a failed check has the keys of the rows, never their values.
"""

_STAGE = """
## {title}

| table | what it is | critical | warning | info |
|---|---|---:|---:|---:|
"""

_PAGE = """\
# {title}

Checks of the table `{name}`. {description}

| check | protects | severity | owner | name |
|---|---|---|---|---|
"""


#: The heading of the tables that only the national warehouse has.
_NATIONAL = "The national warehouse"


def pages() -> dict[str, str]:
    """Return the text of every page, keyed by file name: an index, and one page for each table."""
    everything = (*suites(), *_national())
    return {"README.md": _index()} | {_file(suite): _page(suite) for suite in everything}


def _national() -> list[Suite]:
    """Return the suites of the tables that only the national warehouse has."""
    known = {suite.name for suite in suites()}
    return [suite for suite in suites_of_kind("national") if suite.name not in known]


def _index() -> str:
    text = _INDEX.format(count=len(_expectations(suites())), suites=len(suites()))
    for stage, heading in _STAGES.items():
        text += _stage(heading, suites_of(stage))
    return text + _stage(_NATIONAL, _national())


def _stage(heading: str, chosen: Iterable[Suite]) -> str:
    return _STAGE.format(title=heading) + "".join(
        row(
            f"[{_name(suite)}]({_file(suite)})",
            suite.description,
            *_count_by_severity(suite.expectations),
        )
        for suite in chosen
    )


def _page(suite: Suite) -> str:
    ordered = sorted(
        suite.expectations,
        key=lambda expectation: (_SEVERITIES.index(expectation.severity), expectation.name),
    )
    head = _PAGE.format(title=_title(suite), name=_name(suite), description=suite.description)
    return head + "".join(
        row(
            expectation.description,
            expectation.dimension,
            f"{expectation.severity}, holds" if expectation.holds else expectation.severity,
            expectation.owner,
            f"`{expectation.name}`",
        )
        for expectation in ordered
    )


def _title(suite: Suite) -> str:
    kind = {"candidate": "", "candidate_public": " (public release)"}.get(suite.schema, " (raw)")
    return f"{title(suite.table)}{kind}"


def _file(suite: Suite) -> str:
    return f"{_name(suite)}.md"


def _name(suite: Suite) -> str:
    return f"{_SCHEMAS.get(suite.schema, suite.schema)}.{suite.table}"


def _expectations(suites: Iterable[Suite]) -> list[Expectation]:
    return [expectation for suite in suites for expectation in suite.expectations]


def _count_by_severity(expectations: Iterable[Expectation]) -> list[int]:
    counted = Counter(expectation.severity for expectation in expectations)
    return [counted[severity] for severity in _SEVERITIES]
