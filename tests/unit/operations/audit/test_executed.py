"""What lines of the server's log say of a session: forged plans, and the lines of `pgaudit`."""

import json
import time
from typing import Any

import pytest

from oic_assurance.operations.audit.executed import (
    UNKNOWN,
    Names,
    Session,
    line_of,
    relations_in,
)

HIDDEN = 'select * from U&"\\0064im_officer"'
NAMES = Names(
    {("generation", "dim_officer__1"): ("marts", "dim_officer")},
    {"dim_officer": "dim_officer", "position": "position", "batch": "audit.batch"},
    {"position": "position"},
)


HEAD: dict[str, Any] = {"timestamp": "2026-07-09 05:30:01.123 UTC", "user": "bi_reader", "pid": 7}


def read(*messages: str, login: str = "bi_reader", details: str = "") -> list[frozenset[str]]:
    """Return the marts of each statement, according to lines of the log with these messages.

    `details` is the prepared statement that the first line runs.
    """
    session = Session(HEAD | {"user": login, "application_name": "psql"})
    for message in messages:
        detail = {"detail": f"prepare: {details}"} if details else {}
        line = json.dumps({**HEAD, **detail, "message": message}).encode() + b"\n"
        session.read(line_of(line), relations_in(line), {"oic_gate"})
    return [statement.marts(NAMES) for statement in session.all_statements()]


def plan(text: str, *relations: str) -> str:
    """Return the message of a plan, as `auto_explain` writes it."""
    scans = "".join(
        '      {\n        "Node Type": "Seq Scan",\n'
        f'        "Relation Name": {json.dumps(name)},\n'
        f'        "Schema": {json.dumps(schema)},\n        "Alias": "x"\n      }}\n'
        for schema, _, name in (one.partition(".") for one in relations)
    )
    query = json.dumps(text, ensure_ascii=False)
    return f'duration: 0.1 ms  plan:\n{{\n  "Query Text": {query},\n  "Plan": {{\n{scans}  }}\n}}'


def test_a_partition_is_its_mart_and_a_view_is_named_beside_its_tables() -> None:
    text = "select * from position"
    assert read(f"statement: {HIDDEN}", plan(HIDDEN, "generation.dim_officer__1")) == [
        {"dim_officer"}
    ]
    assert read(f"statement: {text}", plan(text, "audit.batch")) == [{"position", "audit.batch"}]
    assert read("statement: select 1", plan("select 1", "pg_catalog.pg_class")) == [frozenset()]
    # Statistics show values of every mart.
    assert read("statement: select 1", plan("select 1", "pg_catalog.pg_statistic")) == [
        {"pg_catalog.pg_statistic"}
    ]


@pytest.mark.parametrize("name", ['odd "name"', "back\\slash", "umlaut ä", "line\nbreak"])
def test_any_name_of_a_relation_is_read(name: str) -> None:
    assert read("statement: select 1", plan("select 1", f"own.{name}")) == [{f"own.{name}"}]


def test_the_text_of_a_statement_cannot_look_like_a_plan() -> None:
    forged = plan("select 2", "marts.dim_date")
    text = f"select 1 /* {forged} */"
    assert read(f"statement: {text}", plan(text, "marts.dim_officer")) == [{"dim_officer"}]
    # The text of a statement that failed is not followed by its own plan.
    assert read(f"statement: {text}", plan("select 3")) == [{UNKNOWN}]


@pytest.mark.parametrize(
    "text",
    ["fetch all from p1", "fetch all from p1 -- c", 'fetch all from "C"', "select 1; select 2",
     "do $$ begin end $$", "begin; fetch all from p1", "copy x to stdout", "grant a to b"],
)  # fmt: skip
def test_what_has_no_plan_is_unknown(text: str) -> None:
    known = ("statement: declare c cursor for select 1", plan("declare c cursor for select 1"))
    assert read(known[0], f"statement: {text}", known[1])[-1] == {UNKNOWN}


def test_the_name_of_a_portal_cannot_look_like_a_text_that_reads_nothing() -> None:
    assert read(f"execute p: begin: {HIDDEN}") == [{UNKNOWN}]
    assert read("execute <unnamed>: begin", "execute s_1/c_1: commit") == []


def test_more_rows_of_a_portal_are_the_same_statement() -> None:
    lines = f"execute s/c: {HIDDEN}", f"execute fetch from s/c: {HIDDEN}"
    assert read(*lines, plan(HIDDEN, "marts.dim_officer")) == [{"dim_officer"}]
    assert read(*lines) == [{UNKNOWN}]


def test_a_prepared_statement_does_not_explain_another_one_in_the_same_text() -> None:
    prepared = "prepare p as select 1"
    assert read(f"statement: execute p; {HIDDEN}", plan(prepared), details=prepared) == [{UNKNOWN}]
    assert read("statement: execute p;", plan(prepared), details=prepared) == [frozenset()]


