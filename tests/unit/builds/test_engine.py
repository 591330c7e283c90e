"""The engine is chosen by a setting, and what it needs is looked for first."""

from pathlib import Path

import pytest

from oic_assurance.builds import engine
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import SPARK, Settings


@pytest.fixture
def on_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a host whose packages for Spark are there, and whose Java is not."""
    monkeypatch.setattr(engine, "PACKAGES", ("oic_assurance",))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return Settings(tmp_path, tmp_path, f"file://{tmp_path}", "E23000022", engine=SPARK)


def test_without_spark_the_message_says_how_to_install_it(
    on_spark: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PACKAGES", ("oic_assurance", "not_here", "nor_here"))
    with pytest.raises(AssuranceError) as told:
        engine.run_models(on_spark, "daily", ["run"])
    assert told.value.message == (
        "ASSURANCE_ENGINE is spark, but not_here and nor_here cannot be found: run "
        "`make setup-spark` in a checkout."
    )


def test_without_java_the_message_says_what_to_install(on_spark: Settings) -> None:
    with pytest.raises(AssuranceError) as told:
        engine.check_engine(on_spark)
    assert told.value.message == (
        "ASSURANCE_ENGINE is spark, but there is no Java: install Java 17 or later (on Debian: apt "
        "install default-jre-headless), or set JAVA_HOME."
    )


def test_a_java_home_without_java_is_named(
    on_spark: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(AssuranceError, match=f"JAVA_HOME is {tmp_path}, and there is no Java"):
        engine.check_engine(on_spark)
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch()
    engine.check_engine(on_spark)
