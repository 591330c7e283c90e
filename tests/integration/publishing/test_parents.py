"""The tables for readers have keys and comments, and change only as the contract allows."""

from typing import Any

import psycopg
import pytest

from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.operations.doctor.warehouse import measure_tables
from oic_assurance.publishing import publish as publishing
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.rollback import rollback
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.integration.asking import ask
from tests.integration.publishing.marts import (
    TABLES,
    as_reader,
    audit,
    make_candidates,
    open_build,
    published,
)
from tests.integration.warehouse.stage_roles import run_as

# The query that Power BI and similar tools use to find the relationships between tables.
RELATIONSHIPS = """
select own.table_name, own.column_name, theirs.table_schema, theirs.table_name, theirs.column_name
from information_schema.referential_constraints as r
join information_schema.key_column_usage as own
    on own.constraint_schema = r.constraint_schema and own.constraint_name = r.constraint_name
join information_schema.key_column_usage as theirs
    on theirs.constraint_schema = r.unique_constraint_schema
    and theirs.constraint_name = r.unique_constraint_name
    and theirs.ordinal_position = own.position_in_unique_constraint
where own.table_schema = 'marts'
"""


def published_after(settings: Settings, change: str) -> int:
    """Run the SQL `change` on the candidate of a build, and publish the build.

    Return the number of the publication.
    """
    build = open_build(settings)
    make_candidates(settings, build)
    ask(settings, change, login="oic_transform")
    audit(settings, build)
    return publish(settings, build).publication_id


def rows_of(settings: Settings, question: str) -> list[tuple[Any, ...]]:
    return ask(settings, question, login="bi_reader")


def test_a_bi_tool_sees_primary_keys_foreign_keys_and_comments(fresh_warehouse: Settings) -> None:
    for _ in range(2):
        published(fresh_warehouse)
    keys = rows_of(
        fresh_warehouse,
        """
        select t.table_name, string_agg(k.column_name, ', ' order by k.ordinal_position)
        from information_schema.table_constraints as t
        join information_schema.key_column_usage as k using (constraint_schema, constraint_name)
        where t.constraint_type = 'PRIMARY KEY' and t.table_schema = 'marts'
        group by t.table_name
        """,
    )
    assert ("fct_nccu_referral", "publication_id, force_code, referral_ref") in keys
    assert len(keys) == len([name for name, _ in TABLES if name == "candidate"])
    relationships = rows_of(fresh_warehouse, RELATIONSHIPS)
    assert (
        "fct_nccu_referral", "org_unit_code", "marts", "dim_org_unit", "org_unit_code"
    ) in relationships  # fmt: skip
    assert (
        "fct_intelligence_report", "officer_key", "marts", "dim_officer", "officer_key"
    ) in relationships  # fmt: skip
    # There are eight foreign keys with three columns each. Each column is listed once, although
    # there are several generations.
    assert len(relationships) == len(set(relationships)) == 24
    assert rows_of(
        fresh_warehouse,
        "select obj_description('marts.dim_officer'::regclass), "
        "col_description('marts.dim_officer'::regclass, 1)",
    ) == [("About dim_officer.", "ONS police force area code.")]
    # Each foreign key has an index, and holds.
    indexes = "select indexdef from pg_indexes where tablename = 'fct_nccu_referral'"
    indexed = str(rows_of(fresh_warehouse, indexes))
    assert "(publication_id, force_code, officer_key)" in indexed
    assert "(publication_id, force_code, org_unit_code)" in indexed
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        run_as(
            fresh_warehouse, "oic_publish", "delete from marts.dim_officer where officer_key = 'K1'"
        )


def test_a_new_table_a_new_column_a_new_key_and_a_new_comment_are_added(
    fresh_warehouse: Settings,
) -> None:
    old = published(fresh_warehouse)
    new = published_after(
        fresh_warehouse,
        """
        create table candidate.fct_new (
            force_code text not null, publication_id bigint not null, officer_key text not null,
            primary key (publication_id, force_code, officer_key),
            foreign key (publication_id, force_code, officer_key) references candidate.dim_officer
        );
        alter table candidate.fct_oic_incident add column district_code text collate "C" not null
            default 'D1';
        alter table candidate.fct_oic_incident add column officer_key text;
        alter table candidate.fct_oic_incident add foreign key
            (publication_id, force_code, officer_key) references candidate.dim_officer;
        comment on column candidate.fct_oic_incident.district_code is 'Where it happened.';
        comment on table candidate.fct_oic_incident is 'Changed comment.';
        """,
    )
    assert rows_of(
        fresh_warehouse,
        "select publication_id, count(district_code) from marts.fct_oic_incident group by 1",
    ) == [(new, 10)]
    assert rows_of(fresh_warehouse, "select count(*) from marts.fct_new") == [(0,)]
    assert {row[0] for row in rows_of(fresh_warehouse, RELATIONSHIPS)} >= {
        "fct_new",
        "fct_oic_incident",
    }
    assert rows_of(
        fresh_warehouse,
        "select obj_description(c.oid), col_description(c.oid, a.attnum) from pg_class as c "
        "join pg_attribute as a on a.attrelid = c.oid and a.attname = 'district_code' "
        "where c.oid = 'marts.fct_oic_incident'::regclass",
    ) == [("Changed comment.", "Where it happened.")]
    with connect(fresh_warehouse, role="oic_publish") as conn:
        older = conn.execute(
            "select count(*), count(district_code) from marts.fct_oic_incident "
            "where publication_id = %s",
            (old,),
        ).fetchone()
    assert older == (10, 0)
    # The earlier publication is still the one that was audited, until one of its cells changes.
    rollback(fresh_warehouse, old, "to look at it")
    assert [one.state for one in measure_tables(fresh_warehouse)] == ["ok"]
    ask(
        fresh_warehouse,
        f"update generation.fct_oic_incident__{old} set district_code = 'D2'",
        login="oic_publish",
    )
    assert [one.state for one in measure_tables(fresh_warehouse)] == ["failed"]