@pytest.mark.parametrize(
    "text",
    ["begin" + " " * 900_000 + ";x", "fetch a" + " " * 900_000 + "!", " " * 900_000 + "!",
     "declare c " + " " * 900_000 + ";x", "select " + "'" * 900_001, "'{" + '\\"' * 400_000,
     "fetch " + "a " * 400_000 + "!"],
)  # fmt: skip
def test_no_text_takes_the_collector_long(text: str) -> None:
    began = time.process_time()
    assert read(f"statement: {text}", plan("x")) == [{UNKNOWN}]
    assert time.process_time() - began < 5


def test_conditions_are_kept_without_values_and_names_of_the_reader() -> None:
    condition = (
        """(("it's".k = 'Jane''s'::text) AND ("Jane 1".n = 12.5) AND (jane.k = E'a\\\\''b') """
        """AND (dim_officer_1.k = (hashed SubPlan 2).col1) AND (lower(doe$1.j) = "*VALUES*".k))"""
    )
    message = plan("select 1").replace(
        '"Plan": {', f'"Plan": {{\n    "Filter": {json.dumps(condition)}'
    )
    session = Session(HEAD, frozenset(("k", "n", "and", "dim_officer", "lower")))
    session.read(HEAD | {"message": "statement: select 1"}, (), ())
    session.read(HEAD | {"message": message}, (), ())
    (statement,) = session.statements
    assert statement.kind == (
        '(("?".k = ?) AND ("?".n = ?) AND (?.k = ?) '
        'AND (dim_officer_1.k = (hashed SubPlan ?).col1) AND (lower(?.?) = "?".k))'
    )
    assert {"Jane's", "12.5"} <= statement.values.keys()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("alter role current_user set timezone = 'Asia/Tokyo'", "alter role set timezone"),
        ('ALTER USER "Jane" IN DATABASE doe RESET TimeZone', "alter role reset timezone"),
        ("alter role current_user set jane.doe = 'x'", "alter role set ?"),
        ("alter role current_user with password 'secret'", "alter role password"),
    ],
)
def test_what_is_altered_of_a_login_is_named(text: str, kind: str) -> None:
    session = Session(HEAD, frozenset(("timezone", "password")))
    session.read(HEAD | {"message": f"statement: {text}"}, (), ())
    (statement,) = session.statements
    assert statement.kind == kind
    assert "secret" not in statement.values


@pytest.mark.parametrize("text", ["begin", "set a = 1;", "COMMIT", "", ";", "close c", "show all"])
def test_what_reads_nothing_is_left_out(text: str) -> None:
    assert read(f"statement: {text}") == []


def test_a_cursor_is_known_while_it_is_open() -> None:
    declare, fetch = "declare c cursor for select 1", "statement: fetch all from c"
    assert read(f"statement: {declare}", fetch, plan(declare, "marts.dim_officer")) == [
        {"dim_officer"}
    ]
    assert read(f"statement: {declare}", plan(declare), fetch)[-1] == {UNKNOWN}


def test_pgaudit_names_what_a_statement_without_a_plan_has_read() -> None:
    quoted = HIDDEN.replace('"', '""')
    relation = f'AUDIT: SESSION,2,1,READ,SELECT,TABLE,marts.dim_officer,"{quoted}",<not logged>'
    assert read(f"statement: {HIDDEN}", relation) == [{"dim_officer"}]
    # A portal is audited when it is bound, and logged as a statement when it is executed.
    assert read(relation, f"execute p1: {HIDDEN}") == [{"dim_officer"}]
    fetch = "AUDIT: SESSION,3,1,MISC,FETCH,,,fetch all from p1,<not logged>"
    assert read(relation, "statement: fetch all from p1", fetch) == [{"dim_officer"}]
    odd = 'AUDIT: SESSION,4,1,READ,SELECT,TABLE,"own.""a """"b""""""",x,<not logged>'
    assert read("statement: x", odd) == [{'own.a "b"'}]


def test_a_session_of_a_stage_with_another_program_is_seen() -> None:
    came = "connection authorized: user=oic_gate database=warehouse application_name={}"
    assert read(came.format("psql"), login="oic_gate") == [{UNKNOWN}]
    assert read(came.format("psql SSL enabled (protocol=TLSv1.3)"), login="oic_gate") == [{UNKNOWN}]
    assert read(came.format("oic_assurance"), login="oic_gate") == []
    tls = "oic_assurance SSL enabled (protocol=TLSv1.3, cipher=X, bits=256)"
    assert read(came.format(tls), login="oic_gate") == []
    assert read(came.format("psql")) == []
