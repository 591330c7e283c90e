"""The engine is chosen by a setting, and what it needs is looked for first."""

from pathlib import Path

import pytest

from oic_assurance.builds import engine
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import SPARK, Settings


def test_without_spark_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PACKAGES", ("oic_assurance", "not_here", "nor_here"))
    settings = Settings(tmp_path, tmp_path, f"file://{tmp_path}", "E23000022", engine=SPARK)
    with pytest.raises(AssuranceError) as told:
        engine.run_models(settings, "daily", ["run"])
    assert told.value.message == (
        "ASSURANCE_ENGINE is spark, but not_here and nor_here cannot be found: run "
        "`make setup-spark`."
    )


def test_postgresql_is_given_the_command_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def run_dbt(*arguments: object) -> list[object]:
        given.extend(arguments)
        return []

    monkeypatch.setattr(engine, "run_dbt", run_dbt)
    settings = Settings(tmp_path, tmp_path, f"file://{tmp_path}", "E23000022")
    assert engine.run_models(settings, "restate", ["run"]) == []
    assert given == [settings, "restate", ["run"]]
