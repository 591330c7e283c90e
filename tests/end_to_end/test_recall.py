"""If a document that decided a figure is marked SECRET, the next run withdraws and erases it."""

import gzip
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.end_to_end.terminal import Terminal, force, publish

pytestmark = pytest.mark.slow

_FIGURE = """
select publication_id, numerator, denominator
from marts.assurance_measure
where measure_code = 'nccu_intel_compliance' and org_unit_code = 'ALL' and period_start = %s
"""
# The document and the month of a compliant referral whose occurrence has only this document.
_DECIDED = """
select referral.report_urn, date_trunc('month', contacted_on)::date
from marts.fct_nccu_referral as referral
where
    referral.is_counted and referral.is_compliant
    and 1 = (
        select count(distinct report.report_urn)
        from raw_law_enforcement.intelligence_report as report
        where report.occurrence_ref = referral.occurrence_ref
    )
order by referral.referral_ref
limit 1
"""


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    with force("2026-03-01") as made:
        yield made


def ask(terminal: Terminal, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a query as the server's administrator.

    A query that reads only marts runs as `bi_reader`, who sees only the current publication.
    """
    with psycopg.connect(terminal.url("admin")) as warehouse:
        if " marts." in query and "raw_" not in query:
            warehouse.execute("set role bi_reader")
        return warehouse.execute(query.encode(), values or None).fetchall()


def test_a_document_that_is_marked_secret_leaves_the_figure_and_every_place(
    terminal: Terminal,
) -> None:
    publish(terminal)
    [(urn, month)] = ask(terminal, _DECIDED)
    [(first, numerator, denominator)] = ask(terminal, _FIGURE, month)
    with psycopg.connect(terminal.url("intelligence")) as source:
        source.execute(
            "update intel.report set protective_marking = 'SECRET',"
            " updated_at = '2026-04-21 05:00+01' where report_urn = %s",
            (urn,),
        )
    publish(terminal)
    [(second, *figure)] = ask(terminal, _FIGURE, month)
    assert second > first
    assert figure == [numerator - 1, denominator]
    changed = ask(
        terminal,
        "select cause, value_before, value_after from marts.restatement where measure_code ="
        " 'nccu_intel_compliance' and org_unit_code = 'ALL' and period_start = %s",
        month,
    )
    assert changed == [
        ("DELETED_RECORD", pytest.approx(numerator / denominator),
         pytest.approx((numerator - 1) / denominator))
    ]  # fmt: skip
    # Both generations still exist, and neither contains the document.
    with psycopg.connect(terminal.url("admin")) as warehouse:
        tables = warehouse.execute(
            "select schemaname, tablename from pg_tables where schemaname not in"
            " ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert ("generation", f"fct_nccu_referral__{first}") in tables
        holding = {
            f"{schema}.{table}"
            for schema, table in tables
            if warehouse.execute(
                f'select exists (select from "{schema}"."{table}" as t where'
                " position(%s in t::text) > 0)".encode(),
                (urn,),
            ).fetchone()
            == (True,)
        }
    # The document's dissemination is a separate record.
    assert holding <= {"raw_law_enforcement.dissemination"}
    for path in (terminal.home / "batches/intelligence/report").glob("*.gz"):
        assert urn.encode() not in gzip.decompress(path.read_bytes())
    shown = terminal.assurance("erase", "recalls")
    assert "erased" in shown.stdout, shown.stdout + shown.stderr
    assert urn not in shown.stdout
    terminal.does("batch", "verify", "intelligence/report")
