"""Handmade candidates with the structure that dbt creates, for tests of publication."""

import itertools
from collections.abc import Sequence
from typing import Any

import psycopg

from oic_assurance.builds.candidate import claim
from oic_assurance.builds.record import Build, load_build
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.verdicts import GATES
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.fingerprint import fingerprint_tables
from tests.databases import administrator

FORCE = "E23000022"
AS_AT = "2026-05-01 05:30+01"
CHECKS = ("complete", "unique")

_UNIT = "foreign key (publication_id, force_code, org_unit_code) references candidate.dim_org_unit"
_OFFICER = "foreign key (publication_id, force_code, officer_key) references candidate.dim_officer"

# For each table: its columns, its key column, and its foreign keys. All tables also have
# `force_code` and `publication_id`, which are the first columns of every primary key.
_MARTS: dict[str, tuple[str, str, list[str]]] = {
    "dim_date": ("date_day date not null, month_start date", "date_day", []),
    "dim_org_unit": (
        "org_unit_code text not null, parent_code text, org_unit_name text, kind text",
        "org_unit_code",
        ["foreign key (publication_id, force_code, parent_code) references candidate.dim_org_unit"],
    ),
    "dim_officer": (
        "officer_key text not null, role text, org_unit_code text",
        "officer_key",
        [],
    ),
    "dim_recommendation": (
        "recommendation_code text not null, point_code text, title text, status text",
        "recommendation_code",
        [],
    ),
    "assurance_position": (
        "point_code text not null, as_at timestamptz, status text, numerator bigint, "
        "denominator bigint, value double precision, ci_low double precision, "
        "ci_high double precision, deadline date, source_status text, caveat text, "
        "verdict_cause text",
        "point_code",
        [],
    ),
    "assurance_measure": (
        "measure_code text not null, period_start date not null, org_unit_code text not null, "
        "numerator bigint, denominator bigint, value double precision",
        "measure_code, period_start, org_unit_code",
        [_UNIT],
    ),
    "assurance_exception": (
        "exception_code text not null, record_ref text not null, org_unit_code text, "
        "officer_key text, exception_key text, point_code text, opened_at timestamptz, "
        "age_days bigint, age_band text",
        "exception_code, record_ref",
        [_UNIT, _OFFICER],
    ),
    "fct_nccu_referral": (
        "referral_ref text not null, contacted_at timestamptz, org_unit_code text, "
        "officer_key text, hours_to_submission double precision, report_urn text",
        "referral_ref",
        [_UNIT, _OFFICER],
    ),
    "fct_oic_incident": (
        "occurrence_ref text not null, reported_at timestamptz",
        "occurrence_ref",
        [],
    ),
    "fct_intelligence_report": (
        "report_urn text not null, officer_key text, is_graded_validly boolean",
        "report_urn",
        [_OFFICER],
    ),
    "fct_training_requirement": (
        "officer_key text not null, requirement_code text not null, org_unit_code text, "
        "is_complete boolean, completed_on date",
        "officer_key, requirement_code",
        [_UNIT, _OFFICER],
    ),
    "sign_off_reopening": (
        "recommendation_code text not null, round integer, cause text, words text",
        "recommendation_code",
        [],
    ),
    "board_action": ("action_ref text not null, status text", "action_ref", []),
    "board_log_question": ("question_ref text not null, status text", "question_ref", []),
    "fct_plan_strand": ("strand text not null, is_met boolean", "strand", []),
    "data_quality_status": (
        "dataset text not null, dimension text not null, verdict text",
        "dataset, dimension",
        [],
    ),
    "source_freshness": (
        "dataset text not null, last_record_at timestamptz, last_landed_at timestamptz, "
        "due_by timestamptz, verdict text, reason text",
        "dataset",
        [],
    ),
    "restatement": ("measure_code text not null, value_before numeric(12,4)", "measure_code", []),
    "fct_product": ("product_ref text not null, made_on date", "product_ref", []),
}
_PUBLIC: dict[str, tuple[str, str, list[str]]] = {
    "assurance_position": (
        "point_code text not null, as_at timestamptz, status_on date, status text, "
        "answer_code text, is_suppressed boolean, figures_from date, figures_to date, "
        "numerator bigint, denominator bigint, value double precision, target double precision, "
        "policy_confirmed boolean, second_reading text, second_numerator bigint, "
        "second_denominator bigint, second_value double precision, deadline date, "
        "days_to_deadline integer, "
        "status_at_deadline text, source_status text, records_left_out_at_most bigint, "
        "files_left_out bigint",
        "point_code",
        [],
    ),
    "assurance_measure": (
        "measure_code text not null, point_code text, period_start date not null, "
        "org_unit_code text not null, is_suppressed boolean, numerator bigint, "
        "denominator bigint, value double precision",
        "measure_code, period_start, org_unit_code",
        [],
    ),
    "assurance_period": (
        "measure_code text not null, point_code text, period_start date not null, "
        "period_end date, org_unit_code text not null, numerator bigint, denominator bigint, "
        "value double precision",
        "measure_code, period_start, org_unit_code",
        [],
    ),
}
TABLES = [("candidate", name) for name in _MARTS] + [("candidate_public", name) for name in _PUBLIC]
_SUFFIX = itertools.count(1)


