"""Each SQL dialect quotes names, and reads a column only if its type fits the declared type."""

import pytest

from oic_assurance.sources.databases.dialects import (
    DIALECTS,
    MYSQL,
    Dialect,
    plain_type,
)
from oic_assurance.sources.declarations.model import Column

TYPES = Column.__annotations__["type"].__args__


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_every_declared_type_can_be_read(dialect: Dialect) -> None:
    assert set(dialect.readers) == set(TYPES)
    assert all(
        "{}" in template for reads in dialect.readers.values() for template in reads.values()
    )
    assert dialect.zoned <= dialect.readers["timestamptz"].keys()


@pytest.mark.parametrize(
    ("found", "plain"),
    [
        ("bigint(20)", "bigint"),
        ("int(10) unsigned zerofill", "int unsigned"),
        ("decimal(10,2)", "decimal"),
        ("timestamp(6) with time zone", "timestamp with time zone"),
        ("enum('a','b')", "enum"),
        ("enum('open','closed (no further action)','n/a')", "enum"),
    ],
)
def test_a_plain_type_has_no_lengths(found: str, plain: str) -> None:
    assert plain_type(found) == plain


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("integer", "bigint(20)"),
        ("integer", "int(10) unsigned"),
        ("bigint", "bigint(20) unsigned"),
        ("bigint", "decimal(20,0)"),
        ("boolean", "tinyint(4)"),
        ("boolean", "bit(8)"),
        ("text", "blob"),
        ("text", "varbinary(20)"),
        ("date", "datetime"),
        ("timestamptz", "varchar(30)"),
        ("numeric", "double"),
    ],
)
def test_a_type_that_may_not_fit_is_refused(declared: str, found: str) -> None:
    assert MYSQL.template(declared, found) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_the_presence_of_a_text_is_read_without_the_text(dialect: Dialect) -> None:
    found = {"mysql": "longtext", "mssql": "nvarchar", "oracle": "clob"}[dialect.name]
    expression = dialect.template("boolean", found, presence=True)
    assert expression is not None
    assert expression.startswith("case when ")
    assert expression.endswith(" > 0 then '1' else '0' end")
    assert expression.count("{}") == 1
    assert dialect.template("boolean", "blob", presence=True) is None
