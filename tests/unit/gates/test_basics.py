"""What follows from the columns of a declaration, column by column."""

from expectations.basics import basics
from expectations.catalogue import suites_of
from expectations.vocabulary import Promise
from oic_assurance.sources.declarations.load import dataset, parse

DECLARED = """\
dataset: stop/search
description: Stops and searches.
kind: file
place: {folder: stop/search, file: search_YYYYMMDD.csv, format: csv}
delivery: full
classification: law_enforcement
owner: Stop and search board
retention: {years: 6, basis: Reviewed after six years}
tables:
  - name: search
    description: One search
    key: [order]
    columns:
      order: {type: text, required: true, digits: 4, description: The search.}
      user: {type: text, required: true, codes: ["don't know", NONE], description: On whose word.}
      at: {type: timestamptz, required_when: {user: [NONE]}, description: When it was.}
      code: {type: text, pattern: "it's|[0-9]+", description: What it came to.}
      before: {type: text, refers_to: search.order, description: The search before it.}
      persons: {type: integer, description: How many were searched.}
"""


def following() -> dict[str, Promise]:
    source = parse(DECLARED, "stop_search.yml")
    return {promise.name: promise for promise in basics(source, source.tables[0])}


def condition(name: str) -> str:
    return str(following()[name].arguments["condition"])


def test_each_rule_of_a_column_is_a_promise_and_a_column_without_rules_has_none() -> None:
    assert list(following()) == [
        "key_unique", "order_well_formed", "user_filled", "user_listed", "at_filled_when_due",
        "at_in_range", "at_unambiguous", "code_well_formed", "before_known",
    ]  # fmt: skip


def test_only_the_key_can_stop_a_publication() -> None:
    critical = {name for name, promise in following().items() if promise.severity == "critical"}
    assert critical == {"key_unique"}


def test_names_that_sql_keeps_for_itself_and_apostrophes_are_no_trouble() -> None:
    assert condition("user_listed") == "\"user\" in ('don''t know', 'NONE')"
    assert condition("code_well_formed") == "\"code\" ~ '^(?:it''s|[0-9]+)$'"
    assert condition("order_well_formed") == "\"order\" ~ '^[0-9]{4}$'"
    assert following()["at_filled_when_due"].arguments["among"] == "\"user\" in ('NONE')"
    assert "select record.order\n" in following()["key_unique"].arguments["query"]


def test_a_marking_is_expected_where_a_door_is_declared() -> None:
    (suite,) = [s for s in suites_of("landing") if s.dataset == "intelligence/report"]
    (marking,) = [p for p in suite.promises if p.name == "marking_admitted"]
    assert (marking.severity, marking.dimension) == ("critical", "privacy")
    assert marking.arguments["condition"] == (
        "\"protective_marking\" in ('OFFICIAL', 'OFFICIAL-SENSITIVE')"
    )
    assert dataset("intelligence/report").owner != marking.owner