def open_build(
    settings: Settings,
    *,
    purpose: str = "daily",
    prefix: str = "",
    as_at: str = AS_AT,
    makes_current: bool = False,
) -> Build:
    """Record a new run and its build. Return the build."""
    with connect(settings, role="oic_transform") as conn:
        row = conn.execute(
            """
            insert into audit.build (
                run_id, as_at, known_batch_id, purpose, schema_prefix, input_fingerprint,
                code_version
            )
            values (gen_random_uuid()::text, %s, 7, %s, %s, 'inputs', '0.1.0')
            returning build_id, run_id
            """,
            (as_at, purpose, prefix),
        ).fetchone()
        assert row is not None
        conn.execute(
            "insert into audit.run (run_id, as_at, makes_current) values (%s, %s, %s)",
            (row[1], as_at, makes_current),
        )
    return load_build(settings, row[0])


def make_candidates(settings: Settings, build: Build, *, scale: int = 1, salt: str = "") -> None:
    """Drop all candidate tables and make them again for a build.

    Like dbt, this creates a table under another name and then renames it. Each table gets ten times
    `scale` rows. With another `salt`, the rows have other values.
    """
    script = ["drop schema if exists candidate, candidate_public cascade"]
    for schema, specs in (("candidate", _MARTS), ("candidate_public", _PUBLIC)):
        script.append(f"create schema {schema}")
        for name, spec in specs.items():
            script += _making(schema, name, spec)
            script.append(_filling(schema, name, spec[0], build.build_id, scale, salt))
    with claim(settings, build.build_id), connect(settings, role="oic_transform") as conn:
        conn.execute("; ".join(script))


def audit(settings: Settings, build: Build, *, verdict: str = "passed") -> None:
    """Record that a build was checked: its required checks, their results, and the gates' verdicts.

    Also records the fingerprints of the checked tables.
    """
    with administrator(settings) as conn:
        _record_tables(conn, "tested_table", build)
        _record_checks(conn, build, GATES[:-1], verdict)
        conn.execute(
            "update audit.build set finished_at = clock_timestamp() where build_id = %s",
            (build.build_id,),
        )
    with connect(settings, role="oic_gate") as conn:
        _record_tables(conn, "table_fingerprint", build)
        _record_checks(conn, build, GATES[-1:], verdict)


def _record_tables(conn: psycopg.Connection, record: str, build: Build) -> None:
    for schema in ("candidate", "candidate_public"):
        for name, found in fingerprint_tables(conn, schema).items():
            conn.execute(
                f"""
                insert into audit.{record} (
                    build_id, schema_name, table_name, rows, fingerprint
                )
                values (%s, %s, %s, %s, %s)
                on conflict (build_id, schema_name, table_name)
                do update set rows = excluded.rows, fingerprint = excluded.fingerprint
                """.encode(),
                (build.build_id, schema, name, found.rows, found.fingerprint),
            )


