"""A declaration's regular expression is accepted if it is valid. Otherwise the error says why."""

import pytest

from oic_assurance.sources.declarations.patterns import pattern_problem


@pytest.mark.parametrize(
    "pattern",
    ["[0-9]{11}", r"\d{2}[A-Z]+", "[[:alpha:]]+", r"\mword\M", "a(?:b|c)?", "a(?=b)b", "(?<!a)b",
     "[*+]+", r"\++", "(a)\\1", "x{2,255}", r"\{a"],
)  # fmt: skip
def test_a_pattern_of_postgresql_is_accepted(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "empty"),
        ("a(b", "missing )"),
        ("[a", "unterminated"),
        ("*a", "nothing to repeat"),
        ("(?P<year>a)", "PostgreSQL does not know (?P"),
        ("(?i)a", "PostgreSQL does not know (?i)"),
        ("a++", "PostgreSQL does not know ++"),
        ("a{2}+", "PostgreSQL does not know }+"),
        ("a{256}", "at most 255 times"),
        ("***=a", "options"),
    ],
)
def test_an_invalid_pattern_has_a_reason(pattern: str, reason: str) -> None:
    assert reason in (pattern_problem(pattern) or "")
