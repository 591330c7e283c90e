"""The differences between the databases that are read through Airflow's hooks.

Every value is read as text, for two reasons. Drivers convert types in different ways, and some turn
dates that they cannot represent into null. Conversions can also depend on the language of the
session.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from oic_assurance.sources.declarations.model import ColumnType

Templates = Mapping[str, str]


@dataclass(frozen=True)
class Dialect:
    """How to query one kind of database.

    In expressions, `{}` stands for a column or a bound value.
    """

    #: The connection type in Airflow.
    name: str
    #: The opening and closing quote of an identifier. Declared names cannot contain quotes.
    quotes: tuple[str, str]
    #: The driver's placeholder for a bound value: `%s`, or `:{}` if the driver numbers the values.
    #: The number of the value replaces `{}`.
    placeholder: str
    #: Statements that begin a snapshot. For some databases, they also make the session read-only or
    #: set its time zone to UTC.
    session: tuple[str, ...]
    #: The query for the present time of the database, as ISO text in UTC.
    clock: str
    #: The query for the names and types of a table's columns, as far as the login may read them. It
    #: binds the names of the schema and the table.
    catalogue: str
    #: How to read a column as text. For each declared type, a map says which SQL expression reads a
    #: column that has a given type in the database catalogue.
    readers: Mapping[ColumnType, Templates]
    #: The catalogue types of moments with an offset. For other moments, the declaration names the
    #: time zone.
    zoned: frozenset[str]
    #: Two SQL expressions for a bound moment (ISO text). The first can be compared with a column
    #: whose moments have an offset, the second with a column whose moments have none.
    moment: tuple[str, str] = ("{}", "{}")
    #: The SQL expression that makes comparisons of strings exact: case, accents and trailing blanks
    #: count.
    exact: str = "{}"
    #: The SQL expression that gives 1 for a string that is neither null nor blank, and otherwise 0.
    given: str = ""
    #: Whether the catalogue has names in capitals. Declarations have names in small letters.
    capitals: bool = False
    #: Whether `session` begins the transaction. Then the driver must not begin one.
    begins_itself: bool = False
    #: Default settings of the connection ("extra" in Airflow). The connection can override them.
    extras: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def catalogue_name(self, name: str) -> str:
        """Return a declared name in the spelling of the database catalogue."""
        return name.upper() if self.capitals else name

    def quoted(self, *names: str) -> str:
        """Return a name of one or more parts, quoted for a statement."""
        before, after = self.quotes
        return ".".join(f"{before}{self.catalogue_name(name)}{after}" for name in names)

    def template(self, declared: ColumnType, found: str, *, presence: bool = False) -> str | None:
        """Return the SQL expression that reads a column as its declared type, or None if none fits.

        `found` is the column's type in the catalogue. The exact type is looked up first, then the
        type without its lengths. With `presence`, the column must be of a text type, and the
        expression tells only whether the column is filled. So the text never leaves the database.
        """
        if presence:
            text = self.template("text", found)
            return self.given.replace("{}", text) if text else None
        readers = self.readers[declared]
        return readers.get(found) or readers.get(plain_type(found))


def _given(length: str, blanks: tuple[str, ...]) -> str:
    """Return the SQL expression that gives 1 for a string that is neither null nor blank.

    No database can trim all characters that this project treats as blank. So the expression removes
    all `blanks` from the string, and checks the length of the rest. `length` is the SQL expression
    for the length of a string.
    """
    text = "{}"
    for blank in blanks:
        text = f"replace({text}, {blank}, '')"
    return f"case when {length.replace('{}', text)} > 0 then '1' else '0' end"


def plain_type(found: str) -> str:
    """Return a type without its lengths: `int unsigned` for `int(10) unsigned zerofill`.

    A type has one pair of brackets. The values of an enumeration are in it, and can have brackets
    of their own.
    """
    return " ".join(re.sub(r"\(.*\)", "", found, flags=re.DOTALL).replace("zerofill", "").split())


def _each(template: str, *types: str) -> dict[str, str]:
    return dict.fromkeys(types, template)


_MYSQL_INTEGERS = _each(
    "cast({} as char)",
    *("tinyint", "tinyint unsigned", "smallint", "smallint unsigned"),
    *("mediumint", "mediumint unsigned", "int"),
)
_MYSQL_BIGINTS = _MYSQL_INTEGERS | _each("cast({} as char)", "int unsigned", "bigint")

MYSQL = Dialect(
    name="mysql",
    quotes=("`", "`"),
    placeholder="%s",
    session=(
        "set session time_zone = '+00:00'",
        "set session transaction isolation level repeatable read",
        "start transaction with consistent snapshot, read only",
    ),
    clock="select cast(utc_timestamp(6) as char)",
    catalogue="""
        select lower(column_name), lower(column_type) from information_schema.columns
        where table_schema = {} and table_name = {} order by ordinal_position
        """,
    readers={
        "text": _each(
            "convert({} using utf8mb4)",
            *("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"),
        ),
        "bigint": _MYSQL_BIGINTS,
        "integer": _MYSQL_INTEGERS,
        "boolean": {"tinyint(1)": "cast({} as char)", "bit(1)": "cast({} + 0 as char)"},
        "date": {"date": "cast({} as char)"},
        "timestamptz": _each("cast({} as char)", "datetime", "timestamp"),
        "numeric": _MYSQL_BIGINTS
        | _each("cast({} as char)", "decimal", "decimal unsigned", "bigint unsigned"),
    },
    zoned=frozenset({"timestamp"}),
    exact="cast(convert({} using utf8mb4) as binary)",
    given=_given(
        "char_length({})",
        ("' '", "_utf8mb4 0x09", "_utf8mb4 0x0A", "_utf8mb4 0x0D", "_utf8mb4 0xC2A0"),
    ),
    # Airflow's hook supports two drivers for MySQL. This driver can be installed without a
    # compiler.
    extras={"client": "mysql-connector-python"},
)

_MSSQL_INTEGERS = _each("convert(varchar(20), {})", "tinyint", "smallint", "int")
_MSSQL_BIGINTS = _MSSQL_INTEGERS | _each("convert(varchar(20), {})", "bigint")

MSSQL = Dialect(
    name="mssql",
    quotes=("[", "]"),
    placeholder="%s",
    # The snapshot needs a setting that an administrator makes once: `alter database … set
    # allow_snapshot_isolation on`.
    session=("set transaction isolation level snapshot", "begin transaction"),
    clock="select convert(varchar(27), sysutcdatetime(), 126)",
    catalogue="""
        select lower(column_name), lower(data_type) from information_schema.columns
        where table_schema = {} and table_name = {} order by ordinal_position
        """,
    readers={
        "text": _each("{}", "char", "varchar", "nchar", "nvarchar", "text", "ntext"),
        "bigint": _MSSQL_BIGINTS,
        "integer": _MSSQL_INTEGERS,
        "boolean": {"bit": "convert(varchar(1), {})"},
        "date": {"date": "convert(varchar(10), {}, 23)"},
        "timestamptz": {
            "datetimeoffset": "convert(varchar(27), cast(switchoffset({}, '+00:00')"
            " as datetime2), 126)",
            **_each(
                "convert(varchar(27), cast({} as datetime2), 126)",
                *("datetime2", "datetime", "smalldatetime"),
            ),
        },
        "numeric": _MSSQL_BIGINTS | _each("convert(varchar(60), {})", "decimal", "numeric"),
    },
    zoned=frozenset({"datetimeoffset"}),
    moment=(
        "todatetimeoffset(convert(datetime2, {}, 126), '+00:00')",
        "convert(datetime2, {}, 126)",
    ),
    exact="convert(varbinary(400), convert(nvarchar(200), {}))",
    given=_given(
        "datalength({})", ("N' '", "nchar(9)", "nchar(10)", "nchar(13)", "nchar(160)")
    ).replace("{}", "cast({} as nvarchar(max))"),
    begins_itself=True,
    # Seconds to wait for the login, and for an answer.
    extras={"login_timeout": 10, "timeout": 120},
)

_ORACLE_NUMBER = "to_char({}, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')"
_ORACLE_MOMENT = "to_char({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6')"
_ORACLE_BOUND = "to_timestamp({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6')"

ORACLE = Dialect(
    name="oracle",
    quotes=('"', '"'),
    placeholder=":{}",
    session=("alter session set time_zone = '+00:00'", "set transaction read only"),
    clock="""
        select to_char(sys_extract_utc(systimestamp), 'YYYY-MM-DD"T"HH24:MI:SS.FF6') from dual
        """,
    # The precision and scale of a number column decide which declared types fit the column.
    catalogue="""
        select lower(column_name),
            case
                when data_type <> 'NUMBER' then lower(data_type)
                when data_scale = 0 and data_precision = 1 then 'number(1)'
                when data_scale = 0 and data_precision <= 9 then 'integer'
                when data_scale = 0 and data_precision <= 18 then 'bigint'
                else 'number'
            end
        from all_tab_columns where owner = {} and table_name = {} order by column_id
        """,
    readers={
        "text": _each("{}", "char", "nchar", "varchar2", "nvarchar2", "clob", "nclob"),
        "bigint": _each(_ORACLE_NUMBER, "number(1)", "integer", "bigint"),
        "integer": _each(_ORACLE_NUMBER, "number(1)", "integer"),
        "boolean": _each(_ORACLE_NUMBER, "number(1)"),
        # A date in Oracle has a time of day. If the time is not midnight, it is appended to the
        # date, so that the value counts as unreadable.
        "date": {
            "date": "to_char({}, 'YYYY-MM-DD')"
            " || case when {} <> trunc({}) then to_char({}, ' HH24:MI:SS') end"
        },
        "timestamptz": {
            "date": _ORACLE_MOMENT.format("cast({} as timestamp)"),
            "timestamp": _ORACLE_MOMENT,
            "timestamp with time zone": _ORACLE_MOMENT.format("sys_extract_utc({})"),
            "timestamp with local time zone": _ORACLE_MOMENT.format("sys_extract_utc({})"),
        },
        "numeric": _each(_ORACLE_NUMBER, "number(1)", "integer", "bigint", "number"),
    },
    zoned=frozenset({"timestamp with time zone", "timestamp with local time zone"}),
    moment=(f"from_tz({_ORACLE_BOUND}, 'UTC')", _ORACLE_BOUND),
    given=_given("length({})", ("' '", "chr(9)", "chr(10)", "chr(13)", "unistr('\\00A0')")),
    capitals=True,
    # With this setting, the driver returns a long text as a string. Without it, the driver would
    # return a handle, and the text would need a separate request.
    extras={"fetch_lobs": False},
)

DIALECTS = {dialect.name: dialect for dialect in (MYSQL, MSSQL, ORACLE)}
