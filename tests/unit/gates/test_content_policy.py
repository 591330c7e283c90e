"""A page's policy allows its own styles by hash, and forbids scripts and network requests."""

import base64
import hashlib

import pytest

from oic_assurance.gates.content_policy import with_policy

PAGE = """<!doctype html>
<html><head>
<meta charset="utf-8">
<style>p { color: red }</style>
</head>
<body><p>A unit with the name <script>alert(1)</script> <style>p { color: blue }</style></p></body>
</html>
"""


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy_of(page: str) -> dict[str, str]:
    content = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
    return dict(part.split(" ", 1) for part in content.split("; "))


def test_a_report_runs_nothing_and_sends_nothing() -> None:
    policy = policy_of(with_policy(PAGE))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "script-src" not in policy
    assert policy["style-src"] == hash_of("p { color: red }")
    assert "http" not in " ".join(policy.values())


def test_the_policy_stands_before_everything_that_it_governs() -> None:
    lines = with_policy(PAGE).splitlines()
    assert lines[2:5] == [PAGE.splitlines()[2], lines[3], PAGE.splitlines()[3]]
    assert lines[3].startswith("<meta http-equiv=")


def test_a_page_of_the_site_may_run_its_own_scripts() -> None:
    policy = policy_of(with_policy(PAGE, {"script-src": "'self'"}, whole=True))
    assert policy == {"script-src": f"'self' {hash_of('alert(1)')}"}


@pytest.mark.parametrize("page", ["<html></html>", with_policy(PAGE)])
def test_a_page_that_cannot_have_a_policy_is_an_error(page: str) -> None:
    with pytest.raises(ValueError):
        with_policy(page)
