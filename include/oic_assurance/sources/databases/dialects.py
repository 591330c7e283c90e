"""What differs between the databases that are read through Airflow's hooks, as one small table.

Every value is asked for as text, so that what lands depends neither on a driver's idea of a type
(some turn a date they cannot hold into null) nor on the session's language.
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
    """How one kind of database is asked. In the templates, `{}` stands for a column or a value."""

    #: Airflow's type of the connection.
    name: str
    #: What identifiers are put between; declarations hold none of these characters.
    quotes: tuple[str, str]
    #: How a bound value is written; `{}` stands for its number.
    placeholder: str
    #: Makes the session read in UTC, and only, and from one snapshot.
    session: tuple[str, ...]
    #: The database's clock, as ISO text in UTC.
    clock: str
    #: Names and types of the columns of a table (schema, table): those that the login may read.
    catalogue: str
    #: Declared type → type in the catalogue → how it is read as text.
    readers: Mapping[ColumnType, Templates]
    #: The types of moments that know their offset; of the others the declaration says the zone.
    zoned: frozenset[str]
    #: How a bound moment (ISO text) is compared with a column that has an offset, or none.
    moment: tuple[str, str] = ("{}", "{}")
    #: How a text is compared so that case, accents and blanks at the end count.
    exact: str = "{}"
    #: The catalogue spells in capitals what declarations spell in small letters.
    capitals: bool = False
    #: Transactions are begun by `session`; the driver must not begin one before.
    begins_itself: bool = False
    #: Of the connection's extras, used where nothing else is said.
    extras: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def spelt(self, name: str) -> str:
        """Return a declared name as the catalogue spells it."""
        return name.upper() if self.capitals else name

    def quoted(self, *names: str) -> str:
        """Return a name, of as many parts as are given, as it stands in a statement."""
        before, after = self.quotes
        return ".".join(f"{before}{self.spelt(name)}{after}" for name in names)

    def template(self, declared: ColumnType, found: str) -> str | None:
        """Return how a column is read as what it is declared, or None where it is something else.

        `found` is the catalogue's type: the exact one counts first, then the one without lengths.
        """
        readers = self.readers[declared]
        return readers.get(found) or readers.get(plain_type(found))


def plain_type(found: str) -> str:
    """Return a type without its lengths: `int unsigned` for `int(10) unsigned zerofill`."""
    return " ".join(re.sub(r"\(.*?\)", "", found).replace("zerofill", "").split())


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
    # The one of the hook's two drivers that installs without a compiler.
    extras={"client": "mysql-connector-python"},
)

_MSSQL_INTEGERS = _each("convert(varchar(20), {})", "tinyint", "smallint", "int")
_MSSQL_BIGINTS = _MSSQL_INTEGERS | _each("convert(varchar(20), {})", "bigint")

MSSQL = Dialect(
    name="mssql",
    quotes=("[", "]"),
    placeholder="%s",
    # Needs `alter database … set allow_snapshot_isolation on`, once, by its administrator.
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
    begins_itself=True,
    # Seconds for the login, and for a server that goes silent.
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
    # A number's precision and scale tell which of the declared types it fits.
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
        # Oracle's dates have a time of day: where there is one, the value is no date.
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
    capitals=True,
    # Long texts come as texts, not as handles to ask for one by one.
    extras={"fetch_lobs": False},
)

DIALECTS = {dialect.name: dialect for dialect in (MYSQL, MSSQL, ORACLE)}
