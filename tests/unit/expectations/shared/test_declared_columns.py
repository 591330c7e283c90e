"""Each rule in a column's declaration becomes an expectation."""

from expectations.catalogue import suites_of
from expectations.shared.declared_columns import column_expectations
from expectations.vocabulary import Expectation
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


def expectations_by_name() -> dict[str, Expectation]:
    source = parse(DECLARED, "stop_search.yml")
    return {
        expectation.name: expectation
        for expectation in column_expectations(source, source.tables[0])
    }


def condition(name: str) -> str:
    return str(expectations_by_name()[name].arguments["condition"])


def test_each_rule_of_a_column_is_an_expectation_and_a_column_without_rules_has_none() -> None:
    assert list(expectations_by_name()) == [
        "key_unique",
        "order_well_formed",
        "user_filled",
        "user_listed",
        "at_filled_when_required",
        "at_in_range",
        "at_unambiguous",
        "code_well_formed",
        "before_known",
    ]


def test_only_the_key_can_stop_a_publication() -> None:
    critical = {
        name
        for name, expectation in expectations_by_name().items()
        if expectation.severity == "critical"
    }
    assert critical == {"key_unique"}


def test_reserved_words_and_apostrophes_are_quoted() -> None:
    assert condition("user_listed") == "\"user\" in ('don''t know', 'NONE')"
    assert condition("code_well_formed") == "\"code\" ~ '^(?:it''s|[0-9]+)$'"
    assert condition("order_well_formed") == "\"order\" ~ '^[0-9]{4}$'"
    assert (
        expectations_by_name()["at_filled_when_required"].arguments["where"]
        == "\"user\" in ('NONE')"
    )
    assert "select record.order\n" in expectations_by_name()["key_unique"].arguments["query"]


def test_a_marking_is_expected_if_a_door_is_declared() -> None:
    (suite,) = [s for s in suites_of("landing") if s.dataset == "intelligence/report"]
    (marking,) = [p for p in suite.expectations if p.name == "marking_admitted"]
    assert (marking.severity, marking.dimension) == ("critical", "privacy")
    assert marking.arguments["condition"] == (
        "\"protective_marking\" in ('OFFICIAL', 'OFFICIAL-SENSITIVE')"
    )
    assert dataset("intelligence/report").owner != marking.owner
