"""The marts are a star: facts join dimensions by one column, and codes have words beside them."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.end_to_end.terminal import Terminal

#: Each dimension, with the one column by which a fact joins it.
DIMENSIONS = {
    "dim_date": "date_day",
    "dim_measure": "measure_code",
    "dim_org_unit": "org_unit_code",
    "dim_point": "point_code",
}
FACTS = (
    "assurance_measure",
    "assurance_position",
    "fct_intelligence_report",
    "fct_measure_month",
    "fct_nccu_referral",
    "fct_oic_incident",
    "fct_plan_strand",
    "fct_training_requirement",
)
#: Facts about officers. They join `dim_officer` by the version that was valid on the day.
OF_OFFICERS = ("fct_intelligence_report", "fct_nccu_referral", "fct_training_requirement")
#: The columns with a code that do not end in `_code`.
CODES = {
    "assurance_exception": ("age_band",),
    "assurance_position": ("status", "source_status"),
    "fct_intelligence_report": ("grading_scheme", "status"),
    "fct_nccu_referral": ("channel", "intelligence_class", "link_method", "referral_type"),
    "fct_oic_incident": ("detection_route",),
    "fct_plan_strand": ("strand",),
}
#: Codes without a meaning beyond themselves: of the force, and what the position is about.
WITHOUT_WORDS = {("assurance_position", "org_unit_code")}


@pytest.fixture(scope="module")
def reader(terminal: Terminal, first_run: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(terminal.url("bi"), autocommit=True) as connection:
        yield connection


def columns(reader: psycopg.Connection, mart: str) -> list[str]:
    rows = reader.execute(
        "select column_name from information_schema.columns "
        "where table_schema = 'marts' and table_name = %s order by ordinal_position",
        (mart,),
    )
    return [name for (name,) in rows]


@pytest.mark.parametrize(("dimension", "key"), DIMENSIONS.items())
def test_every_fact_joins_a_dimension_by_one_column(
    reader: psycopg.Connection, dimension: str, key: str
) -> None:
    names = {"dimension": sql.Identifier(dimension), "key": sql.Identifier(key)}
    [(rows, keys)] = reader.execute(
        sql.SQL("select count(*), count(distinct {key}) from {dimension}").format(**names)
    ).fetchall()
    assert rows == keys > 0
    for fact in FACTS:
        query = sql.SQL(
            "select count(*), count(dimension.{key}) from {fact} as fact "
            "left join {dimension} as dimension using ({key})"
        ).format(fact=sql.Identifier(fact), **names)
        [(rows, joined)] = reader.execute(query).fetchall()
        assert rows == joined > 0, fact


def test_a_fact_about_an_officer_joins_the_officer_as_on_the_day(
    reader: psycopg.Connection,
) -> None:
    [(rows, keys)] = reader.execute(
        "select count(*), count(distinct officer_version_key) from dim_officer"
    ).fetchall()
    assert rows == keys
    for fact in OF_OFFICERS:
        [(rows, joined)] = reader.execute(
            sql.SQL(
                "select count(officer_version_key), count(officer.officer_key) from {} as fact "
                "left join dim_officer as officer using (officer_version_key)"
            ).format(sql.Identifier(fact))
        ).fetchall()
        assert rows == joined > 0, fact


def test_every_code_in_a_fact_has_its_words_beside_it(reader: psycopg.Connection) -> None:
    for mart in {*FACTS, *CODES, "assurance_exception"}:
        names = columns(reader, mart)
        codes = [name for name in names if name.endswith("_code") and name != "force_code"]
        for code in [*codes, *CODES.get(mart, ())]:
            if (mart, code) in WITHOUT_WORDS:
                continue
            label = f"{code.removesuffix('_code')}_label"
            assert label in names, f"{mart}.{label}"
            assert names.index(label) == names.index(code) + 1, f"{mart}.{label}"
            [(without,)] = reader.execute(
                sql.SQL("select count(*) from {} where {} is not null and {} is null").format(
                    *map(sql.Identifier, (mart, code, label))
                )
            ).fetchall()
            assert without == 0, f"{mart}.{label}"


def test_the_whole_force_is_the_only_unit_of_its_kind(reader: psycopg.Connection) -> None:
    assert reader.execute(
        "select org_unit_code, source_unit_code, parent_org_unit_code "
        "from dim_org_unit where kind = 'FORCE'"
    ).fetchall() == [("ALL", "NP", None)]
    # A team has the units above it as columns.
    assert reader.execute(
        "select directorate, district, district_label, team from dim_org_unit "
        "where org_unit_code = 'D1-NH-1'"
    ).fetchall() == [("DIR-LP", "D1", "Northampton", "D1-NH-1")]


def test_additive_numbers_give_the_published_figures(reader: psycopg.Connection) -> None:
    """A quarter's figure is the same however it is added up."""
    [(added, of, referrals, counted)] = reader.execute(
        """
        select
            sum(fact.numerator), sum(fact.denominator),
            (
                select count(*) from fct_nccu_referral inner join dim_date using (date_day)
                where is_counted and is_compliant and months_before_today between 1 and 3
            ),
            (
                select count(*) from fct_nccu_referral inner join dim_date using (date_day)
                where is_counted and months_before_today between 1 and 3
            )
        from fct_measure_month as fact
        inner join dim_date using (date_day)
        where fact.measure_code = 'nccu_intel_compliance'
            and months_before_today between 1 and 3
        """
    ).fetchall()
    assert (added, of) == (referrals, counted)
    assert of > added > 0


def test_local_time_is_londons_clock(reader: psycopg.Connection) -> None:
    [(different,)] = reader.execute(
        "select count(*) from fct_nccu_referral "
        "where contacted_at at time zone 'Europe/London' <> contacted_at_local "
        "or contacted_at_local::date <> date_day"
    ).fetchall()
    assert different == 0
