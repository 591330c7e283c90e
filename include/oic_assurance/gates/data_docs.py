"""Data Docs: a small site with the gate's results, which a browser opens from a folder.

Great Expectations renders the content of each suite's page from the stored results. This project
writes the rest of the page, because the page template of Great Expectations loads style sheets,
scripts and pictures from other servers. The pages show each expectation and how many rows failed,
but no value and no key of a row.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from expectations.catalogue import suites
from expectations.vocabulary import Expectation, Suite
from oic_assurance.builds.record import Build, find_daily_build
from oic_assurance.errors import AssuranceError
from oic_assurance.gates.content_policy import with_policy
from oic_assurance.gates.data_docs_pages import INDEX, PAGE, STYLE
from oic_assurance.gates.logging import silenced
from oic_assurance.gates.table_names import Places
from oic_assurance.gates.translate import expectation_of
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import share
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.folders import private_folder

FOLDER = Path("reports") / "data_docs"

_RESULTS = """
select suite, expectation, success, evaluated, unexpected, exception
from audit.latest_expectation_result
where build_id = %s and stage <> 'dbt'
"""

_GATES = """
select stage, verdict, suites, expectations, failed, finished_at
from audit.gate
where build_id = %s
order by finished_at
"""

Result = Mapping[str, Any]


@dataclass(frozen=True)
class _SuiteResults:
    """A suite with the stored results of its expectations, keyed by the name of the expectation."""

    suite: Suite
    results: Mapping[str, Result]

    @property
    def file(self) -> str:
        return f"{self.suite.name}.html"

    @property
    def failed(self) -> list[Expectation]:
        return [one for one in self.suite.expectations if self._has_failed(one)]

    def _has_failed(self, expectation: Expectation) -> bool:
        result = self.results.get(expectation.name)
        return result is not None and not result["success"]


def build_data_docs(settings: Settings, run_id: str) -> Path:
    """Write the site for the latest build of a run, and return its first page.

    Raises:
        AssuranceError: The run has no build.
    """
    with connect(settings, role="oic_gate") as connection:
        build = find_daily_build(connection, run_id)
        if build is None:
            raise AssuranceError(f"{run_id}: the run has no build to write Data Docs of.")
        gates = _rows(connection, _GATES, build.build_id)
        results = _rows(connection, _RESULTS, build.build_id)
    by_suite = _by_suite(results)
    pages = {"index.html": _index(build, gates, by_suite)}
    with silenced():
        pages |= _suite_pages(Places(build), by_suite)
    folder = settings.home / FOLDER
    private_folder(settings, folder.parent)
    written = _write(folder, pages)
    share(settings, written)
    return written / "index.html"


def _rows(connection: psycopg.Connection, query: str, build_id: int) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute(query.encode(), (build_id,)).fetchall()


def _by_suite(results: Sequence[Result]) -> list[_SuiteResults]:
    found: dict[str, dict[str, Result]] = {}
    for result in results:
        found.setdefault(result["suite"], {})[result["expectation"]] = result
    return [_SuiteResults(suite, found[suite.name]) for suite in suites() if suite.name in found]


def _index(build: Build, gates: Sequence[Result], found: Sequence[_SuiteResults]) -> str:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(INDEX).render(
        build=build, gates=gates, suites=found, style=STYLE
    )
    return with_policy(page)


def _suite_pages(places: Places, found: Sequence[_SuiteResults]) -> dict[str, str]:
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, DictLoader

    renderer, view = ValidationResultsPageRenderer(), DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([DictLoader({"page_of_ours.j2": PAGE}), view.env.loader])
    pages = {}
    for one in found:
        document = renderer.render(_validation_result(one, places))
        # The first section is left out: it links to pages that do not exist here, and unfolding it
        # needs external scripts.
        document.sections = document.sections[1:]
        page = view.render(document, template="page_of_ours.j2", one=one, style=STYLE)
        pages[one.file] = with_policy(page)
    return pages


def _validation_result(found: _SuiteResults, places: Places) -> Any:
    """Return a suite's stored results as a Great Expectations object."""
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
    )

    results = [
        _expectation_result(
            expectation_of(expectation, found.suite, places), found.results[expectation.name]
        )
        for expectation in found.suite.expectations
        if expectation.name in found.results
    ]
    failed = len(found.failed)
    return ExpectationSuiteValidationResult(
        success=not failed,
        results=results,
        suite_name=found.suite.name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": len(results) - failed,
            "unsuccessful_expectations": failed,
            "success_percent": 100 * (len(results) - failed) / max(len(results), 1),
        },
        meta={"run_id": {"run_name": found.suite.name}},
    )


def _expectation_result(expectation: Any, row: Result) -> Any:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

    configuration = expectation.configuration
    configuration.description += (
        f" ({configuration.severity.value}; put right by: {configuration.meta['owner']})"
    )
    return ExpectationValidationResult(
        success=row["success"],
        expectation_config=configuration,
        result=_counts(row),
        exception_info={
            "raised_exception": row["exception"] is not None,
            "exception_message": row["exception"],
            # Great Expectations shows the traceback, and cannot show none.
            "exception_traceback": "",
        },
    )


def _counts(row: Result) -> dict[str, Any]:
    """Return how many rows failed an expectation, as numbers and as a string such as "3 of 50".

    The result is empty if the rows were not counted.
    """
    evaluated, unexpected = row["evaluated"], row["unexpected"]
    if unexpected is None or evaluated is None:
        return {}
    return {
        "element_count": evaluated,
        "unexpected_count": unexpected,
        # A missing row counts as a failure but not as a checked row. So there can be more failures
        # than checked rows, and the percentage is limited to 100.
        "unexpected_percent": min(100 * unexpected / max(evaluated, 1), 100),
        "observed_value": f"{unexpected} of {evaluated}",
    }


def _write(folder: Path, pages: Mapping[str, str]) -> Path:
    """Write the site to a draft folder, then replace the old site with the draft.

    So a browser never opens a half-written page.
    """
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for name, text in pages.items():
        (draft / name).write_text(text, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return folder
