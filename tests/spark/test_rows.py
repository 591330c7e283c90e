"""Rows are the same after the way to Parquet and back."""

from pathlib import Path

import psycopg
import pytest

from oic_assurance.builds.spark.exporting import export
from oic_assurance.builds.spark.folder import Folder
from oic_assurance.builds.spark.loading import load
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import open_url
from tests.databases import administrator

pytestmark = pytest.mark.slow

COLUMNS = """
    a_text text, an_array text[], a_document jsonb, is_true boolean, small smallint, whole integer,
    large bigint, a_double double precision, exact numeric, day date, moment timestamptz,
    clock timestamp
"""
ROWS = """
    ('plain', array['a', 'b'], '{"a": 1}', true, 1, 2, 3, 0.1, 1.5, '2026-02-28',
        '2026-03-29 00:59:59.999999+00', '2026-03-29 01:30:00.000001'),
    ('', '{}', 'null', false, -32768, -2147483648, -9223372036854775808, 'NaN', -0.000000000000001,
        '0001-01-01', '1000-01-01 00:00+00', '9999-12-31 23:59:59.999999'),
    (e'"quoted", \\\\N \\n ein Wort mit Umlaut: Grüße \\t', null, null, null, null, null, null,
        'Infinity', 99999999999999999999999.123456789012345, '9999-12-31', null, null),
    (null, null, null, null, null, null, null, 1e-300, null, null, null, null),
    ('NULL', null, null, null, 0, 0, 0, 0.30000000000000004, 0, '1900-01-01', now(), now())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    url = f"file://{tmp_path}"
    return Folder(url, *open_url(url), scratch=tmp_path)


@pytest.fixture
def tables(fresh_warehouse: Settings) -> Settings:
    with administrator(fresh_warehouse) as connection:
        connection.execute("create schema there authorization oic_transform")
        connection.execute("set role oic_transform")
        connection.execute(f"create table there.one ({COLUMNS})".encode())
        connection.execute(f"create table there.other ({COLUMNS})".encode())
        connection.execute("create table there.single (value text)")
        connection.execute("create table there.nothing (value text)")
        connection.execute(f"insert into there.one values {ROWS}".encode())
        connection.execute("insert into there.single values (null), (''), (null)")
    return fresh_warehouse


def as_if_built(folder: Folder, name: str, target: str) -> None:
    """Put an exported relation where Spark would have put a table."""
    built = Path(folder.path) / folder.built("there", target)
    built.parent.mkdir(parents=True, exist_ok=True)
    (Path(folder.path) / folder.exported("there", name)).rename(built)


def values(folder: Folder, name: str) -> list[str | None]:
    """Return the values of a relation's column `value`, as they were exported."""
    from pyarrow import parquet

    file = Path(folder.path) / folder.exported("there", name) / "rows.parquet"
    found: list[str | None] = parquet.read_table(file).column("value").to_pylist()
    return found


def test_every_type_and_every_odd_value_comes_back(tables: Settings, folder: Folder) -> None:
    places = [("there", name) for name in ("one", "nothing", "missing")]
    assert export(tables, places, (), folder) == [("there", "nothing"), ("there", "one")]
    as_if_built(folder, "one", "other")
    with administrator(tables) as connection:
        assert load(connection, ("there", "other"), folder) == 5
        query = "select row_number() over (), t::text from there.{} as t"
        one = connection.execute(query.format("one").encode()).fetchall()
        assert connection.execute(query.format("other").encode()).fetchall() == one


def test_a_null_and_an_empty_text_are_told_apart_in_a_single_column(
    tables: Settings, folder: Folder
) -> None:
    export(tables, [("there", "single")], (), folder)
    assert values(folder, "single") == [None, "", None]


def test_all_relations_are_read_at_one_moment(
    tables: Settings, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = psycopg.Cursor.copy

    def while_somebody_writes(cursor: psycopg.Cursor, *arguments: object) -> object:
        with administrator(tables) as connection:
            connection.execute("insert into there.nothing values ('x')")
            connection.execute("insert into there.single values ('x')")
        return original(cursor, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.Cursor, "copy", while_somebody_writes)
    export(tables, [("there", "nothing"), ("there", "single")], (), folder)
    assert values(folder, "nothing") == []
    assert len(values(folder, "single")) == 3


def test_a_share_that_a_force_has_exported_keeps_its_last_digit(
    tables: Settings, folder: Folder
) -> None:
    with administrator(tables) as connection:
        connection.execute("create table there.share (value numeric)")
        connection.execute("grant select on there.share to oic_transform")
        connection.execute("insert into there.share values (0.00012345678901234567), (12)")
    export(tables, [("there", "share")], (), folder)
    assert [str(value) for value in values(folder, "share")] == [
        "0.00012345678901234567",
        "12.00000000000000000000",
    ]


def test_a_value_without_an_equal_is_refused(tables: Settings, folder: Folder) -> None:
    with administrator(tables) as connection:
        connection.execute("insert into there.one (exact) values (1e-16)")
    with pytest.raises(AssuranceError, match=r"there\.one: a value has no equal in Parquet"):
        export(tables, [("there", "one")], (), folder)
