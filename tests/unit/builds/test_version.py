"""The fingerprints of rules and policy change only if the content or name of a file changes."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from oic_assurance import __version__
from oic_assurance.builds import version
from oic_assurance.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    project = tmp_path / "dbt_project"
    (project / "seeds").mkdir(parents=True)
    (project / "models").mkdir()
    (project / "seeds" / "policy.csv").write_text("hours\n24\n")
    (project / "models" / "a.sql").write_text("select 1\n")
    version._commit.cache_clear()
    return replace(load_settings(), project_root=tmp_path)


def test_a_changed_rule_changes_both_fingerprints(settings: Settings) -> None:
    before = version.policy_fingerprint(settings), version.project_fingerprint(settings)
    (settings.project_root / "dbt_project" / "seeds" / "policy.csv").write_text("hours\n48\n")
    after = version.policy_fingerprint(settings), version.project_fingerprint(settings)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_changed_model_is_no_changed_policy(settings: Settings) -> None:
    before = version.policy_fingerprint(settings), version.project_fingerprint(settings)
    (settings.project_root / "dbt_project" / "models" / "a.sql").write_text("select 2\n")
    assert version.policy_fingerprint(settings) == before[0]
    assert version.project_fingerprint(settings) != before[1]


def test_rules_are_policy_and_what_lies_between_record_and_figure(settings: Settings) -> None:
    project = settings.project_root / "dbt_project"
    for place in ("models/intermediate", "models/marts", "macros"):
        (project / place).mkdir(parents=True)
    prints = [version.rules_fingerprint(settings)]
    for name in ("seeds/policy.csv", "models/intermediate/a.sql", "macros/b.sql"):
        (project / name).write_text("changed\n")
        prints.append(version.rules_fingerprint(settings))
    assert len(set(prints)) == 4
    (project / "models/marts/c.sql").write_text("select 4\n")
    (project / "models/intermediate/a.yml").write_text("description: other words\n")
    assert version.rules_fingerprint(settings) == prints[-1]


def test_what_dbt_writes_changes_nothing(settings: Settings) -> None:
    before = version.project_fingerprint(settings)
    target = settings.project_root / "dbt_project" / "target"
    target.mkdir()
    (target / "a.sql").write_text("select 3\n")
    assert version.project_fingerprint(settings) == before


def test_without_a_commit_the_package_says_its_version(settings: Settings) -> None:
    assert version.code_version(settings).startswith(f"{__version__}+dbt.")


def test_in_an_image_the_commit_is_the_one_that_it_was_built_from(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(version.COMMIT, "d7b0a5d5a1b2c3d4e5f60718293a4b5c6d7e8f90")
    assert version.code_version(settings).startswith("d7b0a5d5a1b2+dbt.")


def test_with_a_commit_it_is_named(settings: Settings) -> None:
    git = ["git", "-C", str(settings.project_root), "-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout
    assert version.code_version(settings).startswith(f"{head[:12]}+dbt.")
