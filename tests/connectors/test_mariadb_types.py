"""A column of every declared type is read from MariaDB, in a time zone with clock changes."""

from datetime import UTC, datetime

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.snapshot import snapshot
from oic_assurance.sources.databases.source import KeySum, Source
from oic_assurance.sources.declarations.load import parse
from oic_assurance.sources.declarations.model import Dataset
from tests.connectors.mariadb_server import MariaDb

pytestmark = pytest.mark.slow

_DECLARATION = """
dataset: niche/everything
description: A column of every type.
kind: database
place:
  system: niche
  schema: rms
  table: everything
  time_zone: Europe/London
  door: {column: marking, admits: [OFFICIAL]}
delivery: changes
cursor: changed_at
classification: law_enforcement
owner: Nobody in particular
retention: {years: 1, basis: a test}
tables:
  - name: everything
    description: A column of every type.
    key: [code]
    columns:
      code: {type: text, required: true, description: Its key.}
      small: {type: integer, description: Whole.}
      large: {type: bigint, description: Large.}
      share: {type: numeric, description: Exact.}
      flag: {type: boolean, description: A bit.}
      day: {type: date, description: A day.}
      seen_at: {type: timestamptz, description: In UTC by its type.}
      changed_at: {type: timestamptz, required: true, description: On the wall.}
      marking: {type: text, description: Its marking.}
"""


@pytest.fixture
def everything(mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("AIRFLOW_CONN_NICHE", mariadb.connection())
    mariadb.execute(
        "create table rms.everything (code varchar(20) collate utf8mb4_bin primary key,"
        " small int(5), large bigint, share decimal(10, 3), flag bit(1), day date,"
        " seen_at timestamp(3) null, changed_at datetime(1) not null, marking char(20))"
    )
    mariadb.execute("grant select on rms.everything to reader@'%'")
    rows = [
        ("b", 7, -(2**63), "12.5", 1, "2026-01-01", "2026-07-01 11:00:00.25",
         "2026-07-01 12:00:00.5", "OFFICIAL"),
        ("B", None, None, None, 0, None, None, "2026-10-25 01:30:00", "OFFICIAL"),
        ("refused", 1, 1, "1", 1, None, None, "2026-10-25 03:00:00", "SECRET"),
    ]  # fmt: skip
    for row in rows:
        mariadb.execute(f"insert into rms.everything values ({', '.join(['%s'] * len(row))})", *row)
    return parse(_DECLARATION, "niche_everything.yml")


def read(source: Source, moment: datetime | None = None) -> list[str]:
    return sorted(b"".join(source.stream(source.changed_since(moment))).decode().splitlines())


def test_every_type_is_read_and_ambiguous_local_times_are_noted(
    settings: Settings, everything: Dataset
) -> None:
    with snapshot(settings, everything) as source:
        assert source.check_columns() == []
        assert [line.split("\t")[1:] for line in read(source)] == [
            ["B", r"\N", r"\N", r"\N", "f", r"\N", r"\N", "2026-10-25 00:30:00+00:00", "OFFICIAL"],
            ["b", "7", "-9223372036854775808", "12.500", "t", "2026-01-01",
             "2026-07-01 11:00:00.250+00", "2026-07-01 11:00:00.500000+00:00", "OFFICIAL"],
        ]  # fmt: skip
        assert source.notes == {"local_times_a_clock_change_repeats_or_skips": {"changed_at": 1}}
        assert source.refused_keys() == ["refused"]
        [line] = b"".join(source.stream(source.with_keys(["b"], after=4))).decode().splitlines()
        assert line.startswith("5\tb\t")
        # Row B has the local time 01:30. In that night, 01:30 in London occurs twice: at 00:30 and
        # at 01:30 UTC. Row B may have changed at 01:30 UTC, so a read of the changes since 01:15
        # UTC must include row B.
        assert len(read(source, datetime(2026, 10, 25, 1, 15, tzinfo=UTC))) == 1
        assert read(source, datetime(2026, 10, 25, 3, 0, tzinfo=UTC)) == []


def test_the_digest_covers_keys_and_cursors_in_any_order(
    settings: Settings, everything: Dataset, mariadb: MariaDb
) -> None:
    def digest() -> KeySum:
        with snapshot(settings, everything) as source:
            source.check_columns()
            return source.digest(None).keys

    before = digest()
    assert before.rows == 3
    mariadb.execute("update rms.everything set small = 8 where code = 'b'")
    mariadb.execute("alter table rms.everything order by code desc")
    assert digest() == before
    mariadb.execute("update rms.everything set changed_at = '2026-07-02' where code = 'b'")
    assert digest() != before


def test_a_snapshot_does_not_change_while_others_commit(
    settings: Settings, everything: Dataset, mariadb: MariaDb
) -> None:
    with snapshot(settings, everything) as source:
        source.check_columns()
        mariadb.execute("delete from rms.everything")
        assert len(read(source)) == 2
        assert source.digest(None).keys.rows == 3
    with snapshot(settings, everything) as source:
        source.check_columns()
        assert read(source) == []


def test_the_error_for_a_missing_connection_names_the_variable(
    settings: Settings, everything: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NICHE")
    with pytest.raises(UsageError, match="set AIRFLOW_CONN_NICHE"), snapshot(settings, everything):
        raise AssertionError
