"""A reason that Spark gives becomes one line, in which no value of a record is."""

import pytest

from oic_assurance.builds.spark.reasons import said_by_spark


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Runtime Error [UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] A column with name `a` cannot be "
            "resolved. SQLSTATE: 42703; line 1 pos 7; 'Project ['a]",
            "[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] A column with name `a` cannot be resolved. "
            "SQLSTATE: 42703",
        ),
        (
            "[CAST_INVALID_INPUT] The value 'A. Name' of the type \"STRING\" cannot be cast to "
            '"INT". SQLSTATE: 22018',
            "Spark: CAST_INVALID_INPUT",
        ),
        (
            "An error occurred while calling o52.sql. : java.util.concurrent.ExecutionException: "
            "Boxed Exception Caused by: java.lang.OutOfMemoryError: Java heap space",
            "Spark: java.lang.OutOfMemoryError (see spark.log)",
        ),
        ("Compilation Error 'nothing' is undefined", "Compilation Error 'nothing' is undefined"),
    ],
)
def test_a_reason_is_one_line_without_values(message: str, told: str) -> None:
    assert said_by_spark(message) == told
