"""The Great Expectations class for those of the project's expectations that are written in SQL.

This module calls such an expectation a rule. The module imports Great Expectations, which takes
seconds, so the gate imports this module only when the gate runs.

The built-in class of Great Expectations for SQL (`UnexpectedRowsExpectation`) runs two queries for
each expectation, even if the expectation passes. But Great Expectations can collect all counts for
a table in one query. Here each rule adds one aggregate to that query, so a suite of twenty rules
reads its table once. If a rule fails, a second query finds the keys of the failed rows.
"""

import re
from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.core.result_format import ResultFormat
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration

COUNTS_METRIC = "oic_assurance.rule.counts"
KEYS_METRIC = "oic_assurance.rule.keys"
VERDICT_COLUMN = "holds"
_PARAMETER_COLON = re.compile(r"(?<![:\w]):(?=\w)")


class RuleCounts(TableMetricProvider):
    """A metric: how many rows fail a rule, and how many rows were checked.

    One SQL aggregate returns both numbers as an array. Great Expectations combines the aggregates
    of all rules about a table into one query.
    """

    metric_name = COUNTS_METRIC
    value_keys = ("counts",)

    @metric_partial(  # type: ignore[untyped-decorator]
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations calls it with the class
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        return sa.literal_column(metric_value_kwargs["counts"]), metric_domain_kwargs, {}


class RuleKeys(TableMetricProvider):
    """A metric: the keys of some of the rows that fail a rule."""

    metric_name = KEYS_METRIC
    value_keys = ("keys",)

    @metric_value(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations calls it with the class
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> list[dict[str, Any]]:
        # SQLAlchemy would read a colon in the SQL as the start of a parameter, so colons are
        # escaped.
        text = _PARAMETER_COLON.sub(r"\\:", metric_value_kwargs["keys"])
        found = execution_engine.execute_query(sa.text(text)).fetchall()
        return [
            {name: value for name, value in row._mapping.items() if name != VERDICT_COLUMN}
            for row in found
        ]


class ExpectRuleToHold(BatchExpectation):
    """Expect all rows to satisfy a rule in SQL, or all but a tolerated share of them.

    `counts` is the SQL for `RuleCounts`, `keys` is the SQL for `RuleKeys`, and `tolerating` is the
    tolerated share.
    """

    counts: str
    keys: str
    tolerating: float = 0.0

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.row_count", COUNTS_METRIC)
    success_keys: ClassVar[tuple[str, ...]] = ("counts", "keys", "tolerating")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    _configured: Any = PrivateAttr(None)
    #: The metrics that Great Expectations last asked for. Finding them takes longer than the rest.
    _asked: Any = PrivateAttr(None)

    @property
    def configuration(self) -> Any:
        """The configuration of the expectation, which is computed once.

        Great Expectations asks for it a dozen times for each expectation and computes it each time.
        """
        if self._configured is None:
            self._configured = super().configuration
        return self._configured

    def get_validation_dependencies(
        self,
        execution_engine: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> Any:
        """Return the metrics to compute: the counts and the keys of failed rows.

        If only pass or fail is requested, the keys are left out.
        """
        dependencies = super().get_validation_dependencies(
            execution_engine=execution_engine, runtime_configuration=runtime_configuration
        )
        if dependencies.result_format.get("result_format") != ResultFormat.BOOLEAN_ONLY:
            counts = dependencies.get_metric_configuration(COUNTS_METRIC)
            dependencies.set_metric_configuration(
                KEYS_METRIC,
                MetricConfiguration(
                    metric_name=KEYS_METRIC,
                    metric_domain_kwargs=counts.metric_domain_kwargs,
                    metric_value_kwargs={"keys": self.keys},
                ),
            )
        self._asked = dependencies
        return dependencies

    def metrics_validate(
        self,
        metrics: dict[Any, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
        **kwargs: dict[Any, Any],
    ) -> Any:
        """Return the result with the counts, even if only pass or fail was requested.

        If only pass or fail was requested, Great Expectations itself returns no counts, although it
        has computed them. This method adds them.
        """
        result = super().metrics_validate(
            metrics, runtime_configuration, execution_engine, **kwargs
        )
        if not result.result:
            taken = {
                name: metrics[self._asked.get_metric_configuration(name).id]
                for name in self.metric_dependencies
            }
            result.result = self._validate(taken)["result"]
        return result

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        failed, population = metrics[COUNTS_METRIC]
        evaluated = metrics["table.row_count"] if population is None else population
        holds = failed == 0 or failed <= self.tolerating * (population or 0)
        result = {"element_count": evaluated, "unexpected_count": failed}
        if KEYS_METRIC in metrics:
            result["unexpected_index_list"] = metrics[KEYS_METRIC]
        return {"success": holds, "result": result}