def _record_checks(
    conn: psycopg.Connection, build: Build, stages: Sequence[str], verdict: str
) -> None:
    for stage in stages:
        suite = "" if stage == "dbt" else "suite"
        for check in CHECKS:
            conn.execute(
                "insert into audit.due_check (build_id, stage, suite, expectation) "
                "values (%s, %s, %s, %s) on conflict do nothing",
                (build.build_id, stage, suite, check),
            )
            conn.execute(
                "insert into audit.expectation_result "
                "(build_id, stage, suite, expectation, severity, success) "
                "values (%s, %s, 'suite', %s, 'critical', true)",
                (build.build_id, stage, check),
            )
        conn.execute(
            """
            insert into audit.gate (build_id, stage, verdict, suites, expectations, failed)
            values (%s, %s, %s, 1, %s, 0)
            on conflict (build_id, stage) do update set
                verdict = excluded.verdict, finished_at = clock_timestamp()
            """,
            (build.build_id, stage, verdict, len(CHECKS)),
        )


def audited_build(
    settings: Settings,
    *,
    scale: int = 1,
    salt: str = "",
    as_at: str = AS_AT,
    makes_current: bool = False,
) -> Build:
    """Make candidate tables, and record that they were checked. Return their build."""
    build = open_build(settings, as_at=as_at, makes_current=makes_current)
    make_candidates(settings, build, scale=scale, salt=salt)
    audit(settings, build)
    return build


def as_reader(settings: Settings, name: str, *, autocommit: bool = False) -> psycopg.Connection:
    """Connect with the URL of a reader's login, as a BI tool does."""
    return psycopg.connect(url(settings, name), autocommit=autocommit)


def published(settings: Settings, **options: Any) -> int:
    """Make a build as `audited_build` does, and publish it. Return the publication's number."""
    return publish(settings, audited_build(settings, **options)).publication_id


def _making(schema: str, name: str, spec: tuple[str, str, list[str]]) -> list[str]:
    columns, key, references = spec
    to_itself = [line for line in references if line.endswith(f"{schema}.{name}")]
    lines = [
        "force_code text not null",
        "publication_id bigint not null",
        columns,
        f"primary key (publication_id, force_code, {key})",
        *(line for line in references if line not in to_itself),
    ]
    draft = f"{schema}.{name}__dbt_tmp"
    return [
        f"create table {draft} ({', '.join(lines)})",
        # As with dbt, the index has a new name in every build.
        f"create index index_{next(_SUFFIX):032x} on {draft} (force_code)",
        f"alter table {draft} rename to {name}",
        *(f"alter table {schema}.{name} add {line}" for line in to_itself),
        f"comment on table {schema}.{name} is 'About {name}.'",
        f"comment on column {schema}.{name}.force_code is 'ONS police force area code.'",
    ]


def _filling(schema: str, name: str, columns: str, build_id: int, scale: int, salt: str) -> str:
    """Return a statement that inserts ten times `scale` rows into a table."""
    values = {
        "text": f"'{salt}' || i",
        "date": "date '2025-01-01' + i",
        "timestamptz": "timestamptz '2026-01-01 00:00+00' + i * interval '1 minute'",
        "boolean": "i % 2 = 0",
        "bigint": "i",
        "integer": "i",
        "double": "i / 3.0",
        "numeric(12,4)": "i / 7.0",
    }
    # Foreign keys must be valid, so every fact refers to one of the first units and officers.
    special = {
        "org_unit_code": "'U' || i" if name == "dim_org_unit" else "'U' || (1 + (i - 1) % 5)",
        "officer_key": "'K' || i" if name == "dim_officer" else "'K' || (1 + (i - 1) % 10)",
        "requirement_code": "'R' || i",
        "parent_code": "'U1'",
        **({"verdict": "'fresh'"} if name == "source_freshness" else {}),
    }
    typed = dict(column.split()[:2] for column in columns.split(", "))
    expressions = [special.get(column, values[type_]) for column, type_ in typed.items()]
    return (
        f"insert into {schema}.{name} (force_code, publication_id, {', '.join(typed)}) "
        f"select '{FORCE}', {build_id}, {', '.join(expressions)} "
        f"from generate_series(1, {10 * scale}) as i"
    )
