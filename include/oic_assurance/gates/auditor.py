"""Run suites with Great Expectations, with one context and one engine for all suites of a stage.

Each suite runs at most twice. The first run only finds which expectations fail. It collects the
counts of all expectations about the same rows with one query. The second run repeats the failed
expectations to get the number and the keys of the failed rows. It never returns the checked values
of those rows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from expectations.vocabulary import Expectation, Suite, sql
from oic_assurance.builds.test_results import KEYS_KEPT
from oic_assurance.gates.outcomes import exception_of, one_line, outcome_of
from oic_assurance.gates.table_names import Places, current_table
from oic_assurance.gates.translate import expectation_of, key_columns, quick
from oic_assurance.gates.verdict import Outcome


class Auditor:
    """Great Expectations connected to the warehouse, for as long as a `with` block lasts."""

    def __init__(self, database_url: str, places: Places) -> None:
        self._url = database_url
        self._places = places
        self._datasource: Any = None
        self._assets = 0

    def __enter__(self) -> Self:
        """Connect Great Expectations to the warehouse."""
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        self._datasource = context.data_sources.add_postgres(
            "warehouse",
            connection_string=self._url,
            create_temp_table=False,
            # All queries use one session, because a temporary table exists only in its session.
            kwargs={"pool_size": 1, "max_overflow": 0},
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection, so that publication can move the tables."""
        # Great Expectations has two engines, one to look up tables and one to run queries. Each has
        # its own connection.
        self._datasource.get_engine().dispose()
        self._datasource.get_execution_engine().close()

    def audit(self, *suites: Suite) -> list[Outcome]:
        """Run suites and return the outcome of each expectation.

        A table that cannot be checked raises no error: its expectations fail.
        """
        self._find_texts(suites)
        return [outcome for suite in suites for outcome in self._audit_suite(suite)]

    def _find_texts(self, suites: Sequence[Suite]) -> None:
        """Find the text columns of the tables whose expectations use the placeholder `{texts}`.

        One query finds the columns of all these tables.
        """
        searched = [
            suite
            for suite in suites
            if any(
                "{texts}" in expectation.arguments.get("query", "")
                for expectation in suite.expectations
            )
        ]
        texts: dict[str, list[str]] = defaultdict(list)
        if searched:
            with self._datasource.get_execution_engine().engine.begin() as connection:
                statement = self._places.text_columns(searched)
                for table, column in connection.exec_driver_sql(statement):
                    texts[table].append(column)
        self._places = replace(self._places, texts=texts)

    def _audit_suite(self, suite: Suite) -> list[Outcome]:
        # The expectations are checked in two groups, each with one query for its counts.
        # Expectations of the kind `every_record` check the current records. All others check all
        # rows.
        of_records = [
            expectation for expectation in suite.expectations if expectation.kind == "every_record"
        ]
        of_rows = [
            expectation for expectation in suite.expectations if expectation.kind != "every_record"
        ]
        try:
            with self._current(suite):
                found = self._audit(suite, of_rows, self._rows_asset)
                found |= self._audit(suite, of_records, self._records_asset)
        except Exception as error:
            # If a suite cannot run, for whatever reason, all its expectations fail.
            line = one_line(str(error.__cause__ or error))
            return [
                Outcome(suite, expectation, False, exception=line)
                for expectation in suite.expectations
            ]
        return [found[expectation.name] for expectation in suite.expectations]

    def _audit(
        self,
        suite: Suite,
        expectations: Sequence[Expectation],
        make_asset: Callable[[Suite, str], Any],
    ) -> dict[str, Outcome]:
        """Run expectations on the rows of the asset that `make_asset` returns.

        Returns the outcomes, keyed by the name of the expectation.
        """
        if not expectations:
            return {}
        # Before Great Expectations reads rows, it inspects the columns of a table asset, but not
        # those of a query asset. So the first run uses a query asset, and the columns are inspected
        # only if a suite has failed.
        quick_asset = self._rows_query_asset if make_asset == self._rows_asset else make_asset
        with self._batch(suite, quick_asset) as batch:
            first = self._validate(batch, suite, map(quick, expectations), "BOOLEAN_ONLY")
        details: dict[str, Any] = {}
        if not all(result.success for result in first.values()):
            with self._batch(suite, make_asset) as batch:
                details = self._details(batch, suite, expectations, first)
        return {
            expectation.name: outcome_of(
                suite, expectation, first[expectation.name], details.get(expectation.name)
            )
            for expectation in expectations
        }

    @contextmanager
    def _current(self, suite: Suite) -> Iterator[None]:
        """Provide the current records of a raw table as a temporary table during the block."""
        if not suite.versioned:
            yield
            return
        self._execute(self._places.keep_current(suite))
        try:
            yield
        finally:
            self._execute(f"drop table {current_table(suite)}")

    @contextmanager
    def _batch(self, suite: Suite, make_asset: Callable[[Suite, str], Any]) -> Iterator[Any]:
        """Yield the rows to check as a batch of Great Expectations."""
        # Great Expectations caches counts under the asset's name, so each asset gets a new name.
        self._assets += 1
        asset = make_asset(suite, f"{suite.name} {self._assets}")
        try:
            yield asset.get_batch(asset.build_batch_request())
        finally:
            self._datasource.delete_asset(asset.name)

    def _rows_asset(self, suite: Suite, name: str) -> Any:
        schema = self._places.schema(suite.schema)
        return self._datasource.add_table_asset(
            name=name, table_name=suite.table, schema_name=schema
        )

    def _rows_query_asset(self, suite: Suite, name: str) -> Any:
        query = sql("select * from <<table>>", table=self._places.table(suite))
        return self._datasource.add_query_asset(name=name, query=query)

    def _records_asset(self, suite: Suite, name: str) -> Any:
        # The asset is a query asset. For a table asset, Great Expectations would look up the table
        # in another session, which cannot see this session's temporary table.
        query = sql("select * from <<current>>", current=current_table(suite))
        return self._datasource.add_query_asset(name=name, query=query)

    def _execute(self, statement: str) -> None:
        with self._datasource.get_execution_engine().engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def _validate(
        self, batch: Any, suite: Suite, expectations: Iterable[Expectation], result_format: Any
    ) -> dict[str, Any]:
        """Run expectations on the rows of one table, which Great Expectations calls a batch.

        Returns the results of Great Expectations, keyed by the name of the expectation.
        """
        import great_expectations as gx

        translated = [expectation_of(one, suite, self._places) for one in expectations]
        results = batch.validate(
            gx.ExpectationSuite(name=suite.name, expectations=translated),
            result_format=result_format,
        ).results
        return {result.expectation_config.meta["expectation"]: result for result in results}

    def _details(
        self, batch: Any, suite: Suite, expectations: Sequence[Expectation], first: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the failed expectations again, to find how many rows failed and which ones.

        Returns the new results, keyed by the name of the expectation. An expectation that could not
        be evaluated is not run again.
        """
        failed: dict[tuple[str, ...], list[Expectation]] = defaultdict(list)
        for expectation in expectations:
            result = first[expectation.name]
            if not result.success and not exception_of(result):
                failed[key_columns(expectation, suite)].append(expectation)
        details: dict[str, Any] = {}
        for columns, expectations_failed in failed.items():
            result_format: dict[str, Any] = {
                "result_format": "SUMMARY",
                "partial_unexpected_count": KEYS_KEPT,
                "exclude_unexpected_values": True,
            }
            if columns:
                result_format["unexpected_index_column_names"] = list(columns)
            details |= self._validate(batch, suite, expectations_failed, result_format)
        return details
