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
    """Return the text of the page of each table, keyed by file name."""
    return {_file(suite): _page(suite) for suite in (*suites(), *_national())}


def listed() -> str:
    """Return the tables of the checked tables, each with a link to its page."""
    staged = [_stage(heading, suites_of(stage)) for stage, heading in _STAGES.items()]
    return "".join([*staged, _stage(_NATIONAL, _national())]).lstrip()


def _national() -> list[Suite]:
    """Return the suites of the tables that only the national warehouse has."""
    known = {suite.name for suite in suites()}
    return [suite for suite in suites_of_kind("national") if suite.name not in known]


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


def _count_by_severity(expectations: Iterable[Expectation]) -> list[int]:
    counted = Counter(expectation.severity for expectation in expectations)
    return [counted[severity] for severity in _SEVERITIES]