def test_a_column_may_become_nullable(fresh_warehouse: Settings) -> None:
    published_after(
        fresh_warehouse, "alter table candidate.fct_product alter column made_on set not null"
    )
    published_after(fresh_warehouse, "update candidate.fct_product set made_on = null")
    assert rows_of(fresh_warehouse, "select count(made_on) from marts.fct_product") == [(0,)]


NOT_ALLOWED = [
        ("alter table candidate.dim_officer drop column role",
         "candidate.dim_officer has no column role, marts.dim_officer has"),
        ("alter table candidate.dim_officer rename column role to post",
         "candidate.dim_officer has no column role, marts.dim_officer has"),
        ("alter table candidate.assurance_measure alter column value type numeric",
         "candidate.assurance_measure.value is numeric, in marts.assurance_measure it is double "
         "precision"),
        ("alter table candidate_public.assurance_measure alter column value type real",
         "candidate_public.assurance_measure.value is real"),
        ('alter table candidate.dim_officer alter column role type text collate "C"',
         "candidate.dim_officer.role is text collate C"),
        ("""
         alter table candidate.fct_product drop constraint fct_product__dbt_tmp_pkey;
         alter table candidate.fct_product alter column made_on set not null;
         alter table candidate.fct_product add primary key (publication_id, product_ref, made_on)
         """, "has the primary key (publication_id, product_ref, made_on)"),
        ("alter table candidate.fct_product drop constraint fct_product__dbt_tmp_pkey",
         "candidate.fct_product has no primary key with publication_id in it"),
        ("drop table candidate.fct_product", "candidate lacks fct_product"),
        ("create table candidate.publication (force_code text, publication_id bigint primary key)",
         "marts.publication is a table of another kind"),
        ("""
         alter table candidate.dim_date add column code text references policy.outside (code)
         """, "candidate.dim_date refers to policy.outside, which is not published with it"),
]  # fmt: skip


def test_a_change_that_the_contract_does_not_allow_changes_nothing(
    fresh_warehouse: Settings, subtests: pytest.Subtests
) -> None:
    ask(fresh_warehouse, "create table policy.outside (code text unique)", login="oic_transform")
    standing = published(fresh_warehouse)
    columns = (
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'marts' order by 1, 2"
    )
    before = rows_of(fresh_warehouse, columns)
    for change, words in NOT_ALLOWED:
        with subtests.test(change):
            with pytest.raises(GateBlocked) as refused:
                # The candidate also has a new column, which would be allowed by itself. Because the
                # build is refused, that column must not be added either.
                published_after(
                    fresh_warehouse,
                    f"alter table candidate.dim_date add column beside text; {change}",
                )
            assert words in refused.value.message
            assert f"publication {standing} stands" in refused.value.message
            assert rows_of(fresh_warehouse, columns) == before


def test_a_new_column_waits_for_a_reader_without_disturbing_it(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = published(fresh_warehouse)
    monkeypatch.setattr(publishing, "PATIENCE_SECONDS", 0.5)
    with as_reader(fresh_warehouse, "bi") as reader:
        reader.execute("select count(*) from marts.dim_officer")
        with pytest.raises(AssuranceError) as refused:
            published_after(
                fresh_warehouse, "alter table candidate.dim_officer add column more text"
            )
        assert f"publication {standing} stands" in refused.value.message
        assert reader.execute("select count(*) from marts.dim_officer").fetchone() == (10,)
    # The reader's transaction has ended, so the same change can be published.
    newer = published_after(
        fresh_warehouse, "alter table candidate.dim_officer add column more text"
    )
    assert rows_of(fresh_warehouse, "select publication_id from marts.dim_officer limit 1") == [
        (newer,)
    ]


def test_a_reader_that_keeps_a_table_is_ended(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader has lifted its limits, so its lock would block the next publication for ever."""
    published(fresh_warehouse)
    monkeypatch.setattr(publishing, "HOLDER_SECONDS", 1.0)
    with as_reader(fresh_warehouse, "bi") as hostile, as_reader(fresh_warehouse, "bi") as reader:
        hostile.execute("set idle_in_transaction_session_timeout = 0")
        hostile.execute("set transaction_timeout = 0")
        hostile.execute("lock table marts.dim_officer in access share mode")
        newer = published_after(
            fresh_warehouse, "alter table candidate.dim_officer add column more text"
        )
        with pytest.raises(psycopg.OperationalError):
            hostile.execute("select 1")
        found = reader.execute("select distinct publication_id from marts.dim_officer").fetchall()
        assert found == [(newer,)]
    with connect(fresh_warehouse) as owner:
        ended = owner.execute("select login, because from limits.ended_session").fetchall()
    assert ended == [("bi_reader", "a transaction kept a published table for more than 00:00:01")]


def test_a_circle_of_foreign_keys_is_refused(fresh_warehouse: Settings) -> None:
    with pytest.raises(GateBlocked, match="round in a circle"):
        published_after(
            fresh_warehouse,
            """
            alter table candidate.dim_officer add foreign key
                (publication_id, force_code, org_unit_code) references candidate.dim_org_unit;
            alter table candidate.dim_org_unit add column officer_key text;
            alter table candidate.dim_org_unit add foreign key
                (publication_id, force_code, officer_key) references candidate.dim_officer;
            """,
        )
